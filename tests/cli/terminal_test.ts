/** What a person sees: in a pseudo-terminal. */
import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { hasTerminal, inTerminal, normal, plain, project, rhythm, start } from "./support.ts";

const ignore = !hasTerminal || onEmbedded;
const source = await Deno.readTextFile(new URL("./fixtures/order.flow", import.meta.url));
const CTRL_C = "\x03";

async function pending(url: string): Promise<string> {
  const { out } = await rhythm(["queue", "greet", '{"name": "x"}', "--delay", "1h", "-d", url]);
  return out.trim();
}

Deno.test({
  name: "Ctrl-C in the middle of a wait ends it cleanly with code 130; the execution goes on",
  ignore,
  fn: async () => {
    await using database = await freshDatabase();
    const id = await pending(database.url);
    const { code, out } = await inTerminal(["wait", id, "-d", database.url], {
      type: [["waiting for", CTRL_C]],
    });
    equal(code, 130);
    match(
      plain(out),
      new RegExp(`waiting for ${id.slice(-8)} · .* · Ctrl-C stops the waiting, not the execution`),
    );
    ok(!out.includes("rror"), out);
    ok(out.trimEnd().endsWith("\x1b[?25h"), "the cursor is back");
    const shown = await rhythm(["show", id, "--json", "-d", database.url]);
    equal(JSON.parse(shown.out).execution.status, "pending");
  },
});

const WATCHED = `id  type  target  status  queue  attempt  created  took
<id>  task  greet  pending  default  0  <time>
<time> · Ctrl-C ends
^C`;

for (const args of [["list", "--watch"], ["logs", "-f"], ["show", "<id>", "-f"]]) {
  Deno.test({
    name: `Ctrl-C ends rhythm ${args.join(" ")} with code 130, without a word`,
    ignore,
    fn: async () => {
      await using database = await freshDatabase();
      const id = await pending(database.url);
      const called = [...args.map((arg) => arg === "<id>" ? id : arg), "-d", database.url];
      const after = args[0] === "logs" ? "^never^" : args[0] === "list" ? "Ctrl-C ends" : "Inputs";
      const typed = args[0] === "logs" ? undefined : [[after, CTRL_C]] as const;
      const { code, out } = typed === undefined
        ? await interrupted(called, { database, signal: "SIGINT", doing: "%rhythm.logs%" })
        : await inTerminal(called, { type: typed });
      equal(code, 130);
      ok(!/rror|\n\s+at /.test(out), out);
      if (args[0] !== "list") return;
      const told = normal(out).replace(/^[0-9a-f]{8}(?= )/m, "<id>").replaceAll(/ {2,}/g, "  ");
      ok(told.endsWith(WATCHED), told);
    },
  });
}

// `logs -f` prints nothing while nothing is said: a signal from outside, as `kill -INT` sends it.
async function interrupted(
  args: string[],
  { database, signal, doing }: { database: TestDatabase; signal: Deno.Signal; doing: string },
): Promise<{ code: number; out: string }> {
  const child = start(args);
  await child.stdin.close();
  const { sql, name } = database;
  for (let found = false; !found;) {
    const [row] = await sql`select from pg_stat_activity where datname = ${name} and pid <> pg_backend_pid()
      and query ilike ${doing}`;
    found = row !== undefined;
  }
  child.kill(signal);
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test({
  name: "SIGTERM ends a wait with code 143",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase();
    const id = await pending(database.url);
    const args = ["wait", id, "-d", database.url];
    equal(await interrupted(args, { database, signal: "SIGTERM", doing: "listen %" }), {
      code: 143,
      out: "",
    });
  },
});

