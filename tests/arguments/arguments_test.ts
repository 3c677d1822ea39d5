// Every function and method that users can call, with every kind of wrong value for every argument.
import { deepStrictEqual as equal } from "node:assert/strict";
import * as core from "../../mod.ts";
import { RhythmError, task } from "../../mod.ts";
import * as compat from "../../src/compat/mod.ts";
import * as flow from "../../src/flow/mod.ts";
import * as cli from "../../src/cli/main.ts";
import * as steps from "../../src/steps/mod.ts";
import * as testing from "../../src/testing/mod.ts";
import manifest from "../../deno.json" with { type: "json" };
import { testApp } from "../app/support.ts";
import { onEmbedded } from "../support/database.ts";
import { optionKinds } from "./start_options.ts";
import { type Argument, type Callable, sweep } from "./sweep.ts";

const start = { ...optionKinds("start"), sql: "something made" } as const;
const defaults = optionKinds("defaults");
const migration = {
  to: "count",
  map: "object",
  accept: "choice",
  set: "object",
  fibre: "count",
  note: "any text",
  dryRun: "boolean",
  by: "any text",
} as const;
const wait = { timeout: "duration", signal: "something made" } as const;
const json = (name: string): Argument => ({ name, kind: "json", optional: true });
const name = (name: string, good = "word"): Argument => ({ name, kind: "name", good });
const options = (members: Argument["members"], good: object = {}): Argument => ({
  name: "options",
  kind: "options",
  good,
  optional: true,
  members,
});
const all = (options: Argument): Argument => ({ ...options, optional: undefined });

/** The methods of an object that users can call. */
function methodsOf(object: object): string[] {
  const prototype = Object.getPrototypeOf(object);
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== "constructor" && typeof value === "function").map(([name]) =>
      name
    );
}

/** The functions of a module; its classes are sweeped by their instances, its errors are made by us. */
function functionsOf(module: object): string[] {
  return Object.entries(module).filter(([, value]) => typeof value === "function" && !isClass(value))
    .map(([name]) => name);
}

function isClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

async function swept(of: string, wanted: readonly string[], table: Record<string, Callable>): Promise<void> {
  const faults: string[] = [];
  for (const [name, callable] of Object.entries(table)) {
    faults.push(...await sweep(`${of}.${name}`, callable));
  }
  equal(faults, []);
  equal(Object.keys(table).sort(), [...wanted].sort(), `the sweep knows what ${of} has`);
}

const nothing = (call: () => unknown): Callable => ({ call, takes: [] });

