import { strictEqual as same } from "node:assert/strict";
import { type InitOptions, Rhythm } from "../../mod.ts";
import { Application } from "../../src/compat/mod.ts";

/**
 * Runs the snippets of a reference page in their order, each as a step of its own.
 *
 * @param t the test
 * @param count how many snippets the page has
 * @param snippets each of them, under the heading it has there
 */
export async function runPage(
  t: Deno.TestContext,
  count: number,
  snippets: Readonly<Record<string, () => unknown>>,
): Promise<void> {
  same(Object.keys(snippets).length, count, "every snippet of the page is here");
  for (const [heading, snippet] of Object.entries(snippets)) {
    const passed = await t.step(heading, async () => void await snippet());
    if (!passed) return;
  }
}

/** An application whose log nobody reads. */
export async function quietly(options: InitOptions): Promise<Application> {
  return new Application(await Rhythm.init({ log: { level: "silent" }, ...options }));
}
