import { deepStrictEqual as equal, match } from "node:assert/strict";
import { project, type Ran, rhythm, rhythmEach } from "./support.ts";

const ID = "0199c3f2-0000-7000-8000-000000000000";
const NOBODY = "postgres://nobody@127.0.0.1:1/none";

/** What was typed, the exit code, and everything on standard error. */
const WRONG: [args: string[], code: number, err: string][] = [
  [["lst"], 2, 'error: there is no command "lst"\n hint: did you mean `list`?\n'],
  [["frobnicate"], 2, 'error: there is no command "frobnicate"\n hint: `rhythm --help` shows the commands\n'],
  [
    ["--json", "list"],
    2,
    '{"error":{"code":"USAGE","message":"options stand behind the command: rhythm <command> --json","hint":"`rhythm --help` shows the commands"}}\n',
  ],
  [["flow", "chek"], 2, 'error: `rhythm flow` has no command "chek"\n hint: did you mean `check`?\n'],
  [
    ["queues", "stop", "mail"],
    2,
    'error: `rhythm queues` has no command "stop"\n hint: it has list, pause, resume, limit, pause-key, resume-key, limit-key\n',
  ],
  [
    ["list", "--statsu", "failed"],
    2,
    "error: unknown option '--statsu'\n hint: did you mean --status? `rhythm list --help` shows what it takes\n",
  ],
  [
    ["queues", "pause"],
    2,
    "error: missing required argument 'queue'\n hint: `rhythm queues pause --help` shows what it takes\n",
  ],
  [
    ["change", ID],
    2,
    "error: nothing says what to change\n hint: `--queue`, `--priority`, `--delay` or `--run-at` says what is new\n",
  ],
  [["show"], 2, "error: missing required argument 'id'\n hint: `rhythm show --help` shows what it takes\n"],
  [
    ["show", ID, "more"],
    2,
    `error: too many arguments for 'show'. Expected 1 argument but got 2: ${ID}, more\n hint: ` +
    "`rhythm show --help` shows what it takes\n",
  ],
  [
    ["list", "--type", "job"],
    2,
    'error: --type must be task or workflow, not "job"\n',
  ],
  [
    ["list", "--status", "done", "-d", NOBODY],
    2,
    'error: --status must be one or several of pending, running, suspended, completed, failed, cancelled, frozen, with commas, not "done"\n',
  ],
  [["list", "-n", "many"], 2, 'error: --limit must be a whole number from 1 to 1000, not "many"\n'],
  [["logs", "-n", "0"], 2, 'error: --limit must be a whole number from 1 to 10000, not "0"\n'],
  [
    ["queue", "mail", "--retry", "0"],
    2,
    'error: --retry must be a number of attempts from 1 to 9999, or an object, not "0"\n',
  ],
  [
    ["worker", "--port", "99999", "-d", NOBODY],
    2,
    'error: --port must be a whole number from 0 to 65535, not "99999"\n',
  ],
  [
    ["worker", "--hostname", "0.0.0.0", "-d", NOBODY],
    2,
    "error: --hostname needs --port: without it, nothing listens\n",
  ],
  [
    ["worker", "--grace", "soon", "-d", NOBODY],
    2,
    'error: --grace: Cannot read "soon" as a duration: "soon" is not a number with a unit; expected seconds (5, 0.25) or text such as "90s", "1h30m", "250ms", "2d"\n',
  ],
  [
    ["worker", "--tasks", "/nowhere/tasks.ts", "-d", NOBODY],
    3,
    "error: there is no module /nowhere/tasks.ts to load tasks from\n",
  ],
  [
    ["list", "--after", "yesterday"],
    2,
    'error: --after must be a moment (2026-01-31T08:00:00Z) or how long ago (2h), not "yesterday"\n',
  ],
  [
    ["start", "hello", "{name: 1}"],
    2,
    `error: the inputs: not JSON: expected a key in double quotes

   |
 1 | {name: 1}
   |  ^ line 1, column 2

`,
  ],
  [
    ["queue", "mail", '{"to": [1, 2,]}'],
    2,
    `error: the inputs: not JSON: expected a value

   |
 1 | {"to": [1, 2,]}
   |              ^ line 1, column 14

`,
  ],
  [
    ["signal", ID, "go", "yes"],
    2,
    `error: the payload: not JSON: expected a value

   |
 1 | yes
   | ^ line 1, column 1

 hint: a text needs quotes of its own: '"yes"'
`,
  ],
  [["start", "hello", "@nowhere.json"], 2, "error: the inputs: there is no file nowhere.json\n"],
  [["start", "hello", "@."], 2, "error: the inputs: cannot read .: is a directory\n"],
  [["list", "--metadata", "[1]"], 2, "error: --metadata must be a JSON object, not [1]\n"],
  [
    ["list", "--schema", 'a"b'],
    2,
    'error: --schema: Cannot use "a\\"b" as a schema: expected a name without quotes, backslash, $, % and control characters, not beginning with pg_\n',
  ],
  [["start", "hello", "--metadata", "[]"], 2, "error: --metadata must be a JSON object, not []\n"],
  [
    ["start", "hello", "--priority", "high"],
    2,
    'error: --priority must be a whole number from -32768 to 32767, not "high"\n',
  ],
  [
    ["start", "hello", "--run-at", "soon"],
    2,
    'error: --run-at must be a moment such as 2030-01-31T12:00:00Z, not "soon"\n',
  ],
  [
    ["purge", "--older-than", "1y", "-d", NOBODY],
    2,
    'error: --older-than: Cannot read "1y" as a duration: "y" is not a unit (w, d, h, m, s, ms); expected seconds (5, 0.25) or text such as "90s", "1h30m", "250ms", "2d"\n',
  ],
  [
    ["completions", "powershell"],
    2,
    'error: <shell> must be bash, zsh or fish, not "powershell"\n',
  ],
  [["flow", "check", "nowhere"], 3, 'error: Cannot read flows from "nowhere": it does not exist\n'],
  [
    ["flow", "check"],
    3,
    "error: there are no flows here: no flows/ in this project, and no path was given\n hint: name files or directories; `rhythm init` makes a project\n",
  ],
  [
    ["list", "-d", "mysql://root@localhost/db"],
    2,
    "error: --database must be postgres://… or a directory for the embedded database, not mysql://…\n",
  ],
];

