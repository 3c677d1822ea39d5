// Every command with every kind of wrong value for each of its options and operands: each is refused with exit code 2, and
// the error names the option, says what it wants and what it got.
import { deepStrictEqual as equal } from "node:assert/strict";
import type { Argument, Command, Option } from "commander";
import { CATALOGUE } from "../../src/cli/catalogue.ts";
import { type Cli, newCommand } from "../../src/cli/command.ts";
import { systemTerminal } from "../../src/cli/terminal.ts";
import { describe } from "../../src/shared/arguments.ts";
import { project, type Ran, rhythmEach } from "../cli/support.ts";

const NOBODY = "postgres://nobody@127.0.0.1:1/none";
const ID = "0199c3f2-0000-7000-8000-000000000000";

/** One text of every kind that can be typed by mistake. */
const VALUES = {
  nothing: "",
  space: " ",
  word: "word",
  words: "two words",
  zero: "0",
  five: "5",
  negative: "-1",
  fraction: "1.5",
  huge: "99999999999999999999",
  long: "x".repeat(20_000),
  NaN: "NaN",
  duration: "90s",
  moment: "2030-01-31T12:00:00Z",
  id: ID,
  object: '{"a": 1}',
  array: "[1]",
  broken: '{"a": ',
  "no file": "@nowhere.json",
  lines: "a\nb",
  place: ".",
  url: "mysql://host/db",
} as const;

type ValueName = keyof typeof VALUES;

const ALL = Object.keys(VALUES) as ValueName[];
const except = (...unfit: ValueName[]): ValueName[] => ALL.filter((name) => !unfit.includes(name));
const NAMES: ValueName[] = [
  "word",
  "zero",
  "five",
  "fraction",
  "huge",
  "NaN",
  "duration",
  "moment",
  "id",
  "url",
];
const JSON_TEXTS: ValueName[] = ["zero", "five", "negative", "fraction", "huge", "object", "array"];

/** Those that are tried where they fit; ordinary values are tested with what the commands do. */
const ODDEST: readonly ValueName[] = [
  "space",
  "words",
  "negative",
  "huge",
  "long",
  "object",
  "broken",
  "lines",
];

/** Which values each kind can be, and those that only the database or the file system can judge. */
const FITS: Record<string, readonly ValueName[]> = {
  name: NAMES,
  task: NAMES,
  workflow: NAMES,
  flow: NAMES,
  queue: NAMES,
  target: NAMES,
  names: NAMES,
  "name=json": NAMES,
  id: ["id"],
  operation: ["id"],
  worker: NAMES,
  other: ["id", "five"],
  fingerprint: ["zero", "five"],
  signal: NAMES,
  step: ["five"],
  when: ["zero", "five", "fraction", "duration", "moment"],
  "variable=json": [],
  "line=line": [],
  "name=value": [],
  key: except("nothing", "long", "lines"),
  text: ALL,
  number: ["five"],
  version: ["five"],
  port: ["zero", "five"],
  duration: ["zero", "five", "fraction", "duration"],
  until: ["five", "fraction", "duration", "moment"],
  time: ["moment"],
  ago: ["zero", "five", "fraction", "duration", "moment"],
  json: ["object"],
  inputs: JSON_TEXTS,
  payload: JSON_TEXTS,
  policy: ["five", "object"],
  url: except("nothing", "space", "long"),
  schema: except("nothing", "long", "object", "broken", "lines"),
  path: except("nothing", "space", "long"),
  paths: except("nothing", "space", "long"),
  file: except("nothing", "space", "long"),
  module: except("nothing", "space", "long"),
  directory: except("nothing", "space", "long"),
  address: except("nothing", "space", "words", "object", "broken", "no file", "lines", "url"),
  levels: except("nothing", "space"),
  zone: except("nothing", "space", "long"),
  cron: except("nothing", "space"),
  // Of these, the option says which words.
  type: [],
  level: [],
  how: [],
  format: [],
  shell: [],
  status: [],
  state: [],
  span: [],
  event: [],
  role: [],
};

