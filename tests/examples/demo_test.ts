// What README and the demo promise of `deno task dev` and `deno task worker` in a clone.
import assert from "node:assert/strict";
import { root, runProgram, startProgram } from "./support.ts";
import { until } from "../support/until.ts";

const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
const order = { orderId: "1", customer: "ada@example.org", items: [{ sku: "pen", price: 5, quantity: 2 }] };

/** Starts the program of a task of the clone in another directory, so that nothing is left in the clone. */
function startTask(name: "dev" | "worker", cwd: string): Deno.ChildProcess {
  const words: string[] = tasks[name].split(" ").map((word: string) =>
    /^\w+\//.test(word) ? root + word : word
  );
  const program = words.findIndex((word) => word.endsWith(".ts"));
  return startProgram(words[program]!, { cwd, args: words.slice(program + 1) });
}

/** Collects what a program prints. */
function hear(child: Deno.ChildProcess): { text: string } {
  const heard = { text: "" };
  for (const stream of [child.stdout, child.stderr]) {
    void (async () => {
      for await (const part of stream.pipeThrough(new TextDecoderStream())) heard.text += part;
    })();
  }
  return heard;
}

Deno.test("deno task dev runs the demo's flow and tasks, and a second terminal starts an order", async () => {
  await using home = await temporary();
  const child = startTask("dev", home.path);
  await child.stdin.close();
  const heard = hear(child);
  try {
    await until(() => /flows +1 flow: process_order\n.*tasks +4 tasks: process_payment/.test(heard.text));
    const args = ["start", "process_order", JSON.stringify(order), "--wait"];
    const { code, out, err } = await runProgram(`${root}src/cli/main.ts`, { cwd: home.path, args });
    assert.equal(code, 0, err);
    assert.match(out, /"status": ?"shipped"/);
  } finally {
    child.kill("SIGINT");
    await child.status;
  }
});

Deno.test("deno task worker prints a curl command that starts an order", async () => {
  await using home = await temporary();
  const free = Deno.listen({ port: 0 });
  Deno.env.set("PORT", String(free.addr.port));
  free.close();
  const child = startTask("worker", home.path);
  await child.stdin.close();
  const heard = hear(child);
  try {
    await until(() => heard.text.includes('"worker starts"'));
    const [, url] = /curl -X POST (http:\S+)/.exec(heard.text)!;
    const [, token] = /authorization: (Bearer \S+)'/.exec(heard.text)!;
    const [, body] = /-d '(.*)'/.exec(heard.text)!;
    const response = await fetch(url!, { method: "POST", headers: { authorization: token! }, body: body! });
    const { id } = await response.json();
    const { code, out, err } = await runProgram(`${root}src/cli/main.ts`, {
      cwd: home.path,
      args: ["wait", id],
    });
    assert.equal(code, 0, err);
    assert.match(out, /"status": ?"shipped"/);
  } finally {
    child.kill("SIGINT");
    await child.status;
  }
});

async function temporary(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "rhythm-demo-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