Deno.test("every wrong use is told in a sentence, with what was meant, and code 2 or 3", async () => {
  const ran = await rhythmEach(WRONG.map(([args]) => args));
  equal(
    WRONG.map(([args], index) => [args, ran[index]]),
    WRONG.map(([args, code, err]) => [args, { code, out: "", err } satisfies Ran]),
  );
});

const ASK_A_DATABASE: string[][] = [
  ["list"],
  ["show", ID],
  ["wait", ID],
  ["cancel", ID],
  ["retry", ID],
  ["purge", ID, "--yes"],
  ["logs"],
  ["queues"],
  ["queues", "pause", "mail"],
  ["workers"],
  ["schedules"],
  ["doctor"],
  ["migrate"],
  ["purge", "--yes"],
  ["flow", "list"],
  ["start", "hello"],
  ["queue", "mail"],
  ["signal", ID, "go"],
];

Deno.test("every command that asks a database ends with code 4 without one, and says where it looked", async () => {
  for (const { code, out, err } of await rhythmEach(ASK_A_DATABASE.map((args) => [...args, "-d", NOBODY]))) {
    equal([code, out], [4, ""], err);
    match(
      err,
      /^error: Cannot reach the database at postgres:\/\/nobody@127\.0\.0\.1:1\/none: .*\n hint: .*\n$/,
    );
  }
});

Deno.test("rhythm list where there is no project names everything it looked for", async () => {
  await using empty = await project();
  const { code, err } = await rhythm(["list"], { cwd: empty.path });
  equal(code, 4);
  equal(
    err,
    `error: there is no database: no --database, no RHYTHM_DATABASE_URL, and no \`rhythm dev\` has run in ${await Deno
      .realPath(empty.path)}
 hint: \`rhythm dev\` brings one of its own; or name yours: --database postgres://user@host/db
`,
  );
});

Deno.test("a command that looks into a directory makes no database there", async () => {
  await using made = await project({ "notes/todo.txt": "" });
  const [ran] = await rhythmEach([["list", "-d", "notes"]], { cwd: made.path });
  equal([ran!.code, ran!.err.split("\n")[0]], [
    4,
    `error: there is no database in ${await Deno.realPath(made.path)}/notes`,
  ]);
  equal([...Deno.readDirSync(`${made.path}/notes`)].map(({ name }) => name), ["todo.txt"]);
});

Deno.test("a rhythm.json with an unknown key is refused, with what it may hold", async () => {
  await using made = await project({ "rhythm.json": '{ "flow": ["x"] }' });
  const { code, err } = await rhythm(["list"], { cwd: made.path });
  equal(code, 2);
  match(
    err,
    /rhythm\.json is not what was expected: Unrecognized key: "flow"\n hint: it may hold databaseUrl, schema/,
  );
});

Deno.test("a rhythm.json that is not JSON is shown with the place", async () => {
  await using made = await project({ "rhythm.json": '{\n  "flows": ["x"\n}\n' });
  const { code, err } = await rhythm(["list"], { cwd: made.path });
  equal(code, 2);
  match(err, /not JSON: expected "," or "\]"\n\n {3}\|\n 3 \| \}\n {3}\| \^ line 3, column 1\n/);
});

Deno.test("--json turns an error into JSON on standard error", async () => {
  const { code, out, err } = await rhythm(["start", "hello", "{", "--json"]);
  equal([code, out], [2, ""]);
  equal(JSON.parse(err), {
    error: {
      code: "JSON_INVALID",
      message: "the inputs: not JSON: expected a key in double quotes",
      picture: "   |\n 1 | {\n   |  ^ line 1, column 2",
    },
  });
});

Deno.test("an error never shows a stack trace, unless RHYTHM_DEBUG asks for it", async () => {
  const { err } = await rhythm(["list", "-d", NOBODY]);
  equal(/\n\s+at /.test(err), false);
  const debug = await rhythm(["list", "-d", NOBODY], { env: { RHYTHM_DEBUG: "1" } });
  match(debug.err, /\n\s+at /);
});
