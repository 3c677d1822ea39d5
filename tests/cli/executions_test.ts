import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Rhythm } from "../../mod.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import {
  hasTerminal,
  inTerminal,
  normal,
  Output,
  plain,
  type Ran,
  rhythm,
  rhythmHere,
  start,
} from "./support.ts";
import { until } from "../support/until.ts";

const fixtures = fileURLToPath(new URL("./fixtures", import.meta.url));

interface Worked extends AsyncDisposable {
  database: TestDatabase;
  run: (...args: string[]) => Promise<Ran>;
  /** Runs it, and gives its JSON. */
  json: (...args: string[]) => Promise<Record<string, never> & { [key: string]: unknown }>;
}

/** A database, and `rhythm worker` at work on it. */
async function worked(): Promise<Worked> {
  const database = await freshDatabase();
  const at = ["-d", database.url];
  const worker = start([
    "worker",
    ...at,
    "--flows",
    fixtures,
    "--tasks",
    `${fixtures}/tasks.ts`,
    "--name",
    "w1",
  ]);
  const said = new Output(worker.stderr);
  void new Output(worker.stdout).end();
  await said.until("worker starts");
  const run = (...args: string[]): Promise<Ran> => rhythmHere([...args, ...at]);
  return {
    database,
    run,
    json: async (...args) => JSON.parse((await run(...args, "--json")).out),
    [Symbol.asyncDispose]: async () => {
      worker.kill("SIGTERM");
      equal((await worker.status).code, 0);
      await database[Symbol.asyncDispose]();
    },
  };
}

async function suspended(at: Worked, id: string): Promise<void> {
  await until(async () => {
    const { waits } = await at.json("show", id) as unknown as { waits: { kind: string }[] };
    return waits.some(({ kind }) => kind === "signal");
  });
}

const SUSPENDED = `◌ workflow order suspended created <duration> ago
<id 1>
queue default · attempt 1 of 1 · created <time>

Tree
  ◌ order     suspended <duration>  <id 1>
  └─ ✔ greet  completed <duration>  <id 2>  {"name":"Ada"}

Timeline
  …

Source · order version 1
    8 | console.warn("waiting", who)
    9 |
   10 | async function approval() {
 ▸ 11 |   const answer = await Signal.next("go", { timeout: "7d" })
      |                  ^
   12 |   return answer.ok
   13 | }
   14 |
 ▸ 15 | const ok = await approval()
      |            ^
   16 | if (!ok) throw new RangeError("refused")
   17 | return { greeting, ok }
   18 |

Variables
  the flow, line 15
  who      = "Ada"
  greeting = "Hello, Ada!"
  approval(), line 11
  none

Waits for
  ◌ signal go since <time> (<duration> ago), gives up in <duration> (<time>)

Inputs
  {"who":"Ada"}
`;

