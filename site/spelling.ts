/**
 * Checks the spelling of what people read: pages, comments, errors, help, comments on SQL objects. Words that the dictionaries
 * do not have go into `site/cspell.json`.
 *
 *     deno run -A --config=site/deno.json site/spelling.ts
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { spellCheckDocument } from "cspell-lib";
import { type Passage, readPassages } from "../scripts/prose.ts";

const config = fileURLToPath(new URL("cspell.json", import.meta.url));
const found: (Passage & { path: string; start: number })[] = [];
let text = "";
for await (const { path, passages } of readPassages()) {
  for (const passage of passages) {
    found.push({ ...passage, path, start: text.length });
    text += `${passage.text}\n\n`;
  }
}

const { issues } = await spellCheckDocument(
  { uri: new URL("prose.txt", import.meta.url).href, text, languageId: "plaintext", locale: "en,en-GB" },
  { generateSuggestions: false, noConfigSearch: true, configFile: config },
  { maxNumberOfProblems: 10_000, maxDuplicateProblems: 3 },
);
for (const { text: word, offset } of issues) {
  const { path, line, text } = found.findLast(({ start }) => start <= offset)!;
  console.log(`${path}:${line}: unknown word "${word}": ${text.replace(/\s+/g, " ").slice(0, 100)}`);
}
if (issues.length > 0) {
  console.error(`${issues.length} unknown words: correct them, or add them to site/cspell.json`);
  Deno.exit(1);
}
