/** Standard output that ends, or takes nothing. */
import { deepStrictEqual as equal } from "node:assert/strict";
import { entry } from "./support.ts";

const ignore = Deno.build.os === "windows";

/** Runs a line of shell in which `rhythm` is the command; gives what it wrote, line by line. */
async function shell(line: string): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", `rhythm() { "${Deno.execPath()}" run -A --no-check --quiet "${entry}" "$@"; }\n${line}`],
    env: { NO_COLOR: "1", RHYTHM_DATABASE_URL: "" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return (decoder.decode(stdout) + decoder.decode(stderr)).trimEnd().split("\n");
}

for (const args of ["--help", "migrate --sql", "completions zsh", "list --help"]) {
  Deno.test({
    name: `rhythm ${args} says nothing when its reader goes away`,
    ignore,
    fn: async () => {
      const lines = await shell(`rhythm ${args} | head -1; echo "\${PIPESTATUS[0]}"`);
      equal([lines.length, lines.at(-1)], [2, "0"]);
    },
  });
}

Deno.test({
  name: "a disk that is full is told in a sentence, with code 1",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const lines = await shell('rhythm --help > /dev/full; echo "$?"');
    equal(lines, ["1", "error: cannot write: no space left on device"]);
  },
});

Deno.test({
  name: "standard output that is closed is no fault",
  ignore,
  fn: async () => equal(await shell('rhythm --help >&-; echo "$?"'), ["0"]),
});