/** Options that take something else than the word in their angle brackets says. */
const ODD: Record<string, readonly ValueName[]> = {
  "--priority": ["zero", "five", "negative"],
  "--to-priority": ["zero", "five", "negative"],
  "--after": ["zero", "five", "fraction", "duration", "moment"],
  "--before": ["zero", "five", "fraction", "duration", "moment"],
  "history --after": ["zero", "five"],
  "--fibre": ["zero", "five"],
};

/** A value that is right, for operands that must be there. */
const GOOD: Record<string, string> = {
  id: ID,
  operation: ID,
  fingerprint: "5",
  other: "5",
  step: "5",
  when: "5",
  cron: "@daily",
  file: "flows/word.flow",
  version: "1",
  shell: "bash",
};

/** What an operand needs beside it. */
const BESIDE: Record<string, string[]> = {
  purge: ["--yes"],
  change: ["--priority", "5"],
  "gate set": ["--line", "5"],
  "token create": ["--role", "viewer"],
  "operations signal": ["--target", "word"],
  "operations migrate": ["--target", "word"],
  "operations repair": ["--target", "word", "--set", "a=1"],
  "queues limit": ["--none"],
  "queues limit-key": ["--none"],
};

/** Those that would go on for ever, or make something, once nothing is wrong. */
const UNRUN = ["init", "dev", "worker", "dashboard", "migrate", "export"];

interface Case {
  /** For the list of faults: `rhythm list --limit (zero)`. */
  name: string;
  args: string[];
  /** How the error may call the option or operand. */
  names: string[];
  value: string;
}

const cli: Cli = { terminal: systemTerminal(), catalogue: CATALOGUE, exit: 0 };

async function leaves(): Promise<[path: string, command: Command][]> {
  const found: [string, Command][] = [];
  const visit = (command: Command, path: string): void => {
    if (command.commands.length === 0) found.push([path, command]);
    for (const sub of command.commands) visit(sub, `${path} ${sub.name()}`);
  };
  for (const { name, load } of CATALOGUE) {
    const command = newCommand(name, cli.terminal);
    (await load()).define(command, cli);
    visit(command, name);
  }
  return found;
}

function goodOperands(command: Command): string[] {
  return command.registeredArguments.filter((one) => one.required).map((one) => GOOD[one.name()] ?? "word");
}

const wordOf = (option: Option): string | undefined => /<([^>]+)>/.exec(option.flags)?.[1];

/** The values of a kind: those that are wrong, or those that fit and are odd. */
function values(fits: readonly ValueName[] | undefined, which: "wrong" | "odd", word: string): ValueName[] {
  if (fits === undefined) throw new Error(`the sweep does not know what <${word}> takes: say it in FITS`);
  if (which === "wrong") return ALL.filter((name) => !fits.includes(name));
  return fits.filter((name) => ODDEST.includes(name));
}

function optionCases(path: string, command: Command, which: "wrong" | "odd", database: string[]): Case[] {
  return command.options.flatMap((option) => {
    const word = wordOf(option);
    if (word === undefined) return [];
    // All commands have these from one place: what fits is tried once.
    if (which === "odd" && path !== "list" && ["--database", "--schema"].includes(option.long!)) return [];
    const takesDatabase = command.options.some((one) => one.long === "--database");
    return values(ODD[`${path} ${option.long}`] ?? ODD[option.long!] ?? FITS[word], which, word).map(
      (name) => {
        const value = VALUES[name];
        const place = takesDatabase && option.long !== "--database" ? database : [];
        const args = [...path.split(" "), ...place, option.long!, value, "--", ...goodOperands(command)];
        return { name: `rhythm ${path} ${option.long} (${name})`, args, names: [option.long!], value };
      },
    );
  });
}

function operandCases(path: string, command: Command, which: "wrong" | "odd", database: string[]): Case[] {
  const takesDatabase = command.options.some((one) => one.long === "--database");
  return command.registeredArguments.flatMap((operand: Argument, index) =>
    values(FITS[operand.name()], which, operand.name()).map((name) => {
      const value = VALUES[name];
      const operands = goodOperands(command).slice(0, index);
      const before = [...(takesDatabase ? database : []), ...(BESIDE[path] ?? [])];
      const args = [
        ...path.split(" "),
        ...before,
        "--",
        ...operands,
        value,
        ...goodOperands(command).slice(index + 1),
      ];
      return {
        name: `rhythm ${path} <${operand.name()}> (${name})`,
        args,
        names: [`<${operand.name()}>`, `the ${operand.name()}`],
        value,
      };
    })
  );
}

