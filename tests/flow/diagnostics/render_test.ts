import assert from "node:assert/strict";
import { analyzeFlow } from "../../../src/flow/check/mod.ts";
import { renderDiagnostic, renderDiagnostics } from "../../../src/flow/diagnostics/mod.ts";

function picture(source: string): string {
  const name = "onboard.flow";
  return renderDiagnostics(analyzeFlow({ name, source }).diagnostics, { name, source });
}

Deno.test("renderDiagnostics() draws the picture of the design", () => {
  assert.equal(
    picture("\n\nvar user = 1"),
    [
      "error[F0107]: `var` is not part of the flow language",
      "  --> onboard.flow:3:1",
      "   |",
      " 3 | var user = 1",
      "   | ^^^ use `let` or `const`",
    ].join("\n"),
  );
});

Deno.test("renderDiagnostics() lines carets up behind tabs and wide characters", () => {
  assert.equal(
    picture('\tlet 名前 = "日本"; usr()'),
    [
      "error[F0201]: there is no `usr`",
      "  --> onboard.flow:1:17",
      "   |",
      ' 1 |     let 名前 = "日本"; usr()',
      "   |                        ^^^",
    ].join("\n"),
  );
});

Deno.test("renderDiagnostics() shows both ends of a span of many lines", () => {
  assert.equal(
    picture("return 1\nif (Date.now()) {\n  console.log(1)\n}\n"),
    [
      "warning[F0304]: this code can never be reached",
      "  --> onboard.flow:2:1",
      "   |",
      " 2 | if (Date.now()) {",
      "   | ^^^^^^^^^^^^^^^^^",
      "...",
      " 4 | }",
      "   | ^ remove it",
    ].join("\n"),
  );
});

Deno.test("renderDiagnostics() reports several problems of one flow in order", () => {
  assert.equal(
    picture("let total = 1\nlet a = (1 2)\nclass A {}\nconst b = 1\nb = totl"),
    [
      "error[F0001]: expected `,` or `)`, found `2`",
      "  --> onboard.flow:2:12",
      "   |",
      " 2 | let a = (1 2)",
      "   |            ^",
      "",
      "error[F0102]: `class` is not part of the flow language",
      "  --> onboard.flow:3:1",
      "   |",
      " 3 | class A {}",
      "   | ^^^^^ use functions and plain objects",
      "",
      "error[F0202]: `b` is a constant and cannot be assigned to",
      "  --> onboard.flow:5:1",
      "   |",
      " 5 | b = totl",
      "   | ^ declare it with `let`",
    ].join("\n"),
  );
});

Deno.test("renderDiagnostics() points into the YAML of the front matter", () => {
  assert.equal(
    picture("```\nname: a\nqueu: b\n```\nreturn 1"),
    [
      "error[F0402]: `queu` is not a front-matter key",
      "  --> onboard.flow:3:1",
      "   |",
      " 3 | queu: b",
      "   | ^^^^ did you mean `queue`?",
    ].join("\n"),
  );
});

Deno.test("renderDiagnostic() shows only the part of a long line around the span", () => {
  const source = `${"a; ".repeat(200)}var x; ${"a; ".repeat(200)}`;
  const drawn = renderDiagnostic({ code: "F0107", severity: "error", start: 600, end: 603, message: "no" }, {
    name: "long.flow",
    source,
  });
  const [, place, , line, carets] = drawn.split("\n");
  assert.equal(place, "  --> long.flow:1:601");
  assert.ok(line!.length < 180);
  assert.equal(line!.slice(carets!.indexOf("^"), carets!.indexOf("^") + 3), "var");
});

Deno.test("renderDiagnostic() fits a terminal: sentences are broken between words, the source is cut", () => {
  const source = `const a = 1; const b = await Timer.delay("1 sek"); ${"a; ".repeat(20)}`;
  const diagnostic = {
    ...{ code: "F0307", severity: "warning" as const, start: source.indexOf('"'), end: source.indexOf(");") },
    message: '"1 sek" cannot be the duration of `Timer.delay`',
    hint: 'write a duration: seconds, or text such as "1h30m"',
  };
  assert.equal(
    renderDiagnostic(diagnostic, { name: "a.flow", source, columns: 50 }),
    [
      'warning[F0307]: "1 sek" cannot be the duration of',
      "                `Timer.delay`",
      "  --> a.flow:1:42",
      "   |",
      ' 1 | …mer.delay("1 sek"); a; a; a; a; a; a; a; a;…',
      "   |            ^^^^^^^",
      "   | write a duration: seconds, or text such as",
      '   | "1h30m"',
    ].join("\n"),
  );
  const narrow = renderDiagnostic(diagnostic, { name: "a.flow", source, columns: 40 });
  assert.ok(narrow.split("\n").every((line) => line.length <= 40), narrow);
});

Deno.test("renderDiagnostics() paints only when asked", () => {
  const diagnostic = { code: "F0107", severity: "error" as const, start: 0, end: 3, message: "no" };
  const options = { name: "a.flow", source: "var a" };
  const painted = renderDiagnostic(diagnostic, { ...options, colors: true });
  assert.notEqual(painted, renderDiagnostic(diagnostic, options));
  // deno-lint-ignore no-control-regex
  assert.equal(painted.replace(/\x1b\[[\d;]*m/g, ""), renderDiagnostic(diagnostic, options));
});
