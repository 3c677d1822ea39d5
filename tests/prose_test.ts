/** scripts/prose.ts: what it reads in pages, code and SQL, and which sentences it reports. */
import assert from "node:assert/strict";
import { faultsOf, passagesOf } from "../scripts/prose.ts";

const textsOf = (path: string, source: string): string[] =>
  passagesOf(path, source).map(({ text }) => text.replace(/\s+/g, " ").trim()).filter((text) => text !== "");

Deno.test("passagesOf() reads paragraphs, lists and cells of a page, without code", () => {
  const page = `# A title

A paragraph with \`code\`
over two lines.

- One item.
- [Another](x.md) one.

| Name | Meaning |
|---|---|
| a | the first |

\`\`\`ts
const x = "This is code and no prose";
\`\`\`

The end.
`;
  assert.deepEqual(textsOf("a.md", page).filter((text) => !/^-+$/.test(text)), [
    "A paragraph with X over two lines.",
    "One item.",
    "[Another] one.",
    "Name",
    "Meaning",
    "a",
    "the first",
    "The end.",
  ]);
});

Deno.test("passagesOf() reads comments and texts of code, and knows their lines", () => {
  const code = `/**
 * Makes a thing.
 *
 * @param name what it is called
 * @example Make one
 * \`\`\`ts
 * make("this is an example of a call");
 * \`\`\`
 */
export function make(name: string): void {
  // It is made once.
  if (/"[\`]/.test(name)) throw new Error(\`Cannot make a thing of \${name} here\`);
  query("select a from b where c is not null");
}
`;
  assert.deepEqual(textsOf("a.ts", code), [
    "Makes a thing.",
    "what it is called",
    "Make one",
    "It is made once.",
    "Cannot make a thing of X here",
  ]);
  assert.equal(passagesOf("a.ts", code).find(({ text }) => text.startsWith("Cannot"))?.line, 12);
});

Deno.test("passagesOf() reads comments, comments on objects and errors of SQL", () => {
  const sql = `-- Takes a
-- thing.
create function rhythm.take() returns void language plpgsql as $$
begin
  perform rhythm.raise('RH001', 'There is no such thing here');
end;
$$;
comment on function rhythm.take() is
  'Takes a thing '
  'from here.';
`;
  assert.deepEqual(textsOf("a.sql", sql), [
    "Takes a thing.",
    "There is no such thing here",
    "Takes a thing from here.",
  ]);
});

for (
  const [sentence, expected] of [
    [`It is ${"very ".repeat(40)}long.`, /^43 words, 35 at most/],
    ["What is to be done is written here.", /"is to be"/],
    ["Keys are asked anew.", /"anew"/],
    ["Whoever holds the lock waits.", /"Whoever"/],
    ["Tasks that are born leased are rare.", /"born"/],
    ["It lets go of the lock.", /"lets go of"/],
    ["Send a sign of life.", /write heartbeat/],
    ["They differ in nothing but their inputs.", /"nothing but"/],
    ["A batch of which one member is left.", /"of which one"/],
    ["It says nothing that is not true.", /positive form/],
    ["So are the locks taken in one order.", /the subject first/],
    ["Wanted is what comes first.", /the subject first/],
  ] as const
) {
  Deno.test(`faultsOf() reports ${sentence.slice(0, 40)}`, () => {
    const faults = faultsOf({ line: 1, text: `This is fine. ${sentence} This is fine, too.` });
    assert.match(faults.map(({ message }) => message).join("\n"), expected);
  });
}

Deno.test("faultsOf() accepts ordinary sentences", () => {
  const text = "The next step is to start a worker. It waits until the lock is free, not unless it must. " +
    'This is for the good of all: "Stop" ends it. A worker of 200 MB is large (e.g. on a small machine).';
  assert.deepEqual(faultsOf({ line: 1, text }), []);
});