Deno.test({
  name: "a workflow from start to end: start, show, logs, list, signal, wait",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const started = await at.run("start", "order", '{"who": "Ada"}', "--metadata", '{"tenant": "acme"}');
    match(started.out, /^[0-9a-f-]{36}\n$/);
    equal([started.code, started.err], [0, ""]);
    const id = started.out.trim();
    await suspended(at, id);

    const screenOf = ({ out }: Ran): string =>
      normal(out).replace(/Timeline\n[^]*?\n\n/, "Timeline\n  …\n\n").replace(/ · metadata .*/, "");
    equal(screenOf(await at.run("show", id)), SUSPENDED);
    if (hasTerminal) equal(screenOf(await inTerminal(["show", id, "-d", at.database.url])), SUSPENDED);

    const past = await at.run("show", id, "--at", "1");
    match(past.out, /^order v1 .* after step 1, .*: suspended\n/);
    equal(past.out, (await at.run("at", id, "1")).out);
    const played = await at.run("show", id, "--replay");
    match(played.out, /^1 of 2: began, started greet\norder v1 [^]*\n\n2 of 2: greet, started signal go\n/);
    equal((await at.run("show", id, "--replay", "--json")).out.trim().split("\n").length, 2);
    if (hasTerminal) {
      const { code, out } = await inTerminal(["show", id, "--replay", "-d", at.database.url], {
        columns: 80,
        type: [["1 of 2", "\x1b[C"], ["2 of 2", "\x1b[D\x1b[F"], ["2 of 2", "\x1b[H"], ["1 of 2", "q"]],
      });
      equal(code, 0);
      match(plain(out), /← → a step · PgUp PgDn ten · Home End · q quits/);
    }

    const gate = await at.run("gate", "set", "order", "--task", "greet", "--metadata", '{"tenant": "b"}');
    equal(gate.out, "gate 1 is set: rhythm gate remove 1\n");
    match((await at.run("gate")).out, /^gate +flow +where[^]*\n *1 +order +before task greet/);
    equal((await at.run("gate", "set", "order")).code, 2);
    equal((await at.run("gate", "remove", "1")).out, "gate 1 is gone\n");
    equal((await at.run("gate", "remove", "1")).code, 1);

    const file = await Deno.makeTempFile();
    equal((await at.run("export", id, "--to", file)).out, `${id} is in ${file}\n`);
    match((await at.run("import", file)).err, /there is an execution/);
    equal((await at.run("import", `${file}x`)).code, 2);
    await Deno.remove(file);

    match(
      (await at.run("explain", id)).out,
      /^It waits in line 11 for signal "go" since [\d: -]+ UTC, until [\d: -]+ UTC\n$/,
    );

    const logs = await at.run("logs", id);
    equal(
      normal(logs.out),
      `<time> info  greet ${(await child(at, id)).slice(-8)}  greeting Ada
<time> warn  order ${id.slice(-8)}  waiting Ada {"line":8,"column":9}
`,
    );
    equal((await at.run("logs", id.slice(-8), "--level", "warn")).out.trim().split("\n").length, 1);

    const listed = await at.run("list", "--metadata", '{"tenant": "acme"}');
    match(
      normal(listed.out),
      /^id +type +target +status +queue +attempt +created +took\n<id 1> +workflow +order +suspended +default +1 +<time>\n$/,
    );
    equal(await at.run("list", "--status", "failed,cancelled"), {
      code: 0,
      out: "",
      err: "no executions match\n",
    });

    const sent = await at.run("signal", id.slice(-8), "go", '{"ok": true}');
    equal([sent.code, sent.out], [0, `signal "go" is sent to ${id}\n`]);
    const waited = await at.run("wait", id, "--timeout", "20s");
    equal([waited.code, waited.out], [
      0,
      `✔ order ${id} completed\n{\n  "ok": true,\n  "greeting": "Hello, Ada!"\n}\n`,
    ]);

    const again = await at.run("signal", id, "go");
    equal([again.code, again.out], [1, ""]);
    match(again.err, /^error: .* is completed\n$/);
  },
});

async function child(at: Worked, id: string): Promise<string> {
  const { executions } = await at.json("list", "--parent", id) as unknown as { executions: { id: string }[] };
  return executions[0]!.id;
}

Deno.test({
  name: "signal --url: prints an address, sends nothing, and refuses what does not belong to it",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    await using rhythm = await Rhythm.init({
      databaseUrl: at.database.url,
      autoMigrate: false,
      log: { level: "silent" },
    });
    await rhythm.flows.register({ name: "waits", source: 'return await Signal.next("a")' });
    const { id } = await rhythm.workflows.start("waits");
    const made = await at.run(
      "signal",
      id,
      "a",
      "--url",
      "https://h.example",
      "--form",
      '{"type": "boolean"}',
    );
    match(made.out, /^https:\/\/h\.example\/signals\/1\.\S+\n$/);
    const address = made.out.trim();
    const read = await (await rhythm.fetch(new Request(address))).json();
    equal([read.status, read.form], ["open", { type: "boolean" }]);
    match(
      String((await at.json("signal", id, "a", "--url", "https://h.example", "--uses", "2")).url),
      /^https/,
    );
    for (
      const wrong of [["--uses", "2"], ["--url", "h.example"], ["--url", "https://h.example", "--key", "k"], [
        ...["1", "--url", "https://h.example"],
      ]]
    ) equal((await at.run("signal", id, "a", ...wrong)).code, 2, wrong.join(" "));
  },
});

