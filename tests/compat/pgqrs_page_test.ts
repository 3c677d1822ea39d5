// deno-lint-ignore-file explicit-function-return-type -- what steps return is inferred, as on the page
// Every snippet of the page of pgqrs, translated, at work.
import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import { Admin, type PyWorkflow, step, StepStatus, workflow, WorkflowStatus } from "../../src/compat/mod.ts";
import { type FakeContext, TransientStepError } from "../../src/steps/mod.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { runPage } from "./support.ts";

Deno.test({
  name: "pgqrs-python-workflows: all 21 snippets, and its 3 outputs",
  ignore: onEmbedded,
  fn: async (t) => {
    await using database = await freshDatabase();
    await using admin = new Admin(database.url, null);
    const lines: string[] = [];
    const print = (...parts: unknown[]): void => void lines.push(parts.map(String).join(" "));
    const printed = (): string[] => lines.splice(0);
    const statusOf = async (ctx: PyWorkflow): Promise<string> => {
      const [row] = await database.sql`select status from rhythm.executions where id = ${ctx.id()}`;
      return row!.status;
    };

    await runPage(t, 21, {
      "Quick start": async () => {
        const myStep = step(async function my_step(_ctx: PyWorkflow, data: string) {
          return await Promise.resolve(`processed_${data}`);
        });
        const myWorkflow = workflow(async function my_workflow(ctx: PyWorkflow, inputData: string) {
          const result = await myStep(ctx, inputData);
          return result;
        });
        await admin.install();
        const ctx = await admin.createWorkflow("my_workflow", "test");
        same(await myWorkflow(ctx, "test"), "processed_test");
      },

      "@step: signature": async () => {
        // Arguments after the context may be several, and any JSON.
        const stepName = step(
          async function step_name(_ctx: PyWorkflow, ...args: (number | { by: string })[]) {
            return await Promise.resolve(args);
          },
        );
        const signature = workflow("signature", async (ctx) => await stepName(ctx, 1, { by: "keyword" }));
        equal([stepName.name, await signature(await admin.createWorkflow(signature))], [
          "step_name",
          [1, { by: "keyword" }],
        ]);
      },

      "@step: example": async () => {
        const httpClient = {
          get: (path: string) => Promise.resolve({ id: Number(path.slice(7)), name: "Ada" }),
        };
        const fetchUser = step(async function fetch_user(_ctx, userId: number) {
          print(`Fetching user ${userId}`);
          return await httpClient.get(`/users/${userId}`);
        });
        const processUser = step(function process_user(_ctx, user: { id: number; name: string }) {
          return { id: user.id, name: user.name.toUpperCase(), processed: true };
        });
        const users = workflow(async function users(ctx, id: number) {
          return await processUser(ctx, await fetchUser(ctx, id));
        });
        const ctx = await admin.createWorkflow(users, 7);
        equal(await users(ctx), { id: 7, name: "ADA", processed: true });
        equal(await users(ctx), { id: 7, name: "ADA", processed: true });
        equal(printed(), ["Fetching user 7"]);
      },

      "Step ID": async () => {
        const transform = step(function transform(_ctx, data: string) {
          print(data);
          return data.toUpperCase();
        });
        const dedup = workflow(async function dedup(ctx, _data: string) {
          const result1 = await transform(ctx, "hello");
          const result2 = await transform(ctx, "world"); // skipped
          return [result1, result2];
        });
        equal(await dedup(await admin.createWorkflow(dedup, "x")), ["HELLO", "HELLO"]);
        equal(printed(), ["hello"]);
      },

      "@workflow: signature": async () => {
        // One input, not several: an object or an array carries more.
        const named = workflow(
          async function workflow_name(_ctx: PyWorkflow, input: { a: number; b: number }) {
            return await Promise.resolve(input.a + input.b);
          },
        );
        same(await named(await admin.createWorkflow("workflow_name", { a: 1, b: 2 })), 3);
      },

      "@workflow: example": async () => {
        const stepOne = step(function step_one(_ctx, data: string) {
          return `step1_${data}`;
        });
        const stepTwo = step(function step_two(_ctx, data: string) {
          return `step2_${data}`;
        });
        const myPipeline = workflow(async function my_pipeline(ctx, input: string) {
          const result1 = await stepOne(ctx, input);
          const result2 = await stepTwo(ctx, result1);
          return result2;
        });
        const ctx = await admin.createWorkflow("my_pipeline", "x");
        same(await myPipeline(ctx, "x"), "step2_step1_x");
        same(await statusOf(ctx), WorkflowStatus.SUCCESS);
      },

      "Creating a workflow": async () => {
        const ctx = await admin.createWorkflow("my_workflow", "some data");
        match(`Workflow ID: ${ctx.id()}`, /^Workflow ID: [0-9a-f-]{36}$/);
        // The methods: start(), success(output), fail(error)
        await ctx.start();
        same(await statusOf(ctx), WorkflowStatus.RUNNING);
        await ctx.success("done");
        same(await statusOf(ctx), WorkflowStatus.SUCCESS);
        const failing = await admin.createWorkflow("my_workflow", "more data");
        await failing.start();
        await failing.fail("no");
        same(await statusOf(failing), WorkflowStatus.ERROR);
      },

      "Low-level step access": async () => {
        const process = (data: string): string => {
          if (data === "bad") throw new Error("cannot process it");
          return data.split("").reverse().join("");
        };
        async function manualStep(ctx: PyWorkflow, data: string): Promise<string> {
          const stepResult = await ctx.acquireStep<string>("my_manual_step");
          if (stepResult.status === StepStatus.SKIPPED) return stepResult.value;
          const { guard } = stepResult;
          try {
            const result = process(data);
            await guard.success(result);
            return result;
          } catch (error) {
            await guard.fail(String(error));
            throw error;
          }
        }
        const ctx = await admin.createWorkflow("by_hand", "abc");
        await ctx.start();
        equal([await manualStep(ctx, "abc"), await manualStep(ctx, "xyz")], ["cba", "cba"]);
        await ctx.success();
        const bad = await admin.createWorkflow("by_hand", "bad");
        await bad.start();
        await rejects(manualStep(bad, "bad"), /cannot process it/);
        await rejects(manualStep(bad, "good"), /cannot process it/);
        await bad.fail("bad");
      },

      "Connection": async () => {
        await using basic = new Admin(database.url, null);
        await using withSchema = new Admin(database.url, "custom_schema");
        await basic.install();
        await withSchema.install();
        const [found] = await database.sql`select to_regnamespace('custom_schema') is not null as there`;
        same(found!.there, true);
      },

      "Admin: example": async () => {
        await admin.install(); // idempotent
        const ctx = await admin.createWorkflow("data_pipeline", "input_data");
        equal([ctx.name, ctx.input], ["data_pipeline", "input_data"]);
      },

      "Complete example": async () => {
        const validateInput = step(function validate_input(_ctx, data: string) {
          print(`[validate] Checking: ${data}`);
          if (data === "") throw new Error("Empty input");
          return { valid: true, data, length: data.length };
        });
        const transformData = step(function transform_data(_ctx, validated: { data: string }) {
          print(`[transform] Processing: ${JSON.stringify(validated)}`);
          const { data } = validated;
          return { original: data, transformed: data.toUpperCase(), doubled: data.repeat(2) };
        });
        const saveResult = step(async function save_result(_ctx, transformed: { transformed: string }) {
          print(`[save] Storing: ${JSON.stringify(transformed)}`);
          await Promise.resolve(); // await asyncio.sleep(0.1)
          return `Saved: ${transformed.transformed}`;
        });
        const dataPipeline = workflow(async function data_pipeline(ctx, rawData: string) {
          print(`[workflow] Starting with: ${rawData}`);
          const validated = await validateInput(ctx, rawData);
          const transformed = await transformData(ctx, validated);
          const result = await saveResult(ctx, transformed);
          print(`[workflow] Completed: ${result}`);
          return result;
        });
        const ctx = await admin.createWorkflow("data_pipeline", "hello world");
        print(`Created workflow: ${ctx.id()}`);
        const result = await dataPipeline(ctx, "hello world");
        print(`Final result: ${result}`);
        // Output
        equal(printed().map((line) => line.replace(ctx.id(), "1")), [
          "Created workflow: 1",
          "[workflow] Starting with: hello world",
          "[validate] Checking: hello world",
          `[transform] Processing: {"valid":true,"data":"hello world","length":11}`,
          `[save] Storing: {"original":"hello world","transformed":"HELLO WORLD","doubled":"hello worldhello world"}`,
          "[workflow] Completed: Saved: HELLO WORLD",
          "Final result: Saved: HELLO WORLD",
        ]);
      },

      "Step errors": async () => {
        const riskyStep = step(function risky_step(_ctx, data: string) {
          if (data === "bad") throw new RangeError("Invalid data");
          return `ok_${data}`;
        });
        const errorDemo = workflow(async function error_demo(ctx, data: string) {
          try {
            return await riskyStep(ctx, data);
          } catch (error) {
            if (!(error instanceof RangeError)) throw error;
            print(`Step failed: ${error.message}`);
            throw error; // marks the workflow as failed
          }
        });
        const ctx = await admin.createWorkflow(errorDemo, "bad");
        await rejects(errorDemo(ctx, "bad"), RangeError);
        same(await statusOf(ctx), WorkflowStatus.ERROR);
        same(await errorDemo(await admin.createWorkflow(errorDemo, "good"), "good"), "ok_good");
        equal(printed(), ["Step failed: Invalid data"]);
      },

      "Workflow errors": async () => {
        const mayFail = workflow(function may_fail(_ctx, data: string) {
          if (data === "crash") throw new Error("Workflow crashed");
          return "success";
        });
        const ctx = await admin.createWorkflow(mayFail, "crash");
        try {
          await mayFail(ctx, "crash");
        } catch {
          print(await statusOf(ctx));
        }
        equal(printed(), [WorkflowStatus.ERROR]);
      },

      "Terminal error state": async () => {
        const check = step(function check(_ctx, data: string) {
          print("runs");
          throw new Error(`${data} is not good`);
        });
        const final = workflow(async function final(ctx, data: string) {
          return await check(ctx, data);
        });
        const ctx = await admin.createWorkflow(final, "bad_data");
        await final(ctx, "bad_data").catch(() => {});
        await final(ctx, "bad_data").catch((error) => print(`Step is terminal: ${error.message}`));
        equal(printed(), ["runs", "Step is terminal: bad_data is not good"]);
      },

      "Crash recovery": async () => {
        let crashOnStepTwo = true;
        const stepOne = step(function step_one(_ctx, data: string) {
          print("[step_one] Executing");
          return `s1_${data}`;
        });
        const stepTwo = step(function step_two(_ctx, data: string) {
          print("[step_two] Executing");
          if (crashOnStepTwo) {
            crashOnStepTwo = false;
            throw new TransientStepError("Crash!"); // an error of any other class is kept: see "Terminal error state"
          }
          return `s2_${data}`;
        });
        const crashDemo = workflow(async function crash_demo(ctx, data: string) {
          const r1 = await stepOne(ctx, data);
          const r2 = await stepTwo(ctx, r1);
          return r2;
        });
        const ctx = await admin.createWorkflow("crash_demo", "test");
        await crashDemo(ctx, "test").catch((error) => print(error));
        // Run 1
        equal(printed(), ["[step_one] Executing", "[step_two] Executing", "TransientStepError: Crash!"]);
        print(`Result: ${await crashDemo(ctx, "test")}`);
        // Run 2
        equal(printed(), ["[step_two] Executing", "Result: s2_s1_test"]);
      },

      "1. Unique step functions": () => {
        const good = [
          step(function fetch_user_profile(_ctx, _userId: string) {}),
          step(function fetch_user_orders(_ctx, _userId: string) {}),
        ];
        equal(good.map(({ name }) => name), ["fetch_user_profile", "fetch_user_orders"]);
      },

      "2. JSON-serializable returns": async () => {
        const getData = step(function get_data() {
          return { id: 1, name: "test" };
        });
        const getTimestamp = step(function get_timestamp() {
          return new Date(0); // becomes text: JSON has no dates
        });
        const getMap = step(function get_map() {
          return new Map([["id", 1]]);
        });
        const returns = workflow(async function returns(ctx) {
          const stored = [await getData(ctx), await getTimestamp(ctx)];
          return [...stored, await getMap(ctx).catch((error) => error.name)];
        });
        const expected = [{ id: 1, name: "test" }, "1970-01-01T00:00:00.000Z", "JsonError"];
        equal(await returns(await admin.createWorkflow(returns)), expected);
      },

      "3. Idempotent external calls": async () => {
        const keys = new Set<string>();
        const notificationService = {
          send: (_userId: string, key: string) => Promise.resolve(keys.add(key)),
        };
        const sendNotification = step(async function send_notification(ctx, userId: string) {
          await notificationService.send(userId, `workflow-${ctx.id()}-notify-${userId}`);
          return "sent";
        });
        const notify = workflow(async function notify(ctx, userId: string) {
          return await sendNotification(ctx, userId);
        });
        const ctx = await admin.createWorkflow(notify, "u1");
        equal([await notify(ctx), [...keys]], ["sent", [`workflow-${ctx.id()}-notify-u1`]]);
      },

      "4. Error boundaries": async () => {
        class PermanentError extends Error {}
        let isOpen = false;
        const externalCall = (data: string): string => {
          if (!isOpen) throw new TransientStepError("503");
          if (data === "bad") throw new PermanentError("404");
          return data;
        };
        const robustStep = step(function robust_step(_ctx, data: string) {
          try {
            return { success: true, data: externalCall(data) };
          } catch (error) {
            if (!(error instanceof PermanentError)) throw error; // again on the next run
            return { success: false, error: error.message };
          }
        });
        const robust = workflow(async function robust(ctx, data: string) {
          return await robustStep(ctx, data);
        });
        const ctx = await admin.createWorkflow(robust, "bad");
        await rejects(robust(ctx), TransientStepError);
        isOpen = true;
        equal(await robust(ctx), { success: false, error: "404" });
        equal(await robust(await admin.createWorkflow(robust, "good")), { success: true, data: "good" });
      },

      "Unit testing steps": async () => {
        const processData = step(function process_data(_ctx, data: string) {
          return data.toUpperCase();
        });
        const testWf = workflow(async function test_wf(ctx, data: string) {
          return `${await processData(ctx, data)}!`;
        });
        const stored: unknown[] = [];
        const mockCtx: FakeContext = {
          acquireStep: () => ({
            status: StepStatus.EXECUTE,
            guard: { success: (value) => stored.push(value), fail: () => {} },
          }),
        };
        // The underlying logic without durability
        same(await processData.function(mockCtx, "test"), "TEST");
        equal(stored, []);
        same(await testWf.function(mockCtx, "test"), "TEST!");
        equal(stored, ["TEST"]);
      },

      "Integration testing": async () => {
        await using container = await freshDatabase({ engine: "absent" });
        const shout = step(function shout(_ctx, data: string) {
          return data === "input" ? "expected" : data;
        });
        const myWorkflow = workflow("test_wf", async (ctx, data: string) => await shout(ctx, data));
        await using db = new Admin(container.url, null);
        await db.install();
        const ctx = await db.createWorkflow("test_wf", "input");
        same(await myWorkflow(ctx, "input"), "expected");
      },
    });
  },
});
