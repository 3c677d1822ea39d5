import assert from "node:assert/strict";
import { task } from "../../mod.ts";
import { type Program, resumeFlow, type Settled, type Snapshot, startFlow } from "../../src/flow/mod.ts";
import { until } from "../support/until.ts";
import { type TestApp, testApp } from "./support.ts";

const source = `
const started = Date.now();
const luck = [Math.random()];
const fan = async (n) => {
  const got = await Task.run("echo", { n, luck: luck[0] });
  luck.push(Math.random());
  await Timer.delay(0.01 * (n % 3));
  return [got, Date.now() - started, crypto.randomUUID()];
};
const fanned = await Promise.all([1, 2, 3, 4, 5].map(fan));
const line = [];
for (let i = 0; i < 4; i++) line.push((await Task.run("echo", { zebra: i, a: { longer: 1, b: 2 } })).given);
let failure;
try { await Task.run("fail") } catch (error) { failure = { ...error, message: error.message } }
const child = await Workflow.run("child", { of: 1 });
const raced = await Promise.race([Signal.next("never", { timeout: 0.05 }).catch((error) => error.name), Timer.delay(60)]);
const first = await Signal.next("go");
const second = await Signal.next("go");
try {
  await Signal.next("hold");
} finally {
  await Task.run("echo", { last: Math.random() });
  await Signal.next("held");
}`;

const echo = task({ name: "echo" }, (given: { n?: number }) => ({ word: `${given.n}`, given, at: 1 }));
const fail = task({ name: "fail", retry: { maxAttempts: 1 } }, () => {
  throw new TypeError("on purpose");
});

interface Kept {
  step: number;
  moment: string;
  items: string[];
}

/** What the steps of a workflow took, from its journal and from the children whose ends committed with them. */
async function keptSteps({ database }: TestApp, id: string): Promise<Kept[]> {
  return await database.database.query<Kept & Record<string, unknown>>(
    `select j.step, to_json(j.moment) #>> '{}' as moment, to_jsonb(j.items) as items
     from rhythm.journal as j where j.execution_id = $1
     union all
     select c.parent_step, to_json(c.completed_at) #>> '{}', to_jsonb(array[c.id])
     from rhythm.execution as c where c.parent_id = $1 and c.parent_step is not null
     order by step`,
    [id],
  );
}

/** What became of an item, as the language takes it. */
async function settledItem({ database }: TestApp, id: string): Promise<Settled> {
  const [row] = await database.database.query<{ settled: Settled }>(
    `select coalesce(
       (select case e.state when 1 then jsonb_build_object('id', e.id, 'status', 'completed', 'output', coalesce(e.output, 'null'))
          else jsonb_build_object('id', e.id, 'status', 'failed', 'error', e.error
            || jsonb_build_object('executionId', e.id, 'target', e.target, 'attempt', e.attempt)) end
        from rhythm.execution as e where e.id = $1),
       (select case when w.timed_out then jsonb_build_object('id', w.id, 'status', 'failed', 'error',
            jsonb_build_object('type', 'TimeoutError', 'message', format('No signal "%s" came in time', w.name)))
          else jsonb_build_object('id', w.id, 'status', 'completed', 'output', g.payload) end
        from rhythm.signal_wait as w left join rhythm.signal as g on g.id = w.signal_id where w.id = $1),
       (select jsonb_build_object('id', t.id, 'status', 'completed', 'output', null) from rhythm.timer as t where t.id = $1 and t.fired)
     ) as settled`,
    [id],
  );
  assert(row!.settled, `nothing is kept of ${id}`);
  return row!.settled;
}

