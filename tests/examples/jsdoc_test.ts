import assert from "node:assert/strict";
import { root } from "./support.ts";

Deno.test("the examples in JSDoc have types and run, that of the testing kit with time that moves", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--doc", "-A", "--no-prompt", "--quiet", "--parallel", "mod.ts", "src"],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  const passed = Number(/(\d+) passed/.exec(text)?.[1]);
  assert.ok(passed >= 25, text);
  assert.match(text, /remind_customer sends a mail after a week \.\.\. ok/);
});