Deno.test({
  name: "ask: the answer, a rejection, a time that is over, a workflow that ends without one",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const flow = await Deno.makeTempDir();
    await Deno.writeTextFile(
      `${flow}/quotes.flow`,
      `while (true) {
  const call = await Signal.next("quote")
  if (call.payload === "end") break
  if (call.payload === "moon") call.reject(new RangeError("not for sale"))
  else if (call.payload !== "nothing") call.reply({ price: 250 })
}
`,
    );
    equal((await at.run("flow", "register", flow)).code, 0);
    const id = (await at.run("start", "quotes")).out.trim();
    const answer = await at.run("ask", id.slice(-8), "quote", '"desk"', "--key", "k");
    equal([answer.code, answer.out, answer.err], [0, '{\n  "price": 250\n}\n', ""]);
    const asked = await at.json("ask", id, "quote", '"other"', "--key", "k");
    equal([asked.status, asked.answer, asked.payload], ["answered", { price: 250 }, "desk"]);
    const rejected = await at.run("ask", id, "quote", '"moon"');
    equal([rejected.code, rejected.out], [1, ""]);
    match(rejected.err, /^error: Workflow "quotes" \(.*\) rejected "quote": RangeError: not for sale\n/);
    const late = await at.run("ask", id, "quote", '"nothing"', "--timeout", "200ms");
    equal([late.code, late.out], [5, ""]);
    match(late.err, /^error: Question \d+ had no answer after 0\.2 s of waiting; it stays open\n/);
    const over = await at.run("ask", id, "quote", '"end"');
    equal(over.code, 1);
    match(over.err, /^error: Workflow "quotes" \(.*\) is completed and has not answered "quote"\n/);
    match((await at.run("ask", id, "quote")).err, /^error: .* is completed\n$/);
    match((await at.run("history", id)).out, /question quote/);
    equal((await at.run("ask", id, "quote", "yes")).code, 2);
    await Deno.remove(flow, { recursive: true });
  },
});

Deno.test({
  name: "a failed workflow: its error, and the line it failed at",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const id = (await at.run("start", "order", '{"who": "Ada"}')).out.trim();
    await at.run("signal", id, "go", '{"ok": false}');
    const waited = await at.run("wait", id);
    equal(waited.code, 1);
    match(waited.out, /^✘ order \S+ failed\n {2}RangeError: refused\n {6}at main \(.*order\.flow:16:16\)\n$/);
    const { out } = await at.run("show", id);
    match(out, / ▸ 16 \| if \(!ok\) throw new RangeError\("refused"\)\n {6}\| {16}\^/);
    match(out, /Error\n {2}RangeError: refused\n/);
    const followed = await at.run("show", id, "-f");
    equal(followed.code, 1);

    const paid = (await at.run("start", "pay")).out.trim();
    const told = await at.run("wait", paid);
    const path = `${fixtures}/pay.flow`;
    const stack = [
      ...[`    at async charge (${path}:5:3)`, `    at async main (${path}:7:1)`],
      `Caused by: task "fail" (${await child(at, paid)}): TypeError: no such luck`,
    ].map((line) => `  ${line}\n`).join("");
    match(told.out, /^✘ pay \S+ failed\n {2}TypeError: no such luck\n/);
    ok(told.out.includes(`TypeError: no such luck\n${stack}      at `), told.out);
    const shown = (await at.run("show", paid)).out;
    match(shown, / ▸ 5 \| {3}await Task\.run\("fail"\)\n {5}\| {3}\^\n/);
    ok(shown.includes(`\nError\n  TypeError: no such luck\n${stack}      at `), shown);
    match(shown, /fixtures\/tasks\.ts:\d+:\d+/);

    // Why, in a pipe whole, in a terminal as much as there is room for.
    const failures = await at.run("list", "-s", "failed");
    match(failures.out, /^id .* created +took +why\n/);
    match(failures.out, new RegExp(`\n${paid} .* TypeError: no such luck\n`));
    if (hasTerminal) {
      const narrow = await inTerminal(["list", "-s", "failed", "-d", at.database.url], { columns: 80 });
      match(plain(narrow.out), new RegExp(`\n${paid.slice(-8)} .* TypeError: no such luck\n`));
      ok(plain(narrow.out).split("\n").every((line) => line.length <= 80), narrow.out);
    }

    // A workflow in code: its steps stand where the children of a flow do.
    const invoice = (await at.run("start", "invoice")).out.trim();
    equal((await at.run("wait", invoice)).code, 1);
    match(
      normal((await at.run("show", invoice)).out),
      /\nTree\n {2}✘ invoice +failed +<duration> +<id 1>\n {2}├─ ✔ number +completed +<duration> +step\n {2}├─ ✔ greet +completed +<duration> +<id 2> {2}\{"name":"Ada"\}\n {2}└─ ✘ send +failed +<duration> +step\n/,
    );
    const { steps } = await at.json("show", invoice) as unknown as {
      steps: { name: string; status: string }[];
    };
    equal(steps.map(({ name, status }) => [name, status]), [["number", "completed"], ["send", "failed"]]);
    match(
      normal((await at.run("list", "--parent", invoice.slice(-8))).out),
      /^id +type.*\n +step +send +failed +1 .*\n<id 1> +task +greet +completed .*\n +step +number +completed +1 .*\n$/,
    );
    const listed = await at.json("list", "--parent", invoice, "--status", "failed") as unknown as Record<
      string,
      { name: string }[]
    >;
    equal([listed.executions!.length, listed.steps!.map(({ name }) => name)], [0, ["send"]]);
  },
});

