// Every snippet of the pages of the Python SDK of Rhythm, translated, at work.
import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import { WaitTimeoutError } from "../../mod.ts";
import {
  type Application,
  cancelExecution,
  client,
  type ExecutionFilters,
  ExecutionStatus,
  ExecutionType,
  getExecution,
  init,
  InitBuilder,
  listExecutions,
  queueExecution,
  queueTask,
  queueWorkflow,
  run,
  startWorkflow,
  task,
  waitForExecution,
  Worker,
} from "../../src/compat/mod.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { quietly, runPage } from "./support.ts";

const ONBOARD = `return await Signal.when("manager-approval")`;
const ORDER = `return { ...Inputs, done: true }`;
const flows = [
  { name: "onboard_user", source: ONBOARD },
  { name: "processOrder", source: ORDER },
  { name: "daily_report", source: `return Inputs.orgId` },
  { name: "broken", source: `throw new RangeError("no")` },
];

const sent: unknown[] = [];
const sendEmail = task(function send_email({ to, subject }: { to: string; subject?: string }): string {
  sent.push(to);
  return `${subject} to ${to}`;
});
// @task(name="submit-report")
const submitReport = task({ name: "submit-report" }, (inputs: { reportId: string }) => {
  return { status: "success", id: inputs.reportId };
});
const tasks = [sendEmail, submitReport];

