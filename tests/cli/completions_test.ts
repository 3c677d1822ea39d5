import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { CATALOGUE } from "../../src/cli/catalogue.ts";
import { hasTerminal, plain, project, rhythm, typeInto } from "./support.ts";

function has(shell: string): boolean {
  try {
    return new Deno.Command(shell, { args: ["-c", "true"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}

async function script(shell: string): Promise<string> {
  const { code, out, err } = await rhythm(["completions", shell]);
  equal([code, err], [0, ""]);
  return out;
}

/** What a shell offers, sorted. */
async function offered(shell: string, code: string): Promise<string[]> {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, await script(shell));
  const { stdout, stderr, success } = await new Deno.Command(shell, {
    args: ["-c", code.replaceAll("SCRIPT", path)],
    stdout: "piped",
    stderr: "piped",
  }).output();
  await Deno.remove(path);
  ok(success, new TextDecoder().decode(stderr));
  equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).split(/\s+/).filter(Boolean).sort();
}

const bash = (line: string): string => `
  source SCRIPT
  COMP_WORDS=(${line.split(" ").map((word) => `'${word}'`).join(" ")})
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _rhythm
  echo "\${COMPREPLY[@]}"`;

const fish = (line: string): string =>
  `source SCRIPT; complete -C '${line}' | string replace -r '\\t.*' ''; true`;

/** What is typed, and what is offered. */
const TYPED: [line: string, offered: string[]][] = [
  ["rhythm fl", ["flow"]],
  ["rhythm flow ch", ["check"]],
  ["rhythm schedules p", ["pause"]],
  ["rhythm list --sta", ["--status"]],
  ["rhythm flow graph --format ", ["mermaid", "svg"]],
  ["rhythm list --type ", ["task", "workflow"]],
  ["rhythm completions ", ["bash", "fish", "zsh"]],
];

for (const [line, wanted] of TYPED) {
  for (const [shell, code] of [["bash", bash], ["fish", fish]] as const) {
    Deno.test({
      name: `${shell} completes "${line}"`,
      ignore: !has(shell),
      fn: async () => {
        const found = await offered(shell, code(line));
        // Flags may stand beside values: bash offers both where an operand can be.
        equal(found.filter((word) => !word.startsWith("-") || line.includes("--s")), wanted);
      },
    });
  }
}

Deno.test({
  name: "bash offers every command, and files where nothing else fits",
  ignore: !has("bash"),
  fn: async () => {
    const all = await offered("bash", bash("rhythm "));
    equal(all.filter((word) => !word.startsWith("-")), CATALOGUE.map(({ name }) => name).sort());
    ok((await offered("bash", `cd /usr && ${bash("rhythm flow check b")}`)).includes("bin"));
  },
});

const PROMPT = "READY> ";

/** How a shell is set up to complete as its users have it, and to say what was typed when it is run. */
const SHELLS: Record<string, { files: (script: string) => Record<string, string>; argv: string[] }> = {
  bash: {
    files: (script) => ({
      "rhythm.bash": script,
      bashrc: `PS1='${PROMPT}'; rhythm() { echo "<$*>"; }; source "$HOME/rhythm.bash"\n`,
    }),
    argv: ["bash", "--rcfile", "bashrc", "-i"],
  },
  zsh: {
    files: (script) => ({
      "functions/_rhythm": script,
      ".zshrc": `fpath=($HOME/functions $fpath); autoload -Uz compinit; compinit -u -D
PROMPT='${PROMPT}'; rhythm() { print -r -- "<$*>" }\n`,
    }),
    argv: ["zsh", "-i"],
  },
  fish: {
    files: (script) => ({
      ".config/fish/completions/rhythm.fish": script,
      ".config/fish/config.fish": `set -g fish_greeting
function fish_prompt; echo -n "${PROMPT}"; end
function rhythm; echo "<$argv>"; end\n`,
    }),
    argv: ["fish", "-i"],
  },
};

for (const [shell, { files, argv }] of Object.entries(SHELLS)) {
  Deno.test({
    name: `${shell}, at work in a terminal, completes commands, options and values, and lists what there is${
      has(shell) ? "" : ` (left out: there is no ${shell} on this machine)`
    }`,
    ignore: !hasTerminal || !has(shell),
    fn: async () => {
      await using home = await project(files(await script(shell)));
      const { code, out } = await typeInto(argv, {
        cwd: home.path,
        env: {
          HOME: home.path,
          ZDOTDIR: home.path,
          XDG_CONFIG_HOME: `${home.path}/.config`,
          XDG_DATA_HOME: home.path,
        },
        type: [
          [PROMPT, "rhythm flow ch\t\r"],
          ["<flow check>", "rhythm flow graph --form\tsv\t\r"],
          ["<flow graph --format svg>", "rhythm schedules \t\t"],
          ["trigger", "\x15exit\r"],
        ],
      });
      equal(code, 0);
      for (const sub of ["list", "pause", "remove", "resume", "set", "trigger"]) {
        ok(plain(out).split("<flow graph")[1]!.includes(sub), `${sub} is not offered:\n${out}`);
      }
    },
  });
}

Deno.test("every script names every command", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const text = await script(shell);
    for (const { name } of CATALOGUE) ok(text.includes(name), `${shell} lacks ${name}`);
  }
});