Deno.test("the application and its services refuse every wrong argument", async () => {
  const greet = task({ name: "greet" }, ({ who }: { who: string }) => `Hello, ${who}`);
  await using app = await testApp({ tasks: [greet] });
  const { rhythm } = app;
  const {
    executions,
    failures,
    flows,
    gates,
    operations,
    queues,
    schedules,
    signals,
    tasks,
    tokens,
    workers,
    workflows,
  } = rhythm;
  const run = await tasks.queue(greet, { who: "Ada" });
  const execution: Argument = { name: "execution", kind: "execution", good: run.id };
  const services: [string, object, Record<string, Callable>][] = [
    ["rhythm", rhythm, {
      pause: { call: rhythm.pause.bind(rhythm), takes: [options({ reason: "any text", by: "any text" })] },
      resume: nothing(() => {}),
      pauses: nothing(() => {}),
      rates: {
        call: rhythm.rates.bind(rhythm),
        takes: [
          options({
            span: "choice",
            since: "moment",
            until: "moment",
            type: "choice",
            target: "name",
            queue: "name",
            total: "boolean",
          }),
        ],
      },
      as: { call: rhythm.as.bind(rhythm), takes: [{ name: "name", kind: "text" }] },
      audit: {
        call: rhythm.audit.bind(rhythm),
        takes: [options({
          ...{ by: "any text", act: "any text", kind: "any text", target: "any text" } as const,
          ...{ before: "count", limit: "count" } as const,
        })],
      },
      adopt: {
        call: rhythm.adopt.bind(rhythm),
        takes: [options({ environment: "any text", upgraded: "boolean" })],
      },
      worker: {
        call: rhythm.worker.bind(rhythm),
        takes: [options({
          queues: "choice",
          concurrency: "count",
          transactionalConcurrency: "count",
          port: "port",
          hostname: "text",
          token: "text",
          grace: "duration",
          lease: "duration",
          name: "text",
          observer: "function",
        })],
      },
      fetch: {
        call: rhythm.fetch.bind(rhythm),
        takes: [
          { name: "request", kind: "something made", good: new Request("http://host/health") },
          options({ basePath: "choice" }),
        ],
      },
      close: nothing(() => {}),
    }],
    ["workflows", workflows, {
      start: {
        call: workflows.start.bind(workflows),
        takes: [name("flow"), json("inputs"), options(start)],
      },
      run: {
        call: workflows.run.bind(workflows),
        takes: [name("flow"), json("inputs"), options({ ...start, wait: "options" })],
      },
      register: {
        call: workflows.register.bind(workflows),
        takes: [{ name: "workflows", kind: "something made" }],
      },
    }],
    ["tasks", tasks, {
      pause: {
        call: tasks.pause.bind(tasks),
        takes: [name("task"), options({ reason: "any text", by: "any text" })],
      },
      resume: { call: tasks.resume.bind(tasks), takes: [name("task")] },
      queue: { call: tasks.queue.bind(tasks), takes: [name("task"), json("inputs"), options(start)] },
      run: {
        call: tasks.run.bind(tasks),
        takes: [name("task"), json("inputs"), options({ ...start, wait: "options" })],
      },
      register: nothing(() => {}),
      queueDeclared: {
        call: (input: never, start: never) => tasks.queueDeclared(greet.definition, input, start),
        takes: [json("inputs"), all(options(start))],
      },
    }],
    ["executions", executions, {
      create: {
        call: executions.create.bind(executions),
        takes: [{
          name: "request",
          kind: "something made",
          good: { type: "task", target: "word" },
          members: { ...start, type: "choice", target: "name", inputs: "json" },
        }],
      },
      createMany: {
        call: executions.createMany.bind(executions),
        takes: [
          { name: "requests", kind: "array", good: [] },
          options({ sql: "something made" }),
        ],
      },
      get: { call: executions.get.bind(executions), takes: [execution] },
      query: {
        call: executions.query.bind(executions),
        takes: [options({
          type: "choice",
          target: "name",
          version: "count",
          line: "count",
          status: "choice",
          queue: "name",
          parent: "execution",
          fingerprint: "something made",
          variables: "something made",
          metadata: "json object",
          createdAfter: "moment",
          createdBefore: "moment",
          limit: "count",
          cursor: "execution",
        })],
      },
      tree: { call: executions.tree.bind(executions), takes: [execution] },
      logs: { call: executions.logs.bind(executions), takes: [execution, options({ after: "choice" })] },
      history: {
        call: executions.history.bind(executions),
        takes: [execution, options({ after: "count", limit: "count" })],
      },
      at: {
        call: executions.at.bind(executions),
        takes: [execution, { name: "when", kind: "count", good: 1 }],
      },
      diff: {
        call: executions.diff.bind(executions),
        takes: [
          execution,
          { name: "from", kind: "count", good: 1 },
          { name: "to", kind: "count", good: 1 },
        ],
      },
      edit: {
        call: executions.edit.bind(executions),
        takes: [execution, {
          name: "changes",
          kind: "something made",
          good: { set: { a: 1 } },
          members: { fibre: "count", set: "object", note: "any text", dryRun: "boolean" },
        }],
      },
      rewind: {
        call: executions.rewind.bind(executions),
        takes: [execution, {
          name: "changes",
          kind: "something made",
          good: { step: 1 },
          members: { step: "count", fibre: "count", set: "object", note: "any text", dryRun: "boolean" },
        }],
      },
      fork: {
        call: executions.fork.bind(executions),
        takes: [execution, {
          name: "changes",
          kind: "something made",
          good: { step: 1 },
          members: {
            ...{ step: "count", fibre: "count", set: "object", note: "any text", dryRun: "boolean" } as const,
            ...{ version: "count", inputs: "json", map: "object", accept: "choice" } as const,
          },
        }],
      },
      migrate: {
        call: executions.migrate.bind(executions),
        takes: [{ name: "filter", kind: "json object", good: { target: "word" } }, options(migration)],
      },
      repair: {
        call: executions.repair.bind(executions),
        takes: [{ name: "filter", kind: "json object", good: { target: "word" } }, {
          name: "options",
          kind: "something made",
          good: { set: { a: 1 } },
          members: { ...migration, then: "choice" },
        }],
      },
      export: { call: executions.export.bind(executions), takes: [execution] },
      import: {
        call: executions.import.bind(executions),
        takes: [{ name: "file", kind: "something made", good: "{}" }, options({ by: "any text" })],
      },
      diffRuns: { call: executions.diffRuns.bind(executions), takes: [execution, execution] },
      checkHistory: { call: executions.checkHistory.bind(executions), takes: [execution] },
      wait: { call: executions.wait.bind(executions), takes: [execution, options(wait)] },
      watch: {
        call: executions.watch.bind(executions),
        takes: [execution, options({ ...wait, every: "duration" })],
      },
      cancel: {
        call: executions.cancel.bind(executions),
        takes: [execution, options({ reason: "any text", sql: "something made" })],
      },
      change: {
        call: executions.change.bind(executions),
        takes: [
          execution,
          {
            name: "to",
            kind: "options",
            members: { queue: "name", priority: "number", delay: "duration", runAt: "moment" },
            good: { priority: 1 },
          },
        ],
      },
      retry: {
        call: executions.retry.bind(executions),
        takes: [execution, options({ sql: "something made" })],
      },
      explain: { call: executions.explain.bind(executions), takes: [execution] },
      pause: {
        call: executions.pause.bind(executions),
        takes: [execution, options({ reason: "any text", by: "any text" })],
      },
      resume: { call: executions.resume.bind(executions), takes: [execution] },
      delete: {
        call: executions.delete.bind(executions),
        takes: [execution, options({ sql: "something made" })],
      },
    }],
    ["gates", gates, {
      list: nothing(() => {}),
      set: {
        call: gates.set.bind(gates),
        takes: [name("flow"), {
          name: "options",
          kind: "options",
          good: { line: 1 },
          members: {
            ...{ line: "count", before: "name", when: "json object" } as const,
            ...{ version: "count", note: "any text", by: "any text" } as const,
          },
        }],
      },
      remove: { call: gates.remove.bind(gates), takes: [{ name: "gate", kind: "count", good: 1 }] },
    }],
    ["workers", workers, {
      list: nothing(() => {}),
      drain: {
        call: workers.drain.bind(workers),
        takes: [{ name: "worker", kind: "id", good: run.id }, options({ reason: "any text" })],
      },
      resume: {
        call: workers.resume.bind(workers),
        takes: [{ name: "worker", kind: "id", good: run.id }],
      },
    }],
    ["tokens", tokens, {
      list: nothing(() => {}),
      create: {
        call: tokens.create.bind(tokens),
        takes: [name("name"), {
          name: "options",
          kind: "options",
          good: { role: "viewer" },
          members: { role: "choice", expiresAt: "moment", metadataOnly: "boolean" },
        }],
      },
      revoke: { call: tokens.revoke.bind(tokens), takes: [name("name")] },
    }],
    ["failures", failures, {
      list: {
        call: failures.list.bind(failures),
        takes: [options({ state: "choice", target: "name", limit: "count" })],
      },
      hooks: nothing(() => {}),
      removeHook: { call: failures.removeHook.bind(failures), takes: [name("name")] },
      setHook: {
        call: failures.setHook.bind(failures),
        takes: [name("name"), {
          name: "hook",
          kind: "options",
          good: { target: "word" },
          members: {
            target: "name",
            type: "choice",
            url: "something made",
            secret: "text",
            event: "choice",
            filter: "json object",
            queue: "name",
            by: "any text",
          },
        }],
      },
      get: { call: failures.get.bind(failures), takes: [{ name: "fingerprint", kind: "something made" }] },
      set: {
        call: failures.set.bind(failures),
        takes: [
          { name: "fingerprint", kind: "something made", good: "1" },
          { name: "state", kind: "choice", good: "known" },
          { name: "words", kind: "options", optional: true, members: { note: "any text", by: "any text" } },
        ],
      },
    }],
    ["operations", operations, {
      start: {
        call: operations.start.bind(operations),
        takes: [{
          name: "request",
          kind: "something made",
          good: { action: "retry", filter: { target: "word" } },
          members: {
            action: "choice",
            filter: "json object",
            reason: "any text",
            change: "parts",
            name: "name",
            payload: "json",
            then: "choice",
            ...migration,
          },
        }],
      },
      places: { call: operations.places.bind(operations), takes: [{ ...execution, name: "operation" }] },
      get: { call: operations.get.bind(operations), takes: [{ ...execution, name: "operation" }] },
      list: nothing(() => {}),
      acts: {
        call: operations.acts.bind(operations),
        takes: [{ ...execution, name: "operation" }, options({ after: "execution", limit: "count" })],
      },
      stop: { call: operations.stop.bind(operations), takes: [{ ...execution, name: "operation" }] },
      resume: { call: operations.resume.bind(operations), takes: [{ ...execution, name: "operation" }] },
      work: { call: operations.work.bind(operations), takes: [{ ...execution, name: "operation" }] },
    }],
    ["signals", signals, {
      send: {
        call: signals.send.bind(signals),
        takes: [
          {
            name: "signal",
            kind: "something made",
            good: { execution: run.id, name: "go" },
            members: { execution: "execution", name: "name", payload: "json" },
          },
          options({ idempotencyKey: "key", sql: "something made" }),
        ],
      },
      ask: {
        call: signals.ask.bind(signals),
        takes: [
          {
            name: "question",
            kind: "something made",
            good: { execution: run.id, name: "go" },
            members: { execution: "execution", name: "name", payload: "json" },
          },
          options({ idempotencyKey: "key", ...wait }),
        ],
      },
      url: {
        call: signals.url.bind(signals),
        takes: [
          {
            name: "wait",
            kind: "something made",
            good: { execution: run.id, name: "go" },
            members: { execution: "execution", name: "name" },
          },
          all(options(
            { at: "choice", expires: "duration", uses: "count or null", form: "object" },
            { at: "https://rhythm.example.com" },
          )),
        ],
      },
      getAsk: { call: signals.getAsk.bind(signals), takes: [{ name: "id", kind: "choice" }] },
      answer: {
        call: signals.answer.bind(signals),
        takes: [{ name: "id", kind: "choice", good: "1" }, {
          name: "the answer to question 1",
          kind: "json",
        }],
      },
      reject: {
        call: signals.reject.bind(signals),
        takes: [{ name: "id", kind: "choice", good: "1" }, { name: "message", kind: "any text", good: "no" }],
      },
    }],
    ["schedules", schedules, {
      set: {
        call: schedules.set.bind(schedules),
        takes: [
          name("name"),
          all(options({
            cron: "text",
            target: "name",
            type: "choice",
            inputs: "json",
            timezone: "text",
            overlap: "choice",
            catchUp: "choice",
            jitter: "duration",
            options: "options",
            sql: "something made",
          }, { cron: "@daily", target: "greet" })),
        ],
      },
      remove: { call: schedules.remove.bind(schedules), takes: [name("name")] },
      pause: { call: schedules.pause.bind(schedules), takes: [name("name")] },
      resume: { call: schedules.resume.bind(schedules), takes: [name("name")] },
      trigger: { call: schedules.trigger.bind(schedules), takes: [name("name")] },
      backfill: {
        call: schedules.backfill.bind(schedules),
        takes: [name("name"), {
          name: "span",
          kind: "something made",
          good: { from: new Date(0), to: new Date(0) },
          members: { from: "moment", to: "moment" },
        }],
      },
      list: nothing(() => {}),
    }],
    ["queues", queues, {
      list: nothing(() => {}),
      pause: {
        call: queues.pause.bind(queues),
        takes: [name("queue"), options({ reason: "any text", by: "any text" })],
      },
      resume: { call: queues.resume.bind(queues), takes: [name("queue")] },
      configure: {
        call: queues.configure.bind(queues),
        takes: [
          name("queue"),
          all(options({
            concurrency: "count",
            perKeyConcurrency: "count",
            rate: "count",
            per: "duration",
            perKeyRate: "count",
            perKeyPer: "duration",
            fair: "choice",
            weights: "json object",
          })),
        ],
      },
      configureKey: {
        call: queues.configureKey.bind(queues),
        takes: [
          name("queue"),
          { name: "key", kind: "key", good: "word" },
          all(options({ concurrency: "count", rate: "count", per: "duration", weight: "count" })),
        ],
      },
      pauseKey: {
        call: queues.pauseKey.bind(queues),
        takes: [
          name("queue"),
          { name: "key", kind: "key", good: "word" },
          options({ reason: "any text", by: "any text" }),
        ],
      },
      resumeKey: {
        call: queues.resumeKey.bind(queues),
        takes: [name("queue"), { name: "key", kind: "key", good: "word" }],
      },
    }],
    ["flows", flows, {
      pause: {
        call: flows.pause.bind(flows),
        takes: [name("flow"), options({ reason: "any text", by: "any text" })],
      },
      resume: { call: flows.resume.bind(flows), takes: [name("flow")] },
      register: { call: flows.register.bind(flows), takes: [flowText, options({ deploy: "name" })] },
      registerAll: {
        call: flows.registerAll.bind(flows),
        takes: [{ name: "flows", kind: "array", good: [] }, options({ deploy: "name" })],
      },
      declareAll: nothing(() => {}),
      check: { call: flows.check.bind(flows), takes: [flowText] },
      list: nothing(() => {}),
      versions: { call: flows.versions.bind(flows), takes: [{ name: "name", kind: "text" }] },
      heat: {
        call: flows.heat.bind(flows),
        takes: [name("name"), options({ version: "count", since: "moment", until: "moment" })],
      },
      setVersion: {
        call: flows.setVersion.bind(flows),
        takes: [{ name: "name", kind: "text", good: "none" }, { name: "version", kind: "count" }],
      },
    }],
    ["run", run, {
      result: { call: run.result.bind(run), takes: [options(wait)] },
      get: nothing(() => {}),
      watch: { call: run.watch.bind(run), takes: [options({ ...wait, every: "duration" })] },
      cancel: { call: run.cancel.bind(run), takes: [{ name: "reason", kind: "any text", optional: true }] },
      signal: { call: run.signal.bind(run), takes: [name("name"), json("payload")] },
      ask: {
        call: run.ask.bind(run),
        takes: [
          name("name"),
          json("payload"),
          options({ idempotencyKey: "key", ...wait }),
        ],
      },
      toString: nothing(() => {}),
      toJSON: nothing(() => {}),
    }],
    ["worker", rhythm.worker(), { run: nothing(() => {}), stop: nothing(() => {}) }],
  ];
  for (const [of, object, table] of services) await swept(of, methodsOf(object), table);
  const faults = await sweep("greet.queue", {
    call: greet.queue,
    takes: [json("inputs"), options(start)],
  });
  equal(faults, []);
});