/** What JavaScript, the drivers and Postgres say where we should have said it first. */
const RAW =
  /undefined|\[object|is not a function|Cannot read propert|Cannot convert|is not iterable|UNDEFINED_VALUE|invalid input syntax|os error|fault of rhythm|\n\s+at /;

function rawIn({ code, err }: Ran): string | undefined {
  if (code === 70 || RAW.test(err)) return `a raw error (exit code ${code}): ${err.slice(0, 400)}`;
  return err.length > 1_500 ? `${err.length} characters: ${err.slice(0, 200)}` : undefined;
}

function faultOf(ran: Ran, { names, value }: Case): string | undefined {
  const raw = rawIn(ran);
  if (raw !== undefined) return raw;
  const told = ran.err.slice(0, 400);
  if (ran.code !== 2) return `exit code ${ran.code}: ${told}`;
  if (!names.some((name) => ran.err.includes(name))) return `does not name ${names.join(" or ")}: ${told}`;
  if (!/must be|expected|there is no file|not JSON: /.test(ran.err)) {
    return `does not say what it wants: ${told}`;
  }
  // JSON is drawn, with the place where it stops being JSON.
  const got = /not JSON|there is no file/.test(ran.err) ? "" : describe(value);
  return ran.err.includes(got) || ran.err.includes(value)
    ? undefined
    : `does not say that it got ${got}: ${told}`;
}

async function faultsOf(
  cases: readonly Case[],
  check: (ran: Ran, one: Case) => string | undefined,
  options: { setup?: string } = {},
): Promise<string[]> {
  await using here = await project({ "flows/word.flow": "return 1\n", "rhythm.json": "{}" });
  const all = await rhythmEach(cases.map(({ args }) => args), { cwd: here.path, ...options });
  return cases.flatMap((one, index) => {
    const fault = check(all[index]!, one);
    return fault === undefined ? [] : [`${one.name}: ${fault}`];
  });
}

Deno.test("every command refuses every wrong value of every option and operand, with exit code 2", async () => {
  const cases = (await leaves()).flatMap(([path, command]) => [
    ...optionCases(path, command, "wrong", ["-d", NOBODY]),
    ...operandCases(path, command, "wrong", ["-d", NOBODY]),
  ]);
  equal(await faultsOf(cases, faultOf), []);
});

Deno.test("every command refuses options and operands that it does not have", async () => {
  const cases = (await leaves()).flatMap(([path, command]): Case[] => {
    const long = command.options.find((one) => one.long !== undefined)!.long!;
    const operands = goodOperands(command);
    const beside = BESIDE[path] ?? [];
    const isOpen = command.registeredArguments.some((one) => one.variadic);
    const full = command.registeredArguments.map((one) => GOOD[one.name()] ?? "1");
    return [
      {
        name: `rhythm ${path} ${long}x`,
        args: [...path.split(" "), ...operands, ...beside, `${long}x`],
        names: [long],
        value: `${long}x`,
      },
      ...(isOpen ? [] : [{
        name: `rhythm ${path} … more`,
        args: [...path.split(" "), ...full, "more", ...beside],
        names: [command.name()],
        value: "more",
      }]),
    ];
  });
  const faults = await faultsOf(cases, (ran, one) => {
    if (
      ran.code === 2 && /unknown option .*did you mean|too many arguments/s.test(ran.err) &&
      ran.err.includes(one.value)
    ) return rawIn(ran);
    return `exit code ${ran.code}: ${ran.err.slice(0, 400)}`;
  });
  equal(faults, []);
});

Deno.test("no odd value that an option or operand takes ends in a raw error", async () => {
  const cases = (await leaves()).filter(([path]) => !UNRUN.includes(path)).flatMap(([path, command]) => [
    ...optionCases(path, command, "odd", ["-d", "data"]),
    ...operandCases(path, command, "odd", ["-d", "data"]),
  ]);
  const setup = `select rhythm.register_flow('word', 'return 1', '{}'), rhythm.queue('word', id => '${ID}');
    select rhythm.cancel('${ID}');`;
  equal(await faultsOf(cases, rawIn, { setup }), []);
});