Deno.test({
  name: "queue --wait prints the result, with the exit code of its end",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const good = await at.run("queue", "greet", '{"name": "Ada"}', "--wait");
    equal([good.code, normal(good.out)], [0, '✔ greet <id 1> completed\n"Hello, Ada!"\n']);
    const bad = await at.run("queue", "fail", "--wait");
    equal(bad.code, 1);
    match(normal(bad.out), /^✘ fail <id 1> failed\n {2}TypeError: no such luck\n {6}at .*tasks\.ts/);
    const read = await rhythm(["queue", "greet", "-", "--wait", "--json", "-d", at.database.url], {
      input: '{"name": "Grace"}',
    });
    equal(JSON.parse(read.out).output, "Hello, Grace!");
  },
});

Deno.test({
  name: "change gives what has not begun another queue, priority or time, and refuses what has begun",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const id = (await at.run("queue", "greet", '{"name": "x"}', "--delay", "1h")).out.trim();
    const args = ["--queue", "urgent", "--priority", "7", "--run-at", "2040-01-31T12:00:00Z"];
    equal(await at.run("change", id.slice(-8), ...args), { code: 0, out: `${id} changed\n`, err: "" });
    const { execution } = await at.json("show", id) as unknown as { execution: Record<string, unknown> };
    const { queue, priority, runAt } = execution;
    equal({ queue, priority, runAt }, { queue: "urgent", priority: 7, runAt: "2040-01-31T12:00:00.000Z" });
    equal((await at.run("change", id, "--delay", "0", "--json")).out, `[{"id":"${id}","changed":true}]\n`);
    await at.run("cancel", id);
    const late = await at.run("change", id, "--priority", "1");
    equal([late.code, late.out], [1, ""]);
    match(late.err, /^error: Cannot change execution .*: it is cancelled, and has begun\n/);
  },
});

Deno.test({
  name: "wait, cancel and retry say no with code 1, and what is unknown with code 3",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const id = (await at.run("queue", "greet", '{"name": "x"}', "--delay", "1h")).out.trim();
    const late = await at.run("wait", id, "-t", "100ms");
    equal([late.code, late.out], [5, ""]);
    match(late.err, /^error: Execution ".*" had not ended after 0\.1 s of waiting; it continues\n$/);
    // The last eight digits do, too.
    const end = id.slice(-8);
    equal(await at.run("cancel", end, "--reason", "changed my mind"), {
      code: 0,
      out: `${id} cancelled\n`,
      err: "",
    });
    equal(await at.run("cancel", id), { code: 1, out: `${id} was over already\n`, err: "" });
    equal((await at.run("wait", end)).out, `■ greet ${id} cancelled\n  changed my mind\n`);
    match((await at.run("show", end.toUpperCase())).out, /\n\nCancelled\n {2}changed my mind\n/);
    const { execution } = await at.json("show", id) as unknown as { execution: { cancelReason: string } };
    equal(execution.cancelReason, "changed my mind");
    equal(await at.run("retry", end), { code: 0, out: `${id} goes on\n`, err: "" });
    const twin = `0199c3f2-0000-7000-8000-0000${end}`;
    await at.run("queue", "greet", "--delay", "1h", "--id", twin);
    const both = await at.run("wait", end);
    equal([both.code, both.err], [
      2,
      `error: several executions have ids that end with ${end}\n hint: give the whole id: ${id}, ${twin}\n`,
    ]);
    const none = await at.run("signal", "00000000", "go");
    equal([none.code, none.out], [3, ""]);
    match(none.err, /^error: no execution has an id that ends with 00000000\n hint: /);
    const asks = await at.run("purge", id);
    equal([asks.code, asks.out], [2, ""]);
    match(
      asks.err,
      /^error: purge asks before it removes anything, and nobody can be asked here\n hint: --yes/,
    );
    match(
      (await at.run("purge", id, "--yes")).err,
      /^error: Cannot delete execution .*: it is (pending|running)\n hint: Cancel it first/,
    );
    equal((await at.run("cancel", id)).code, 0);
    equal(await at.run("purge", id, "--yes"), {
      code: 0,
      out: `${id} removed, 1 execution in all\n`,
      err: "",
    });
    equal((await at.run("show", id)).code, 3);
    // Those before the one that fails are told of.
    const other = (await at.run("queue", "greet", "--delay", "1h")).out.trim();
    const unknown = "0199c3f2-0000-7000-8000-000000000001";
    const some = await at.run("cancel", other, unknown, "--json");
    equal([some.code, some.out], [3, `[{"id":"${other}","cancelled":true}]\n`]);
    match(some.err, new RegExp(unknown));

    const nobody = "0199c3f2-0000-7000-8000-000000000000";
    for (
      const args of [["show", nobody], ["wait", nobody], ["logs", nobody], ["cancel", nobody], [
        "retry",
        nobody,
      ]]
    ) {
      const { code, out, err } = await at.run(...args);
      equal([args[0], code, out], [args[0], 3, ""]);
      match(
        err,
        /^error: .*0199c3f2-0000-7000-8000-000000000000.*\n hint: `rhythm list` shows those there are\n$/,
      );
    }
    const noId = await at.run("show", "42");
    equal([noId.code, noId.out], [2, ""]);
    match(noId.err, /^error: <id> must be the id of an execution, or its last 8 digits, not "42"/);
    const noFlow = await at.run("start", "ordre", "{}");
    equal(noFlow.code, 3);
    equal(noFlow.err, 'error: there is no flow "ordre"\n hint: did you mean `order`?\n');
    const noInput = await at.run("start", "order", "{}");
    equal(noInput.code, 2);
    equal(noInput.err, 'error: Cannot start flow "order": inputs.who: is required (required)\n');
  },
});