const flowText: Argument = {
  name: "flow",
  kind: "something made",
  good: { name: "word", source: "return 1" },
  members: { name: "text", source: "any text", path: "text" },
};

Deno.test("the functions of the main entry point refuse every wrong argument", async () => {
  await using app = await testApp();
  const run = await app.rhythm.tasks.queue("word");
  const execution: Argument = { name: "execution", kind: "execution", good: run.id };
  const request = {
    name: "request",
    kind: "something made",
    good: { type: "task", target: "word", runAt: "2100-01-01T00:00:00Z" },
    members: { ...start, type: "choice", target: "name", inputs: "json" },
  } as const satisfies Argument;
  const filter = {
    type: "choice",
    target: "name",
    version: "count",
    line: "count",
    status: "choice",
    queue: "name",
    parent: "execution",
    fingerprint: "something made",
    variables: "something made",
    metadata: "json object",
    createdAfter: "moment",
    createdBefore: "moment",
    limit: "count",
    cursor: "execution",
  } as const;
  await swept("core", [...functionsOf(core), "init of a URL"], {
    cancelExecution: {
      call: core.cancelExecution,
      takes: [execution, { name: "reason", kind: "any text", optional: true }],
    },
    getExecution: { call: core.getExecution, takes: [execution] },
    init: {
      call: core.init,
      takes: [{
        name: "options",
        kind: "options or a url",
        optional: true,
        good: { databaseUrl: "nowhere" },
        members: {
          databaseUrl: "text",
          listenUrl: "text",
          flows: "array",
          tasks: "array",
          workflows: "array",
          autoMigrate: "boolean",
          schema: "text",
          log: "log",
          poolSize: "count",
          token: "text",
          deploy: "name",
          environment: "text",
        },
      }],
    },
    "init of a URL": {
      call: (url: string, given: object) => core.init(url, given),
      takes: [
        { name: "databaseUrl", kind: "options or a url", good: "nowhere", optional: true },
        options({
          databaseUrl: "text",
          listenUrl: "text",
          flows: "array",
          tasks: "array",
          workflows: "array",
          autoMigrate: "boolean",
          schema: "text",
          log: "log",
          poolSize: "count",
          token: "text",
          deploy: "name",
          environment: "text",
        }),
      ],
    },
    listExecutions: { call: core.listExecutions, takes: [options(filter)] },
    queueExecution: { call: core.queueExecution, takes: [request] },
    queueTask: { call: core.queueTask, takes: [name("task"), json("inputs"), options(start)] },
    queueWorkflow: { call: core.queueWorkflow, takes: [name("flow"), json("inputs"), options(start)] },
    startWorkflow: { call: core.startWorkflow, takes: [name("flow"), json("inputs"), options(start)] },
    explainExecution: { call: core.explainExecution, takes: [execution] },
    retryExecution: { call: core.retryExecution, takes: [execution] },
    run: { call: core.run, takes: [{ name: "options", kind: "options", optional: true }] },
    scheduleExecution: { call: core.scheduleExecution, takes: [request] },
    sendSignal: { call: core.sendSignal, takes: [execution, name("name"), json("payload")] },
    waitForExecution: { call: core.waitForExecution, takes: [execution, options(wait)] },
    onShutdown: { call: core.onShutdown, takes: [{ name: "call", kind: "function", optional: true }] },
    createLogger: {
      call: core.createLogger,
      takes: [
        options({
          level: "choice",
          levels: "json object",
          format: "choice",
          write: "function",
          now: "function",
        }),
      ],
    },
    installSql: { call: core.installSql, takes: [options({ schema: "text" })] },
    newId: nothing(() => {}),
    pushTask: {
      call: core.pushTask,
      takes: [{
        name: "options",
        kind: "options",
        good: { name: "word", url: "https://example.org/tasks", secret: "a secret of the tests" },
        members: { ...defaults, name: "name", url: "text", secret: "text" },
      }],
    },
    serveTasks: {
      call: core.serveTasks,
      takes: [{
        name: "options",
        kind: "options",
        good: { tasks: [], secret: "a secret of the tests" },
        members: { tasks: "array", secret: "any text" },
      }],
    },
    task: {
      call: core.task,
      takes: [
        {
          name: "options",
          kind: "options or a function",
          good: { name: "word" },
          members: {
            ...defaults,
            name: "name",
            transactional: "boolean",
            isolate: "boolean",
            batch: "options",
            input: "something made",
          },
        },
        { name: "handler", kind: "function", good: () => 1 },
      ],
    },
  });
});

