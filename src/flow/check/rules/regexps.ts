import { globalName, type Report, type Rule } from "../rule.ts";

// One alternative a thing that may stand in a pattern: an escape, a class, the opening of a group.
const PARTS = /\\k<|\\(?<digit>[1-9])|\\[^]|\[(?:\\[^]|[^\]\\])*\]|\(\?(?<look><?[=!])/g;
const OFFERED = /[^dgimsuy]/;

/** Refuse in regular expressions what is not regular, and flags that are not offered. */
export const regexps: Rule = (flow, report) => {
  for (const { node } of flow.all("Literal")) {
    if (node.regex) checkPattern(node, node.regex.pattern, node.regex.flags, report);
  }
  for (const { node, scope } of [...flow.all("NewExpression"), ...flow.all("CallExpression")]) {
    if (globalName(node.callee, scope) !== "RegExp") continue;
    const [pattern, flags] = node.arguments.map((argument) =>
      argument.type === "Literal" ? argument.value : undefined
    );
    checkPattern(
      node,
      typeof pattern === "string" ? pattern : "",
      typeof flags === "string" ? flags : "",
      report,
    );
  }
};

function checkPattern(
  at: { start: number; end: number },
  pattern: string,
  flags: string,
  report: Report,
): void {
  for (const match of pattern.matchAll(PARTS)) {
    const look = match.groups?.look;
    const reference = match[0] === "\\k<" || match.groups?.digit;
    if (!look && !reference) continue;
    const what = look ? "lookaround" : "a back-reference";
    report(
      "F0123",
      at,
      `${what} is not regular, and not part of the flow language`,
      "match more, and test the groups in code",
    );
    break;
  }
  const other = OFFERED.exec(flags)?.[0];
  if (other) {
    report(
      "F0124",
      at,
      `the flag \`${other}\` is not offered`,
      "the flags are `d`, `g`, `i`, `m`, `s`, `u` and `y`",
    );
  }
}
