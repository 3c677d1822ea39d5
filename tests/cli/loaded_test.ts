/** What a command loads before it does anything: what is not loaded takes no time. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { entry } from "./support.ts";

const root = new URL("../../", import.meta.url).href;

interface Module {
  /** What runs or is checked with it: every import, also of types alone and those that are made later. */
  all: string[];
  /** What is loaded with it. */
  loaded: string[];
}

const graph = await readGraph();

async function readGraph(): Promise<Map<string, Module>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: fileURLToPath(root),
    stdout: "piped",
    stderr: "inherit",
  }).output();
  interface Told {
    specifier: string;
    dependencies?: { isDynamic?: boolean; code?: { specifier?: string }; type?: { specifier?: string } }[];
  }
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Told[] };
  return new Map(modules.map(({ specifier, dependencies = [] }) => [named(specifier), {
    all: dependencies.flatMap(({ code, type }) => namesOf(code?.specifier, type?.specifier)),
    loaded: dependencies.filter(({ isDynamic }) => isDynamic !== true)
      .flatMap(({ code }) => namesOf(code?.specifier)),
  }]));
}

function namesOf(...specifiers: (string | undefined)[]): string[] {
  return specifiers.filter((one) => one !== undefined).map(named);
}

/** `src/cli/main.ts`, `npm:commander`, `node:path`. */
function named(specifier: string): string {
  return specifier.replace(root, "").replace(/^(npm:)\/?(@?[^@]+)@.*/, "$1$2");
}

/** A module and everything that is loaded with it. */
function loadedWith(...modules: string[]): string[] {
  const seen = new Set<string>();
  for (const queue = modules; queue.length > 0;) {
    const module = queue.pop()!;
    if (seen.has(module)) continue;
    seen.add(module);
    queue.push(...graph.get(module)?.loaded ?? []);
  }
  return [...seen].sort();
}

function packagesOf(modules: readonly string[]): string[] {
  return modules.filter((one) => one.startsWith("npm:"));
}

/** The rooms of the house, and of `flow` and `cli` their parts. */
function roomsOf(modules: readonly string[]): string[] {
  const rooms = modules.map((one) => /^src\/((?:flow|cli)\/\w+(?=\/)|\w+)/.exec(one)?.[1]);
  return [...new Set(rooms.filter((room) => room !== undefined))];
}

Deno.test("the front page and what is wrong at once load no package and no other room", () => {
  equal(loadedWith("src/cli/main.ts"), [
    "src/cli/catalogue.ts",
    "src/cli/cli_error.ts",
    "src/cli/exit_codes.ts",
    "src/cli/front_page.ts",
    "src/cli/how_to_type.ts",
    "src/cli/main.ts",
    "src/cli/redraw.ts",
    "src/cli/report_error.ts",
    "src/cli/run.ts",
    "src/cli/stray_errors.ts",
    "src/cli/table.ts",
    "src/cli/terminal.ts",
    "src/shared/error.ts",
    "src/shared/printable.ts",
  ]);
});

const commands = [...graph.keys()].filter((one) => /^src\/cli\/commands\//.test(one));

Deno.test("a command's description loads commander alone, for help and completion", () => {
  ok(commands.length > 20, String(commands));
  for (const command of commands) {
    const loaded = loadedWith(command);
    equal([command, packagesOf(loaded)], [command, ["npm:commander"]]);
    const others = loaded.filter((one) =>
      /^src\//.test(one) && !/^src\/cli\/(commands\/)?\w+\.ts$/.test(one)
    );
    equal(
      others.filter((one) => !/^src\/(shared|runtime)\//.test(one)),
      [],
      command,
    );
  }
});

/** What is loaded when a command does its work, besides its description. */
const WORK: [module: string, packages: string[], without: RegExp][] = [
  ["completions/script", ["commander"], /^(db|flow|client|define)/],
  ["flow/check_flows", ["parsimmon", "yaml"], /^(db|client|worker|http|flow\/(compile|vm|builtins|durable))/],
  ["flow/graph_flow", ["parsimmon", "yaml"], /^(db|client|worker|http|flow\/(compile|vm|builtins|durable))/],
  [
    "flow/format_flows",
    ["parsimmon", "yaml"],
    /^(db|client|worker|http|flow\/(compile|vm|builtins|durable))/,
  ],
  [
    "flow/run_flow",
    ["@eslint-community/regexpp", "parsimmon", "yaml"],
    /^(db|client|worker|http)/,
  ],
  ["init/init", [], /^(client|worker|http|flow\/(compile|vm|builtins|durable))/],
  ["migrate", [], /^(client|worker|http|flow)/],
  ["session", [], /^(worker|http|steps|flow)/],
];

for (const [module, packages, without] of WORK) {
  Deno.test(`the work of ${module} loads ${packages.join(", ") || "no package"} and nothing that it does not need`, () => {
    const loaded = loadedWith(`src/cli/${module}.ts`);
    equal(packagesOf(loaded), packages.map((one) => `npm:${one}`).sort());
    equal(roomsOf(loaded).filter((room) => without.test(room)), []);
  });
}

Deno.test("the embedded database is loaded by whoever uses it, never beforehand", () => {
  for (const module of graph.keys()) {
    if (module.startsWith("src/")) {
      equal([module, loadedWith(module).includes("npm:@electric-sql/pglite")], [module, false]);
    }
  }
});

Deno.test("files of src/cli do not import each other in circles, not even types", () => {
  const inside = [...graph.keys()].filter((one) => one.startsWith("src/cli/"));
  const done = new Set<string>();
  const follow = (module: string, way: readonly string[]): void => {
    const at = way.indexOf(module);
    if (at >= 0) throw new Error(`a circle: ${[...way.slice(at), module].join(" → ")}`);
    if (done.has(module)) return;
    for (const next of graph.get(module)!.all) {
      if (next.startsWith("src/cli/")) follow(next, [...way, module]);
    }
    done.add(module);
  };
  for (const module of inside) follow(module, []);
});