Deno.test("the forms of the Python SDK refuse every wrong argument", async () => {
  await using app = await testApp();
  const made = new compat.Application(app.rhythm);
  const run = await app.rhythm.tasks.queue("word");
  const id = (name: string): Argument => ({ name, kind: "any text", good: "exec_abc123" });
  const choice = (name: string, good: string): Argument => ({ name, kind: "choice", good });
  const may = (argument: Argument): Argument => ({ ...argument, good: undefined, optional: true });
  const members = {
    execType: "choice",
    targetName: "name",
    queue: "name",
    inputs: "json",
    parentWorkflowId: "execution",
  } as const;
  const good = { execType: "task", targetName: "word" };
  const request: Argument = { name: "request", kind: "something made", good, members };
  const later: Argument = {
    ...request,
    good: { ...good, runAt: "2100-01-01T00:00:00Z" },
    members: { ...members, runAt: "moment" },
  };
  const signal: Argument = {
    name: "request",
    kind: "something made",
    good: { workflowId: run.id, signalName: "go" },
    members: { workflowId: "any text", signalName: "name", payload: "json", queue: "name" },
  };
  const init = {
    databaseUrl: "text",
    workflowPaths: "choice",
    workflows: "array",
    autoMigrate: "boolean",
    tasks: "array",
  } as const;
  const { executionService, schedulerService, signalService } = made;
  const filters = {
    targetName: "name",
    status: "choice",
    parentWorkflowId: "execution",
    queue: "name",
    limit: "count",
    offset: "count",
  } as const;
  const timeout: Argument = { name: "timeout", kind: "duration", good: 1, optional: true };
  // Of the others the sweep is above and below.
  const shared = ["run", "task", "step", "workflow"];
  const own = functionsOf(compat).filter((name) => !shared.includes(name));
  await swept("compat", [...own, "init by position"], {
    init: {
      call: compat.init as Callable["call"],
      takes: [{
        name: "options",
        kind: "options or a url",
        good: { databaseUrl: "nowhere" },
        optional: true,
        members: init,
      }],
    },
    "init by position": {
      call: (...args: never[]) => (compat.init as Callable["call"])("nowhere" as never, ...args),
      takes: [
        { name: "workflowPaths", kind: "choice", optional: true },
        { name: "autoMigrate", kind: "boolean", optional: true },
      ],
    },
    queueTask: { call: compat.queueTask, takes: [name("name"), json("inputs"), may(name("queue"))] },
    queueWorkflow: { call: compat.queueWorkflow, takes: [name("name"), json("inputs"), may(name("queue"))] },
    startWorkflow: { call: compat.startWorkflow, takes: [name("workflowName"), json("inputs")] },
    queueExecution: {
      call: compat.queueExecution,
      takes: [
        choice("execType", "task"),
        name("targetName"),
        json("inputs"),
        may(name("queue")),
        { name: "parentWorkflowId", kind: "execution", optional: true },
      ],
    },
    getExecution: { call: compat.getExecution, takes: [id("executionId")] },
    cancelExecution: { call: compat.cancelExecution, takes: [id("executionId")] },
    listExecutions: {
      call: compat.listExecutions,
      takes: [
        may(name("queue")),
        { name: "status", kind: "choice", optional: true },
        { name: "limit", kind: "count", optional: true },
        { name: "offset", kind: "count", optional: true },
      ],
    },
    waitForExecution: {
      call: compat.waitForExecution,
      takes: [id("executionId"), timeout, { ...timeout, name: "pollInterval" }],
    },
  });
  await swept("executionService", methodsOf(executionService), {
    createExecution: { call: executionService.createExecution.bind(executionService), takes: [request] },
    getExecution: { call: executionService.getExecution.bind(executionService), takes: [id("executionId")] },
    cancelExecution: {
      call: executionService.cancelExecution.bind(executionService),
      takes: [id("executionId")],
    },
    queryExecutions: {
      call: executionService.queryExecutions.bind(executionService),
      takes: [{ name: "filters", kind: "options", good: {}, optional: true, members: filters }],
    },
    waitForExecution: {
      call: executionService.waitForExecution.bind(executionService),
      takes: [{ ...id("executionId"), good: run.id }, options(wait)],
    },
  });
  await swept("schedulerService", methodsOf(schedulerService), {
    scheduleExecution: { call: schedulerService.scheduleExecution.bind(schedulerService), takes: [later] },
  });
  await swept("signalService", methodsOf(signalService), {
    sendSignal: { call: signalService.sendSignal.bind(signalService), takes: [signal] },
  });
  const builder = new compat.InitBuilder();
  await swept("builder", methodsOf(builder), {
    databaseUrl: { call: builder.databaseUrl.bind(builder), takes: [{ name: "databaseUrl", kind: "text" }] },
    autoMigrate: {
      call: builder.autoMigrate.bind(builder),
      takes: [{ name: "autoMigrate", kind: "boolean" }],
    },
    workflows: { call: builder.workflows.bind(builder), takes: [{ name: "workflows", kind: "array" }] },
    tasks: { call: builder.tasks.bind(builder), takes: [{ name: "tasks", kind: "array" }] },
    init: nothing(() => {}),
  });
  const { signals, tasks, workflows } = compat.client;
  equal(
    [
      ...await sweep("client.workflows.run", {
        call: workflows.run,
        takes: [name("name"), json("inputs"), may(name("queue"))],
      }),
      ...await sweep("client.tasks.run", {
        call: tasks.run,
        takes: [name("name"), json("inputs"), may(name("queue"))],
      }),
      ...await sweep("client.signals.send", { call: signals.send, takes: [signal] }),
      ...await sweep("new Worker", {
        call: (queue: string) => new compat.Worker(queue),
        takes: [may(name("queue"))],
      }),
      ...await sweep("new Application", {
        call: (rhythm: never) => new compat.Application(rhythm),
        takes: [{ name: "rhythm", kind: "something made" }],
      }),
      ...await sweep("new Admin", {
        call: (url: string, schema: string) => new compat.Admin(url, schema),
        takes: [
          { name: "databaseUrl", kind: "text or null", good: "memory://", optional: true },
          { name: "schema", kind: "text or null", optional: true },
        ],
      }),
    ],
    [],
  );
  equal(methodsOf(made), ["close"]);
});