Deno.test({
  name: "show -f tells each state in a pipe, what a task says of its progress, and ends with it",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const id = (await at.run("queue", "halfway")).out.trim();
    const follower = start(["show", id, "-f", "-d", at.database.url]);
    await follower.stdin.close();
    const out = new Output(follower.stdout);
    void new Output(follower.stderr).end();
    await out.until(`▶ halfway running`);
    for (let looks = 0;; looks++) {
      const { out } = await at.run("show", id);
      if (out.includes("\nProgress\n  40 %\n")) break;
      ok(looks < 50, out);
    }
    await at.run("cancel", id);
    equal((await follower.status).code, 1);
    match(await out.end(), /\n\S+ ■ halfway cancelled\n\n■ task halfway cancelled after /);
  },
});

Deno.test({
  name: "queues, workers, schedules and flow list show what is there",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    // It registers after its first line.
    await until(async () => (await at.run("workers")).out !== "");
    match((await at.run("workers")).out, /^name +running +queues +heartbeat +up for +id\nw1 +0 +default +/);
    const drained = 'worker "w1" takes nothing new and holds nothing: it can be stopped\n';
    equal(await at.run("workers", "drain", "w1", "--reason", "a new machine"), {
      ...{ code: 0, out: drained, err: "" },
    });
    equal(await at.run("workers", "drain", "w1"), {
      ...{ code: 1, out: 'worker "w1" is draining already: it still runs 0\n', err: "" },
    });
    const { out: listed } = await at.run("workers");
    match(listed, /: draining/);
    const id = listed.trim().split(/\s+/).at(-1)!;
    const resumed = JSON.parse((await at.run("workers", "resume", id.slice(-8), "--json")).out);
    equal([resumed.id, resumed.draining, resumed.changed], [id, false, true]);
    const missing = await at.run("workers", "drain", "w2");
    equal([missing.code, missing.err], [
      3,
      'error: there is no worker "w2"\n hint: `rhythm workers` shows those there are\n',
    ]);
    equal(await at.run("queues", "limit", "mail", "--concurrency", "3", "--rate", "10", "--per", "1m"), {
      code: 0,
      out: 'the limits of queue "mail" are set\n',
      err: 'warning: no execution, worker, task, flow or limit has a queue "mail"\n',
    });
    const none = await at.run("queues", "limit", "mail");
    equal([none.code, none.err], [
      2,
      'error: no limit was given for queue "mail"\n hint: `--none` takes all its limits away\n',
    ]);
    equal(await at.run("queues", "pause", "mail"), { code: 0, out: 'queue "mail" is paused\n', err: "" });
    equal(await at.run("queues", "pause", "mial"), {
      code: 0,
      out: 'queue "mial" is paused\n',
      err: 'warning: no execution, worker, task, flow or limit has a queue "mial". Did you mean "mail"?\n',
    });
    const odd = await at.run("queue", "gret", "--queue", "mial", "--delay", "1h");
    equal([odd.code, odd.err], [
      0,
      'warning: no worker that is alive has a task "gret", and none has registered it. Did you mean "greet"?\n',
    ]);
    match(
      (await at.run("show", odd.out.trim())).out,
      /\nIt was delayed until [\d: -]+ UTC\nQueue "mial" is paused since [\d: -]+ UTC by \w+\nNo worker takes from queue "mial"\n/,
    );
    const every = await at.run("schedules", "set", "odd", "@daily", "gret", "--type", "task", "--json");
    equal(JSON.parse(every.err), {
      warning: {
        message:
          'no worker that is alive has a task "gret", and none has registered it. Did you mean "greet"?',
      },
    });
    await at.run("schedules", "remove", "odd");
    equal(
      (await at.run("queues", "limit-key", "mail", "acme", "--weight", "3")).err,
      'warning: no execution of queue "mail" that is ready, delayed or running has the concurrency key "acme"\n' +
        'warning: queue "mail" is not fair: a weight counts only after `rhythm queues limit mail --fair`\n',
    );
    equal((await at.run("queues", "limit-key", "mail", "acme", "--none")).err, "");
    match((await at.run("queues")).out, /\nmail +0 +0 +0 +0 +0 +paused +3 at once, 10 per 1 m\n/);
    equal((await at.run("queues", "resume", "mail")).out, 'queue "mail" goes on\n');
    match(
      (await at.run("flow", "list")).out,
      /^name +version +changed +options +description\ninvoice .*\norder +1 .*Greets, waits/,
    );
    match(
      (await at.run("flow", "versions", "order")).out,
      /^version +state +registered +description\n +1 +current +/,
    );
    equal(
      [(await at.run("flow", "set", "order", "1")).out, (await at.run("flow", "set", "order", "7")).code],
      [
        "new executions of order start on version 1; what runs stays on its version\n",
        3,
      ],
    );

    equal((await at.run("schedules")).err, "there are no schedules: `rhythm schedules set` makes one\n");
    const set = await at.run("schedules", "set", "nightly", "0 2 * * *", "order", '{"who": "Ada"}');
    match(set.out, /^schedule "nightly" is set, next at \d{4}-\d\d-\d\dT02:00:00\.000Z\n$/);
    match((await at.run("schedules")).out, /\nnightly +0 2 \* \* \* +UTC +order +in /);
    match((await at.run("schedules", "trigger", "nightly")).out, /^[0-9a-f-]{36}\n$/);
    equal((await at.run("schedules", "pause", "nightly")).out, 'schedule "nightly" is paused\n');
    equal((await at.run("schedules", "resume", "nightly")).out, 'schedule "nightly" goes on\n');
    equal((await at.run("schedules", "remove", "nightly")).out, 'schedule "nightly" is removed\n');
    await at.run("schedules", "set", "weekly", "@weekly", "order", '{"who": "Ada"}');
    const near = await at.run("schedules", "trigger", "wekly");
    equal([near.code, near.err], [3, 'error: there is no schedule "wekly"\n hint: did you mean `weekly`?\n']);
    const gone = await at.run("schedules", "pause", "nightly");
    equal([gone.code, gone.err], [
      3,
      'error: there is no schedule "nightly"\n hint: `rhythm schedules` shows those there are\n',
    ]);
    const wrong = await at.run("schedules", "set", "x", "61 * * * *", "order");
    equal(wrong.code, 2);
    match(wrong.err, /^error: .*61/);
  },
});