/** The state of a workflow after its last step, computed anew from program, inputs, seed, journal and what it took. */
async function rebuilt(app: TestApp, id: string): Promise<{ steps: Kept[]; snapshot: Snapshot | undefined }> {
  const [given] = await app.database.database.query<
    {
      program: Program;
      inputs: never;
      seed: string;
      epoch: number;
      queue: string;
      reason: string;
      version: number;
    }
  >(
    `select v.code as program, e.inputs, e.seed::text as seed, coalesce(e.epoch, 0) as epoch, e.queue, e.cancel_reason as reason, v.version
     from rhythm.execution as e join rhythm.workflow_state as s on s.execution_id = e.id
     join rhythm.flow_version as v on v.program = s.program where e.id = $1`,
    [id],
  );
  const { program, inputs, seed, epoch, queue, reason, version } = given!;
  const steps = await keptSteps(app, id);
  const createdAt = new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString();
  const context = {
    ...{ executionId: id, flow: "journaled", version, queue, attempt: 1 },
    ...{ parentId: null, createdAt, metadata: {} },
  };
  let step: ReturnType<typeof startFlow> | undefined;
  for (const [nth, { step: number, moment, items }] of steps.entries()) {
    assert.equal(number, nth + 1, "every step is told once");
    const host = { executionId: id, seed, epoch, step: number, moment: new Date(moment) };
    const settled: Settled[] = [];
    for (const item of items) if (item !== id) settled.push(await settledItem(app, item));
    const cancel = items[0] === id ? reason : undefined;
    step = step === undefined
      ? startFlow(program, { inputs, context }, host)
      : resumeFlow(program, step.snapshot!, settled, host, { cancel });
    assert.equal(Date.parse(step.moment), Date.parse(moment), "a moment is stored as the flow saw it");
  }
  return { steps, snapshot: step?.snapshot };
}

async function stored({ database }: TestApp, id: string): Promise<Snapshot> {
  const [row] = await database.database.query<{ snapshot: Snapshot }>(
    "select s.snapshot from rhythm.workflow_state as s where s.execution_id = $1",
    [id],
  );
  return row!.snapshot;
}

Deno.test("a workflow's state is that which its program computes again from inputs, seed, journal and children", async () => {
  await using app = await testApp({ tasks: [echo, fail] });
  const { flows, workflows, executions, signals } = app.rhythm;
  await flows.register({ name: "child", source: "return await Task.run('echo', Inputs)" });
  await flows.register({ name: "journaled", source });
  app.work();
  const { id } = await workflows.start("journaled", { z: 1, a: 2 });
  const waitsFor = async (name: string, times: number): Promise<void> =>
    await until(async () => {
      const [row] = await app.database.database.query<{ count: number }>(
        `select count(*)::integer as count from rhythm.signal_wait as w join rhythm.workflow_state as s on s.execution_id = w.execution_id
         where w.execution_id = $1 and w.name = $2 and s.batch_id is null`,
        [id, name],
      );
      const [fate] = await app.database.database.query<{ error: unknown; state: number }>(
        "select e.error, e.state from rhythm.execution as e where e.id = $1",
        [id],
      );
      assert.equal(fate!.state, 0, JSON.stringify(fate));
      return row!.count >= times;
    });
  await waitsFor("go", 1);
  await signals.send({ execution: id, name: "go", payload: { n: 1 } });
  await waitsFor("go", 2);
  await signals.send({ execution: id, name: "go", payload: "second" });
  await waitsFor("hold", 1);
  const before = await rebuilt(app, id);
  assert.deepEqual(before.snapshot, await stored(app, id));

  await executions.cancel(id, { reason: "enough" });
  await waitsFor("held", 1);
  const after = await rebuilt(app, id);
  assert.deepEqual(after.snapshot, await stored(app, id));

  // Each end of a task in a line commits with the step that follows: none of these has a row in the journal.
  const [{ rows }] = await app.database.database.query<{ rows: number }>(
    "select count(*)::integer as rows from rhythm.journal where execution_id = $1",
    [id],
  ) as [{ rows: number }];
  assert(rows < after.steps.length, `${rows} rows for ${after.steps.length} steps`);
  const moments = after.steps.map(({ moment }) => Date.parse(moment));
  assert.deepEqual(moments, moments.toSorted());
});