Deno.test("the flow language's face refuses every wrong argument", async () => {
  const text = { name: "word.flow", source: "await Timer.delay(5)" };
  const { program } = flow.compileFlow(text);
  const host = { executionId: "1", seed: "7", epoch: 0, step: 1, moment: new Date(0) };
  const context = {
    executionId: "1",
    flow: "word",
    version: 1,
    queue: "default",
    attempt: 1,
    parentId: null,
    createdAt: "2026-01-01T00:00:00.000Z",
    metadata: {},
  };
  const { snapshot } = flow.startFlow(program!, { inputs: {}, context }, host);
  const takes = {
    program: { name: "program", kind: "something made", good: program },
    host: {
      name: "host",
      kind: "something made",
      good: host,
      members: {
        executionId: "any text",
        seed: "any text",
        epoch: "count",
        step: "count",
        moment: "choice",
        pause: "function",
      },
    },
    options: options({ limits: "options", cancel: "any text" }),
    start: {
      name: "start",
      kind: "something made",
      good: { inputs: {}, context },
      members: { inputs: "anything", context: "unread object" },
    },
    snapshot: { name: "snapshot", kind: "unread object", good: snapshot },
    settled: { name: "settled", kind: "array", good: [] },
  } as const satisfies Record<string, Argument>;
  const render: Argument = {
    name: "options",
    kind: "something made",
    good: text,
    members: {
      name: "any text",
      source: "any text",
      colors: "boolean",
      columns: "columns",
    },
  };
  await swept("flow", functionsOf(flow), {
    compileFlow: {
      call: flow.compileFlow,
      takes: [{ ...flowText, good: text, members: { name: "text", source: "any text" } }],
    },
    startFlow: { call: flow.startFlow, takes: [takes.program, takes.start, takes.host, takes.options] },
    resumeFlow: {
      call: flow.resumeFlow,
      takes: [takes.program, takes.snapshot, takes.settled, takes.host, takes.options],
    },
    openFlow: {
      call: flow.openFlow,
      takes: [takes.program, { ...takes.start, name: "from" }, takes.host, takes.options],
    },
    inspectFlow: { call: flow.inspectFlow, takes: [takes.program, takes.snapshot] },
    renderDiagnostic: {
      call: flow.renderDiagnostic,
      takes: [{
        name: "diagnostic",
        kind: "something made",
        good: { code: "F0001", severity: "error", start: 0, end: 1, message: "wrong" },
      }, render],
    },
    renderDiagnostics: {
      call: flow.renderDiagnostics,
      takes: [{ name: "diagnostics", kind: "array", good: [] }, render],
    },
  });
});

