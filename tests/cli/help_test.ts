import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { CATALOGUE } from "../../src/cli/catalogue.ts";
import { hasTerminal, inTerminal, plain, rhythm, rhythmEach } from "./support.ts";

const FRONT_PAGE = `rhythm <command> [options]   <command> --help explains it, with examples
Begin  init completions  Make a new project; complete commands in your shell
       dev               Database, worker and HTTP in one; reloads on change
       worker dashboard  Run a worker of this project; a dashboard without one
Run    start queue wait  Start a workflow; queue a task; wait for ends
       signal ask gate   Send a signal; ask for an answer; stop at a line
       cancel retry      End executions; run them again
       pause resume      Executions, a task, a flow, a queue, everything
       change operations Change what waits; cancel, retry, pause many at once
       edit rewind fork  Other variables; an earlier step; a copy from there
Look   show explain      One execution; why it does not continue
       list logs         Executions, newest first; their log lines
       failures audit    Failures by their kind; what people did
       history at diff   What a workflow did, how it was, what differs
       export import     An execution as a file; a frozen copy of one
       queues workers    Queues and workers; pause, resume, limit, drain
       schedules rates   Schedules; what ended, and how long it took
Flows  flow              check, run, fmt, graph, list, register
Care   migrate adopt     Install or upgrade the schema; let a copy run
       doctor purge      Look for problems; delete what ended long ago
       token             Who may use HTTP and the dashboard
All take --json. Exit codes: 0 yes, 1 no, 2 wrong use, 3 not found,
4 no database, 5 too late, 130 Ctrl-C. New here? \`rhythm init hello\`
`;

Deno.test("rhythm --help, -h, help and nothing at all show the front page", async () => {
  for (const args of [["--help"], ["-h"], ["help"], []]) {
    equal(await rhythm(args), { code: 0, out: FRONT_PAGE, err: "" });
  }
});

Deno.test("the front page fits a terminal of 80 columns and 24 lines", () => {
  const lines = FRONT_PAGE.trimEnd().split("\n");
  ok(lines.length < 24);
  ok(lines.every((line) => line.length <= 80));
});

Deno.test({
  name: "the front page is painted on a terminal, and plain with NO_COLOR",
  ignore: !hasTerminal,
  fn: async () => {
    const painted = await inTerminal(["--help"]);
    // deno-lint-ignore no-control-regex
    match(painted.out, /\x1b\[1mrhythm\x1b\[0m/);
    equal(plain(painted.out), FRONT_PAGE);
    equal((await inTerminal(["--help"], { env: { NO_COLOR: "1" } })).out, FRONT_PAGE);
  },
});

const SUBS = [
  ...["list", "pause", "resume", "limit"].map((name) => `queues ${name}`),
  ...["list", "drain", "resume"].map((name) => `workers ${name}`),
  ...["list", "set", "pause", "resume", "remove", "trigger"].map((name) => `schedules ${name}`),
  ...["check", "run", "fmt", "graph", "list", "register"].map((name) => `flow ${name}`),
];

Deno.test("the help of each command is one screen, with an example and --json", async () => {
  const names = [...CATALOGUE.map((entry) => entry.name), ...SUBS];
  const ran = await rhythmEach(names.map((name) => [...name.split(" "), "--help"]));
  names.forEach((name, index) => {
    const { code, out, err } = ran[index]!;
    equal([code, err], [0, ""], name);
    match(out, new RegExp(`^Usage: rhythm ${name} `));
    match(out, /\nExamples:\n {2}\S/);
    const lines = out.trimEnd().split("\n");
    ok(lines.length <= 40, `${name}: more than a screen`);
    equal(lines.filter((line) => line.length > 80), []);
    if (
      !["queues", "workers", "schedules", "flow", "operations", "failures", "gate", "token"].includes(name)
    ) {
      match(out, /--json/);
    }
  });
});

Deno.test("rhythm help list is rhythm list --help", async () => {
  equal(await rhythm(["help", "list"]), await rhythm(["list", "--help"]));
});

Deno.test("rhythm --version names itself and Deno", async () => {
  const { code, out } = await rhythm(["--version"]);
  equal(code, 0);
  match(out, /^rhythm \d+\.\d+\.\d+ \(deno \d+\.\d+\.\d+, [\w-]+\)\n$/);
});