Deno.test({
  name: "list on a terminal is painted and fits it, in a pipe it is plain and whole",
  ignore,
  fn: async () => {
    await using database = await freshDatabase();
    await rhythm(["queue", "a_task_with_a_name_that_is_far_too_long_for_the_terminal", "-d", database.url]);
    const seen = await inTerminal(["list", "-d", database.url], { columns: 80 });
    ok(plain(seen.out).split("\n").every((line) => line.length <= 80), seen.out);
    match(plain(seen.out), /^id +type +target +status +queue +attempt +created +took\n/);
    // deno-lint-ignore no-control-regex
    match(seen.out, /\x1b\[90mpending/);
    ok(plain(seen.out).trimEnd().split("\n").some((line) => line.includes("…")));
    const piped = await rhythm(["list", "-d", database.url]);
    // deno-lint-ignore no-control-regex
    ok(!/\x1b/.test(piped.out) && piped.out.includes("far_too_long_for_the_terminal"));
    // Whoever may cancel chooses the reason; it must not set the title of another's terminal.
    await database.sql.unsafe(`select rhythm.cancel(rhythm.queue('b'), E'\\x1b]0;mine\\x07')`);
    const grey = await inTerminal(["list", "-d", database.url], { env: { NO_COLOR: "1" } });
    ok(grey.out.includes("\\u001b]0;mine\\u0007"), grey.out);
    // deno-lint-ignore no-control-regex
    ok(!/\x1b/.test(grey.out));
  },
});

const ASKED = `     0 ms    ▶ task greet {"name":"Ada"}
? task "greet" {"name":"Ada"}
  JSON, or ! and a message to let it fail: not json
? task "greet" {"name":"Ada"}
  JSON, or ! and a message to let it fail: "Hi"
     0 ms    ✔ task greet → "Hi"
     0 ms  warn  waiting Ada
     0 ms  ◌ waits for signal go, for 7 d at most
? signal "go" as JSON, or Enter to let time pass: {"ok": true}
     0 ms  ● signal go {"ok":true}
✔ completed
{
  "greeting": "Hi",
  "ok": true
}
`;

Deno.test({
  name: "flow run asks on the terminal what nothing answers, again after a wrong answer",
  ignore: !hasTerminal,
  fn: async () => {
    await using made = await project({ "order.flow": source });
    const { code, out } = await inTerminal(["flow", "run", "order.flow", '{"who": "Ada"}'], {
      cwd: made.path,
      type: [["fail: ", "not json\n"], ["fail: ", '"Hi"\n'], ["pass: ", '{"ok": true}\n']],
    });
    equal([code, plain(out)], [0, ASKED]);
  },
});

Deno.test({
  name: "flow run lets time pass at an empty answer, and ends at Ctrl-C with 130",
  ignore: !hasTerminal,
  fn: async () => {
    await using made = await project({ "order.flow": source });
    const args = ["flow", "run", "order.flow", '{"who": "Ada"}'];
    const passed = await inTerminal(args, {
      cwd: made.path,
      type: [["fail: ", '"Hi"\n'], ["pass: ", "\n"]],
    });
    equal(passed.code, 1);
    match(
      plain(passed.out),
      /7 d {2}◌ no signal go came in time\n✘ failed TimeoutError: No signal "go" came in time\n/,
    );
    for (const flags of [[], ["--real-time"]]) {
      const stopped = await inTerminal([...args, ...flags], { cwd: made.path, type: [["fail: ", CTRL_C]] });
      equal(stopped.code, 130);
      ok(plain(stopped.out).trimEnd().endsWith("let it fail: ^C"), stopped.out);
    }
  },
});

Deno.test({
  name: "purge shows what it would remove and asks",
  ignore,
  fn: async () => {
    await using database = await freshDatabase();
    const id = await pending(database.url);
    await rhythm(["cancel", id, "-d", database.url]);
    const args = ["purge", "--older-than", "0s", "-d", database.url];
    const table =
      "target  status     executions  first ended  last ended\ngreet   cancelled           1  <time>     <time>\n" +
      "1 execution in all, with their logs, signals and timers\n";
    const no = await inTerminal(args, { type: [["[y/N] ", "n\n"]] });
    equal([no.code, normal(no.out)], [1, `${table}Remove 1 execution? [y/N] n\nnothing was removed\n`]);
    const yes = await inTerminal(args, { type: [["[y/N] ", "y\n"]] });
    equal([yes.code, normal(yes.out)], [0, `${table}Remove 1 execution? [y/N] y\n1 execution removed\n`]);
    equal((await rhythm(args)).out, "no execution ended that long ago\n");
  },
});