Deno.test({
  name: "code-first workflows refuse every wrong argument",
  ignore: onEmbedded,
  fn: async () => {
    await using app = await testApp();
    await using admin = new steps.Admin(app.database.url);
    const ctx = await admin.createWorkflow("word", {});
    await ctx.start();
    const double = steps.step("double", (_ctx, n: number) => n * 2);
    const made = steps.workflow("word", () => 1);
    const stepOptions = { retry: "retry", transactional: "boolean" } as const;
    const acquired = await ctx.acquireStep("by hand");
    const guard = acquired.status === "execute" ? acquired.guard : undefined;
    const fn: Argument = { name: "fn", kind: "function", good: () => 1 };
    await swept("admin", methodsOf(admin), {
      install: nothing(() => {}),
      close: nothing(() => {}),
      createWorkflow: {
        call: admin.createWorkflow.bind(admin),
        takes: [
          name("workflow"),
          json("input"),
          options({
            queue: "name",
            idempotencyKey: "key",
            metadata: "json object",
          }),
        ],
      },
      getWorkflow: { call: admin.getWorkflow.bind(admin), takes: [{ name: "id", kind: "text" }] },
    });
    await swept("ctx", methodsOf(ctx), {
      id: nothing(() => {}),
      start: nothing(() => {}),
      success: { call: ctx.success.bind(ctx), takes: [json("the result")] },
      // Whatever was thrown is a failure.
      fail: nothing(() => {}),
      continueAs: {
        call: (...given: unknown[]) => ctx.continueAs(...given as [unknown?]),
        takes: [json("the inputs")],
      },
      acquireStep: { call: ctx.acquireStep.bind(ctx), takes: [name("name")] },
      step: {
        call: ctx.step.bind(ctx) as Callable["call"],
        takes: [name("name"), { ...all(options(stepOptions)), kind: "options or a function" }, fn],
      },
      sleep: {
        call: ctx.sleep.bind(ctx),
        takes: [{ name: "length", kind: "duration", good: 5 }, options({ key: "wait key" })],
      },
      nextSignal: {
        call: ctx.nextSignal.bind(ctx),
        takes: [name("name"), options({ key: "wait key", timeout: "duration" })],
      },
      tag: {
        call: ctx.tag.bind(ctx) as Callable["call"],
        takes: [{ name: "variables", kind: "something made", good: { a: 1 } }],
      },
      run: {
        call: ctx.run.bind(ctx) as Callable["call"],
        takes: [
          { name: "target", kind: "something made", good: { task: "word" } },
          json("inputs"),
          { ...options(optionKinds("child")), members: undefined },
        ],
      },
    });
    await swept("guard", methodsOf(guard!), {
      success: { call: guard!.success.bind(guard), takes: [json("the result")] },
      fail: nothing(() => {}),
    });
    await swept("steps", functionsOf(steps), {
      step: {
        call: steps.step as Callable["call"],
        takes: [name("name"), { ...all(options(stepOptions)), kind: "options or a function" }, fn],
      },
      workflow: {
        call: steps.workflow as Callable["call"],
        takes: [
          name("name"),
          { ...all(options(defaults)), kind: "options or a function" },
          { name: "code", kind: "function", good: () => 1 },
        ],
      },
    });
    equal(
      [
        ...await sweep("new Admin", {
          call: (url: string, given: object) => new steps.Admin(url, given),
          takes: [
            { name: "databaseUrl", kind: "text or null", good: app.database.url, optional: true },
            options({ schema: "text", lease: "duration", onWarning: "function" }),
          ],
        }),
        ...await sweep("double", {
          call: double as Callable["call"],
          takes: [{ name: "double", kind: "something made" }],
        }),
        ...await sweep("double.with", {
          call: double.with as Callable["call"],
          takes: [{ ...all(options({ key: "wait key" })), kind: "something made", good: { key: 1 } }],
        }),
        ...await sweep("word", {
          call: made as Callable["call"],
          takes: [{ name: "word", kind: "something made" }],
        }),
      ],
      [],
    );
    await ctx.fail("over");
  },
});