Deno.test({
  name: "--json gives one document, with the fields of the library",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const { id } = await at.json("queue", "greet", '{"name": "x"}') as unknown as { id: string };
    await at.run("wait", id);
    const shown = await at.json("show", id) as unknown as {
      execution: Record<string, unknown>;
      tree: unknown[];
    };
    equal(Object.keys(shown), ["execution", "tree", "steps", "position", "waits", "reasons"]);
    equal([shown.execution.status, shown.execution.output, shown.execution.target], [
      "completed",
      "Hello, x!",
      "greet",
    ]);
    const list = await at.json("list") as unknown as { executions: { id: string }[]; cursor: null };
    equal([list.executions.map((one) => one.id), list.cursor], [[id], null]);
    for (const [command, key] of [["queues", "queues"], ["workers", "workers"], ["schedules", "schedules"]]) {
      ok(Array.isArray((await at.json(command!))[key!]));
    }
    const lines = (await at.run("logs", id, "--json")).out.trim().split("\n").map((line) => JSON.parse(line));
    equal(lines.map((line) => [line.level, line.message, line.target]), [["info", "greeting x", "greet"]]);
  },
});

Deno.test({
  name: "list pages through executions with the cursor that it names",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const ids: string[] = [];
    for (let index = 0; index < 3; index++) {
      ids.push((await at.run("queue", "greet", '{"name": "x"}', "--delay", "1h")).out.trim());
    }
    const first = await at.run("list", "-n", "2");
    equal(first.err, `there are more: add --cursor ${ids[1]}\n`);
    const second = await at.run("list", "-n", "2", "--cursor", ids[1]!.slice(-8));
    equal([second.err, second.out.includes(ids[0]!), second.out.includes(ids[1]!)], ["", true, false]);
  },
});