Deno.test({
  name: "rhythm-client-api: all 6 snippets",
  ignore: onEmbedded,
  fn: async (t) => {
    await using database = await freshDatabase();
    await using directory = await flowDirectory({ "onboard.flow": ONBOARD });
    const path = `${directory.path}/onboard.flow`;
    let rhythm: Application | undefined;
    let executionId = "";
    await runPage(t, 6, {
      "Initializing the client": async () => {
        rhythm = await new InitBuilder()
          .databaseUrl(database.url)
          .autoMigrate(true)
          .workflows([{ name: "onboard_user", source: await Deno.readTextFile(path), filePath: path }])
          .init();
        const flow = (await rhythm.rhythm.flows.list()).find(({ name }) => name === "onboard_user");
        same(flow?.name, "onboard_user");
        await rhythm.close();
        rhythm = await quietly({ databaseUrl: database.url, flows });
      },
      "Immediate execution": async () => {
        executionId = await rhythm!.executionService.createExecution({
          execType: "workflow", // or "task"
          targetName: "onboard_user",
          queue: "default",
          inputs: { userId: "123", plan: "pro" },
        });
        match(executionId, /^[0-9a-f-]{36}$/);
      },
      "Scheduled execution": async () => {
        const runAt = new Date(Date.now() + 24 * 60 * 60 * 1000);
        const id = await rhythm!.schedulerService.scheduleExecution({
          execType: "workflow",
          targetName: "daily_report",
          queue: "reports",
          inputs: { orgId: "abc" },
          runAt,
        });
        const { runAt: stored, queue } = (await rhythm!.executionService.getExecution(id))!;
        equal([stored, queue], [runAt, "reports"]);
      },
      // await Signal.when("name"): that is the flow.
      "Signaling workflows": async () => {
        await rhythm!.signalService.sendSignal({
          workflowId: executionId,
          signalName: "manager-approval",
          payload: { approved: true, approver: "admin" },
          queue: "default",
        });
        await rejects(
          rhythm!.signalService.sendSignal({ workflowId: "exec_abc123", signalName: "manager-approval" }),
          { name: "ExecutionNotFoundError" },
        );
      },
      "Retrieving a single execution": async () => {
        const { executionService } = rhythm!;
        same(await executionService.getExecution("exec_abc123"), null);
        const failing = await startWorkflow("broken");
        await using worker = rhythm!.rhythm.worker();
        const working = worker.run();
        const told: string[] = [];
        for (const id of [executionId, failing]) {
          await waitForExecution(id);
          const execution = (await executionService.getExecution(id))!;
          if (execution.status === "completed") told.push(`Result: ${JSON.stringify(execution.output)}`);
          else if (execution.status === "failed") told.push(`Error: ${JSON.stringify(execution.output)}`);
        }
        await worker.stop();
        await working;
        same(told[0], `Result: {"approved":true,"approver":"admin"}`);
        match(told[1]!, /^Error: \{.*"message":"no"/);
      },
      "Querying executions": async () => {
        const filters: ExecutionFilters = {
          targetName: "onboard_user",
          status: ExecutionStatus.RUNNING,
          limit: 10,
        };
        equal(await rhythm!.executionService.queryExecutions(filters), []);
        const done = { ...filters, status: ExecutionStatus.COMPLETED };
        const [one] = await rhythm!.executionService.queryExecutions(done);
        // The execution object
        const { id, type, targetName, status, inputs, output, createdAt, completedAt } = one!;
        equal([id, type, targetName, status], [executionId, "workflow", "onboard_user", "completed"]);
        equal([inputs, output], [{ userId: "123", plan: "pro" }, { approved: true, approver: "admin" }]);
        equal([createdAt instanceof Date, completedAt instanceof Date], [true, true]);
      },
    });
    await rhythm?.close();
  },
});

Deno.test({
  name: "rhythm-sdk-overview: all 6 snippets",
  ignore: onEmbedded,
  fn: async (t) => {
    await using database = await freshDatabase();
    await using directory = await flowDirectory({ "onboard_user.flow": ONBOARD });
    let app: Application | undefined;
    let executionId = "";
    let taskId = "";
    await runPage(t, 6, {
      // pip install rhythm
      "Installation": async () => {
        const { name, exports } = JSON.parse(
          await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
        );
        equal([name, exports["./compat"]], ["@rhythm/core", "./src/compat/mod.ts"]);
      },
      "Initialization": async () => {
        app = await init({
          databaseUrl: database.url,
          autoMigrate: true,
          workflows: [{ name: "onboard_user", filePath: `${directory.path}/onboard_user.flow` }],
        });
        await app.close();
        app = await quietly({ databaseUrl: database.url, flows, tasks });
      },
      "Starting an execution": async () => {
        executionId = await client.workflows.run("onboard_user", { user_id: 123 }, "default");
        taskId = await client.tasks.run("send_email", { to: "user@example.com", body: "Welcome!" });
        const { inputs, attempt, status } = (await getExecution(executionId))!;
        equal([inputs, attempt, status], [{ user_id: 123 }, 0, "pending"]);
      },
      "Sending signals": async () => {
        await client.signals.send({
          workflowId: executionId,
          signalName: "manager-approval",
          payload: { approved: true, approver: "admin" },
        });
      },
      "Registering tasks": async () => {
        equal([submitReport.name, await submitReport({ reportId: "r1" })], [
          "submit-report",
          { status: "success", id: "r1" },
        ]);
      },
      "Running the worker": async () => {
        const working = new Worker("default").run();
        const workflow = await waitForExecution(executionId);
        const { status, type } = await waitForExecution(taskId);
        equal([workflow.output, workflow.type, status, type], [
          { approved: true, approver: "admin" },
          ExecutionType.WORKFLOW,
          ExecutionStatus.COMPLETED,
          ExecutionType.TASK,
        ]);
        await app!.close();
        await working;
      },
    });
    await app?.close();
  },
});

Deno.test({
  name: "rhythm-python-api: all 15 snippets",
  ignore: onEmbedded,
  fn: async (t) => {
    await using database = await freshDatabase({ engine: "absent" });
    await using directory = await flowDirectory({ "a/first.flow": ORDER, "b/second.flow": ORDER });
    const [a, b] = [`${directory.path}/a`, `${directory.path}/b`];
    let app: Application | undefined;
    let orderId = "";
    const ids: string[] = [];
    await runPage(t, 15, {
      "Basic initialization": async () => {
        // Migrates: log lines say so, as in Python.
        await (await quietly({ databaseUrl: database.url })).close();
        await (await init(database.url)).close();
      },
      "Custom workflow paths": async () => {
        await using rhythm = await init(database.url, [a, b]);
        const names = (await rhythm.rhythm.flows.list()).map(({ name }) => name).sort();
        equal(names, ["first", "second"]);
      },
      "init": async () => {
        await (await init(database.url, undefined, false)).close();
        app = await quietly({ databaseUrl: database.url, flows, tasks });
      },
      "task": () => {
        const slow = task({ queue: "slow" }, function slow(): void {});
        equal([slow.name, slow.definition.options.queue, sendEmail.name], ["slow", "slow", "send_email"]);
      },
      "task, the example": async () => {
        // Direct call
        sent.length = 0;
        same(await sendEmail({ to: "user@example.com", subject: "Hello" }), "Hello to user@example.com");
        equal(sent, ["user@example.com"]);
        // Queue for async execution
        const { id: executionId } = await sendEmail.queue({ to: "user@example.com", subject: "Hello" });
        ids.push(executionId);
      },
      "cancel_execution": async () => {
        const id = await queueTask("send_email", { to: "nobody" });
        equal([await cancelExecution(id), await cancelExecution(id)], [true, false]);
        same(await cancelExecution("exec_abc123"), false);
      },
      "get_execution": async () => {
        same((await getExecution(ids[0]!))?.status, "pending");
        equal([await getExecution("exec_abc123"), await getExecution("")], [null, null]);
      },
      "list_executions": async () => {
        for (const to of ["1", "2", "3"]) await queueTask("send_email", { to }, "listed");
        const inputsOf = async (...args: Parameters<typeof listExecutions>): Promise<unknown[]> =>
          (await listExecutions(...args)).map(({ inputs }) => inputs);
        equal(await inputsOf("listed", "pending", 2, 1), [{ to: "2" }, { to: "1" }]);
        equal((await inputsOf("listed")).length, 3);
        equal(await inputsOf("listed", undefined, 100, 3), []);
      },
      "queue_execution": async () => {
        const parent = await startWorkflow("processOrder", {});
        const child = await queueExecution("task", "send_email", { to: "child" }, "default", parent);
        same((await getExecution(child))?.parentId, parent);
        ids.push(parent, child);
      },
      "queue_task": async () => {
        ids.push(
          await queueTask("send_email", { to: "a" }),
          await queueTask("send_email", { to: "b" }, "default"),
        );
      },
      "queue_workflow": async () => {
        ids.push(await queueWorkflow("processOrder", { orderId: "order-124" }, "default"));
      },
      "start_workflow": async () => {
        ids.push(await startWorkflow("daily_report", { orgId: "abc" }));
      },
      "start_workflow, the example": async () => {
        orderId = await startWorkflow("processOrder", { orderId: "order-123", amount: 99.99 });
      },
      "wait_for_execution": async () => {
        await rejects(waitForExecution(orderId, 0.05, 0.01), WaitTimeoutError);
        await rejects(waitForExecution("exec_abc123"), { name: "ExecutionNotFoundError" });
      },
      "run": async () => {
        const running = run();
        const ended = await waitForExecution(orderId, 60.0, 0.5);
        equal([ended.status, ended.output], ["completed", {
          orderId: "order-123",
          amount: 99.99,
          done: true,
        }]);
        for (const id of ids) same((await waitForExecution(id)).status, "completed");
        await app!.close();
        await running;
      },
    });
    await app?.close();
  },
});

// The four snippets start a database and three programs; tests/examples/quickstart_test.ts runs these programs.
Deno.test("rhythm-quickstart-example: all 4 snippets have a program, and all 4 files of the page", async (t) => {
  const here = new URL("../../examples/quickstart/", import.meta.url);
  const readme = await Deno.readTextFile(new URL("README.md", here));
  const shows = (line: string) => () => same(readme.includes(line), true, `README.md shows: ${line}`);
  await runPage(t, 4, {
    "Start PostgreSQL": shows("createdb rhythm"),
    "Set database URL": shows("export RHYTHM_DATABASE_URL="),
    "Terminal 1: start the worker": shows("deno run -A examples/quickstart/worker.ts"),
    "Terminal 2: schedule work": shows("deno run -A examples/quickstart/scheduler.ts"),
  });
  for (const file of ["tasks.ts", "workflows/process_order.flow", "worker.ts", "scheduler.ts"]) {
    same((await Deno.stat(new URL(file, here))).isFile, true);
  }
});

async function flowDirectory(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "rhythm-compat-" });
  for (const [name, source] of Object.entries(files)) {
    const file = `${path}/${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, source);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