Deno.test("the testing kit and the command refuse every wrong argument", async () => {
  const members = { flows: "array", tasks: "array", workflows: "array", log: "log" } as const;
  await swept("testing", functionsOf(testing), {
    fakeTask: {
      call: testing.fakeTask,
      takes: [name("name"), { name: "answer", kind: "function", optional: true }],
    },
    testRhythm: { call: testing.testRhythm, takes: [options(members)] },
  });
  await using app = await testing.testRhythm();
  await swept("app", methodsOf(app), {
    advance: { call: app.advance.bind(app), takes: [{ name: "duration", kind: "duration", good: 0 }] },
    idle: { call: app.idle.bind(app), takes: [options({ timeout: "duration" })] },
  });
  await swept("cli", functionsOf(cli), {
    main: { call: cli.main, takes: [{ name: "args", kind: "array" }] },
  });
});

Deno.test("the sweep knows every entry point", () => {
  equal(Object.keys(manifest.exports), [".", "./flow", "./steps", "./testing", "./compat", "./cli"]);
});

Deno.test("every class of the entry points is an error, or its methods are sweeped", () => {
  const entries = { ...core, ...steps, ...flow, ...compat, ...testing, ...cli };
  const others = Object.entries(entries)
    .filter(([, value]) => isClass(value))
    .filter(([, value]) =>
      value !== RhythmError && !((value as typeof RhythmError).prototype instanceof RhythmError)
    )
    .map(([name]) => name);
  equal(others.sort(), [
    "Admin",
    "AppWorker",
    "Application",
    "ExecutionService",
    "InitBuilder",
    "PyWorkflow",
    "Rhythm",
    "SchedulerService",
    "SignalService",
    "StepGuard",
    "TestRhythm",
    "Worker",
    "WorkflowContext",
  ]);
});
