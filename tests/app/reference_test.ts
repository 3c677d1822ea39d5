// Every name that the reference pages of the Python SDK document, at work under the name it has here.
import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import {
  cancelExecution,
  type ExecutionFilter,
  type ExecutionStatus,
  type ExecutionType,
  getExecution,
  init,
  listExecutions,
  queueExecution,
  queueTask,
  queueWorkflow,
  run,
  scheduleExecution,
  sendSignal,
  startWorkflow,
  task,
  waitForExecution,
} from "../../mod.ts";
import * as steps from "../../src/steps/mod.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";

const sendEmail = task(
  { name: "send_email", queue: "mail" },
  ({ to, subject }: { to: string; subject: string }) => `${subject} to ${to}`,
);

const flows = [
  { name: "onboard_user", source: `return await Signal.when("manager-approval")` },
  { name: "processOrder", source: `return { ...Inputs, done: true }` },
];

Deno.test({
  name: "init, @task, the client functions and a worker do what the reference pages say",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase({ engine: "absent" });
    // rhythm.init(database_url): migrates, and is what the functions use from then on.
    await (await init(database.url)).close();
    await using rhythm = await init({
      databaseUrl: database.url,
      flows,
      tasks: [sendEmail],
      autoMigrate: true,
      log: { level: "silent" },
    });

    // send_email(…), send_email.queue(…)
    const mail = { to: "user@example.com", subject: "Hello" };
    same(await sendEmail(mail), "Hello to user@example.com");
    const queued = await sendEmail.queue(mail);

    // queue_task, queue_workflow, queue_execution, start_workflow
    const named = await queueTask("send_email", mail, { queue: "other" });
    const flow = await queueWorkflow("processOrder", { orderId: "order-123" }, { queue: "orders" });
    const either = await queueExecution({
      type: "task",
      target: "send_email",
      inputs: mail,
      queue: "other",
      parent: flow,
    });
    const started = await startWorkflow("processOrder", { orderId: "order-123", amount: 99.99 });
    const waiting = await startWorkflow("onboard_user", { userId: "123", plan: "pro" });

    // get_execution: the same fields, in camelCase; None is null
    const execution = (await getExecution(either.id))!;
    const { id, type, target, status, inputs, output, attempt, createdAt, completedAt, parentId } = execution;
    equal([id, type, target, status, inputs], [either.id, "task", "send_email", "pending", mail]);
    equal([output, attempt, completedAt, parentId], [null, 0, null, flow.id]);
    same(createdAt instanceof Date, true);
    const nobody = "00000000-0000-7000-8000-000000000000";
    same(await getExecution(nobody), null);

    // list_executions(queue, status, limit), query_executions(filters)
    equal((await listExecutions({ queue: "other", status: "pending", limit: 1 })).map((one) => one.id), [
      either.id,
    ]);
    const filters: ExecutionFilter = { target: "send_email", status: "pending", parent: flow, limit: 10 };
    equal((await rhythm.executions.query(filters)).executions.map((one) => one.id), [either.id]);

    // schedule_execution(run_at), cancel_execution
    const runAt = new Date(Date.now() + 86_400_000);
    const later = await scheduleExecution({
      type: "workflow",
      target: "processOrder",
      inputs: {},
      runAt,
    });
    equal((await getExecution(later))?.runAt, runAt);
    equal([await cancelExecution(later.id), await cancelExecution(later.id)], [true, false]);

    same(await cancelExecution(nobody), false);

    // wait_for_execution: an error for one that does not exist, TimeoutError, and the execution in its final state
    await rejects(waitForExecution(nobody), { name: "ExecutionNotFoundError" });
    await rejects(waitForExecution(started.id, { timeout: 0.05 }), { code: "WAIT_TIMEOUT" });
    const worker = rhythm.worker({ queues: ["default", "mail", "other", "orders"] });
    const running = worker.run();
    const ended = await waitForExecution(started.id, { timeout: 60 });
    equal([ended.status, ended.output], ["completed", { orderId: "order-123", amount: 99.99, done: true }]);
    same(ended.completedAt instanceof Date, true);
    for (const run of [queued, named, either]) {
      same((await waitForExecution(run, { timeout: 60 })).output, "Hello to user@example.com");
    }

    // signal_service.send_signal
    await sendSignal(waiting.id, "manager-approval", { approved: true, approver: "admin" });
    equal((await waitForExecution(waiting)).output, { approved: true, approver: "admin" });
    await worker.stop();
    await running;

    // run(): a worker of the application; it ends with it, as at SIGTERM
    const ran = run({ queues: ["mail"] });
    same((await waitForExecution(await sendEmail.queue(mail), { timeout: 60 })).status, "completed");
    await rhythm.close();
    await ran;
  },
});

Deno.test("the unions hold the names of ExecutionStatus and ExecutionType", () => {
  const statuses: Record<ExecutionStatus, true> = {
    pending: true,
    running: true,
    suspended: true,
    completed: true,
    failed: true,
    cancelled: true,
    frozen: true,
  };
  const types: Record<ExecutionType, true> = { task: true, workflow: true };
  equal([Object.keys(statuses).length, Object.keys(types).length], [7, 2]);
});

Deno.test({
  name: "workflow, step, Admin, acquireStep and StepGuard do what the page of pgqrs says",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase({ engine: "absent" });
    let calls = 0;
    const fetchUser = steps.step("fetch_user", (_ctx, id: number) => ({ id, calls: ++calls }));
    const pipeline = steps.workflow("data_pipeline", async (ctx, data: string) => {
      same(ctx instanceof steps.WorkflowContext, true);
      return [data, await fetchUser(ctx, 1), await fetchUser(ctx, 1)];
    });
    await using admin = new steps.Admin(database.url, { schema: "custom" });
    await admin.install();
    const ctx = await admin.createWorkflow("data_pipeline", "hello");
    match(ctx.id(), /^[0-9a-f-]{36}$/);
    equal(await pipeline(ctx, "hello"), ["hello", { id: 1, calls: 1 }, { id: 1, calls: 1 }]);
    same(calls, 1);

    const byHand = await admin.createWorkflow("by_hand", null);
    await byHand.start();
    const first = await byHand.acquireStep("charge");
    same(first.status, "execute");
    if (first.status === "execute") {
      same(first.guard instanceof steps.StepGuard, true);
      await first.guard.success({ paid: true });
    }
    const again = await byHand.acquireStep("charge");
    equal([again.status, again.status === "skipped" && again.value], ["skipped", { paid: true }]);
    await byHand.success("done");
  },
});