Deno.test({
  name: "pause and resume: an execution, a flow, everything; list and show say who and why",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const kept = (await at.run("queue", "greet", '{"name": "x"}', "--delay", "1h")).out.trim();
    equal(
      (await at.run("pause", kept, "--flow", "order", "--reason", "look first")).out,
      `${kept} is paused\nflow "order" is paused\n`,
    );
    equal((await at.run("pause", kept)).code, 1);
    match((await at.run("list")).out, /paused by \w+: look first/);
    match((await at.run("show", kept)).out, /\nIt is paused since [\d: -]+ UTC by \w+: look first\n/);
    match(
      normal((await at.run("pause")).out),
      /^paused +name +since +by +why\nflow +order +<time> +\w+ +look first\n$/,
    );
    equal((await at.run("resume", kept, "--flow", "order")).out, `${kept} goes on\nflow "order" goes on\n`);
    equal(await at.run("resume", "--everything"), { code: 1, out: "everything was not paused\n", err: "" });
    equal((await at.run("resume")).code, 2);
    const odd = await at.run("pause", "--task", "gret");
    equal([odd.code, odd.out], [0, 'task "gret" is paused\n']);
    match(odd.err, /^warning: no worker that is alive has a task "gret".* Did you mean "greet"\?\n$/);
    equal((await at.run("pause", "--key", "k")).code, 2);
  },
});

Deno.test({
  name: "history, diff, edit, rewind, fork, and migrate and repair of many: look back, go back, change",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    const dir = await Deno.makeTempDir();
    const file = `${dir}/buy.flow`;
    const text = `let amount = Inputs.amount
await Signal.next("go")
if (amount > 100) throw new RangeError("too much")
return "paid " + amount
`;
    await Deno.writeTextFile(file, text);
    equal((await at.run("flow", "register", file)).code, 0);
    const begin = async (amount: number): Promise<string> => {
      const id = (await at.run("start", "buy", `{"amount": ${amount}}`)).out.trim();
      await suspended(at, id);
      return id;
    };
    const end = async (id: string): Promise<string> => {
      await at.run("signal", id, "go");
      return (await at.run("wait", id, "--timeout", "30s")).out;
    };
    const one = await begin(1);
    match(
      (await at.run("history", one)).out,
      /^step +time +took +started +lines\n *1 +\S+ +began +signal go +– → 2\n$/,
    );
    equal((await at.run("edit", one)).code, 2);
    const plan = "the flow: line 2 → 2\n  amount  1 → 7\n";
    equal((await at.run("edit", one, "--set", "amount=7", "--dry-run")).out, plan);
    equal(
      (await at.run("rewind", one, "1", "--set", "amount=7", "--dry-run")).out,
      `${plan}under way at the step: signal go\n`,
    );
    equal(
      (await at.run("edit", one, "--set", "amount=7", "--note", "agreed")).out,
      `${one} is changed, as step 2\n`,
    );
    const diff = await at.run("diff", one, "1");
    equal([diff.code, diff.out], [1, "the flow: line 2 → 2\n  amount  1 → 7\n"]);
    equal(
      (await at.run("rewind", one, "1", "--set", "amount=8")).out,
      `${one} goes on from step 1, as step 3\n`,
    );
    match((await at.run("history", one)).out, / 2 .* edited by \S+ +.*\n *3 .* rewound by /);
    equal((await at.run("fork", one, "3", "--dry-run")).out, "from step 3: signal go begins again\n");
    const [told, again] = (await at.run("fork", one, "3", "--set", "amount=9")).out.split("\n");
    match(told!, /^[0-9a-f-]{36} goes on from step 3$/);
    equal(again, "signal go begins again");
    const fork = told!.split(" ", 1)[0]!;
    match(await end(one), /"paid 8"/);
    match(await end(fork), /"paid 9"/);
    const parted = await at.run("diff", one, fork);
    equal(parted.code, 1);
    match(parted.out, /^They part at step /);
    equal((await at.run("diff", one, one)).out, "they do the same\n");

    const [waits, fails] = [await begin(2), await begin(200)];
    match(await end(fails), /failed/);
    await Deno.writeTextFile(file, `// Nothing is too much.\n${text.replace("100", "1000")}`);
    equal((await at.run("flow", "register", file)).code, 0);
    const dry = await at.run("operations", "migrate", "-t", "buy", "--dry-run");
    match(dry.out, /1 would be changed[^]*2 +→? *3|sure/);
    match((await at.run("operations", "migrate", "-t", "buy")).out, /: 1 done, of /);
    const repaired = await at.run(
      "operations",
      "repair",
      "-t",
      "buy",
      "-s",
      "failed",
      "--line",
      "3",
      "--set",
      "amount=50",
    );
    match(repaired.out, /: 1 done, of /);
    match((await at.run("wait", fails, "--timeout", "30s")).out, /"paid 50"/);
    match(await end(waits), /"paid 2"/);
    match((await at.run("history", waits)).out, /migrated by /);
    match((await at.run("history", fails)).out, /repaired by /);
    await Deno.remove(dir, { recursive: true });
  },
});

