/** Every example of docs/guides/steps.md runs, with the output that stands below it. `tests/examples/docs_test.ts` checks their types. */
import assert from "node:assert/strict";
import { freshDatabase, onEmbedded } from "../support/database.ts";

const root = new URL("../../", import.meta.url);

interface Example {
  heading: string;
  code: string;
  output: string;
}

const examples = await readExamples();

Deno.test("docs/guides/steps.md: every example has its output beside it", () => {
  assert.ok(examples.length >= 20, `found ${examples.length} examples`);
  assert.deepEqual(examples.filter(({ output }) => output === "").map(({ heading }) => heading), []);
});

for (const [index, { heading, code, output }] of examples.entries()) {
  Deno.test({
    name: `docs/guides/steps.md: ${heading} (example ${index + 1}) prints what it says`,
    ignore: onEmbedded,
    fn: async () => {
      await using test = await freshDatabase();
      const lines = await capture(localized(code).replaceAll("postgres://localhost/mydb", test.url));
      assert.equal(withoutIds(lines.join("\n")), withoutIds(output));
    },
  });
}

async function readExamples(): Promise<Example[]> {
  const text = await Deno.readTextFile(new URL("docs/guides/steps.md", root));
  const found: Example[] = [];
  let heading = "";
  for (const part of text.matchAll(/^#+ (.+)$|^```(ts|text)\n([\s\S]*?)^```$/gm)) {
    const [, title, language, body] = part;
    if (title !== undefined) heading = title;
    else if (language === "ts") found.push({ heading, code: body!, output: "" });
    else if (language === "text") found.at(-1)!.output ||= body!.trimEnd();
  }
  return found;
}

/** The package as it is here. */
function localized(code: string): string {
  return code
    .replaceAll(`"@rhythm/core/steps"`, JSON.stringify(new URL("src/steps/mod.ts", root).href))
    .replaceAll(`"@rhythm/core"`, JSON.stringify(new URL("mod.ts", root).href));
}

/** What a module prints while it runs to its end. */
async function capture(code: string): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, code);
  console.log = (...parts: unknown[]) => {
    lines.push(parts.map((part) => typeof part === "string" ? part : Deno.inspect(part)).join(" "));
  };
  try {
    await import(`file://${file}`);
  } finally {
    console.log = log;
    await Deno.remove(file);
  }
  return lines;
}

function withoutIds(text: string): string {
  return text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>");
}
