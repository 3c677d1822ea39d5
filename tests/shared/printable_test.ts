import { strictEqual as same } from "node:assert/strict";
import { printable } from "../../src/shared/printable.ts";

Deno.test("printable() shows what a terminal would obey, and leaves lines, tabs and colours", () => {
  const cases: [given: string, expected: string][] = [
    ["plain ☃ 😀\n\tnext\r\n", "plain ☃ 😀\n\tnext\r\n"],
    ["\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"],
    ["\x1b]0;title\x07", "\\u001b]0;title\\u0007"],
    ["\x1b[2J\x1b[H", "\\u001b[2J\\u001b[H"],
    ["\x9b2J", "\\u009b2J"],
    ["done\rfail", "done\\u000dfail"],
    ["a\u202eb", "a\\u202eb"],
  ];
  for (const [given, expected] of cases) same(printable(given), expected);
});