Deno.test({
  name: "operations: a dry run, cancel by filter, list, show, stop",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    for (let nth = 0; nth < 3; nth++) {
      await at.run("queue", "greet", '{"name": "x"}', "--delay", "1h", "--metadata", `{"nth": ${nth}}`);
    }
    const dry = await at.run("operations", "cancel", "-t", "greet", "--metadata", '{"nth": 1}', "--dry-run");
    equal(
      normal(dry.out),
      "cancel <id 1> completed: 1 would be changed, of 3 executions looked at\n",
    );
    equal((await at.run("operations", "cancel")).code, 2);
    const done = await at.json("operations", "cancel", "-t", "greet", "--reason", "enough") as unknown as {
      id: string;
      done: number;
    };
    equal(done.done, 3);
    equal((await at.run("list", "-s", "cancelled")).out.match(/enough/g)?.length, 3);
    const signal = await at.run("operations", "signal", "go", "-t", "greet");
    equal([signal.code, /: 0 done, 3 refused, of 3 executions/.test(signal.out)], [1, true]);
    const shown = await at.run("operations", "show", done.id.slice(-8));
    match(shown.out, /: 3 done, of 3 executions looked at\nexecution +result +at +why\n[0-9a-f-]+ +done/);
    match((await at.run("operations")).out, /cancel \(dry run\) +completed +3 +1 +0 +0/);
    equal((await at.run("operations", "stop", done.id)).out, `${done.id} was not running\n`);
    equal((await at.run("operations", "continue", "00000000")).code, 3);
  },
});

Deno.test({
  name: "failures: list, show, say what is known",
  ignore: onEmbedded,
  fn: async () => {
    await using at = await worked();
    for (let nth = 0; nth < 2; nth++) await at.run("queue", "fail", "{}", "--wait");
    type Kind = { fingerprint: string; count: number };
    let kinds: Kind[] = [];
    await until(async () => {
      kinds = (await at.json("failures") as unknown as { failures: Kind[] }).failures;
      return kinds[0]?.count === 2;
    });
    const { fingerprint } = kinds[0]!;
    match(
      (await at.run("failures", "--state", "new,known")).out,
      /new +fail +2 +2 +·+[▁-█]+ +\S+ +TypeError: no such luck/,
    );
    equal(
      (await at.run("failures", "resolved", fingerprint, "--note", "fixed")).out,
      `${fingerprint} is resolved\n`,
    );
    equal((await at.run("failures", "resolved", fingerprint)).code, 1);
    match(
      (await at.run("failures", "show", fingerprint)).out,
      /came +2 times; 2 failed now\n[^]*state +resolved; set by [^]*note +fixed\n/,
    );
    equal((await at.run("failures", "show", "7")).code, 3);
    equal((await at.run("failures", "--state", "new")).out, "");
    equal(
      (await at.json("list", "--fingerprint", fingerprint) as unknown as { executions: [] }).executions
        .length,
      2,
    );
  },
});
