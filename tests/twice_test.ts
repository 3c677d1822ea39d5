// `deno task test --twice`, on tests of no database.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

Deno.test("test --twice: what passes alone is named and not counted, what fails again is", async () => {
  const path = await Deno.makeTempDir({ prefix: "rhythm-twice-" });
  try {
    await Deno.writeTextFile(
      `${path}/unsteady_test.ts`,
      `Deno.test("at the second time", () => {
        try {
          Deno.mkdirSync("${path}/been");
        } catch {
          return;
        }
        throw new Error("the first time");
      });
      Deno.test("always", () => {});`,
    );
    await Deno.writeTextFile(
      `${path}/broken_test.ts`,
      `Deno.test("never", () => { throw new Error("each time"); });`,
    );
    const both = await run(["--twice", `${path}/unsteady_test.ts`, `${path}/broken_test.ts`]);
    assert.equal(both.code, 1);
    assert.match(
      both.out,
      /\nUNSTEADY: \S+\/unsteady_test\.ts => at the second time: Error: the first time\n/,
    );
    assert.doesNotMatch(both.out, /UNSTEADY: .*broken/);
    assert.match(both.out, /\n2 passed, 1 failed\n$/);

    await Deno.remove(`${path}/been`);
    const one = await run(["--twice", `${path}/unsteady_test.ts`]);
    assert.equal(one.code, 0);
    assert.match(one.out, /\n2 passed, 0 failed\n$/);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

async function run(args: string[]): Promise<{ code: number; out: string }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${root}scripts/test.ts`, "--pg", "pglite", ...args],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, out: new TextDecoder().decode(stdout) };
}
