import assert from "node:assert/strict";

Deno.test("the examples in the documentation of the flow language run", async () => {
  const root = new URL("../../", import.meta.url);
  const files = [
    "mod.ts",
    "durable/face.ts",
    "snapshot/decode.ts",
    "diagnostics/mod.ts",
    "diagnostics/render.ts",
  ];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--doc", "--no-prompt", "--quiet", ...files.map((file) => `src/flow/${file}`)],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  const passed = Number(/(\d+) passed/.exec(text)?.[1]);
  assert(passed >= 5, text);
});
