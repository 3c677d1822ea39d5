import { examine } from "../app/doctor/examine.ts";
import type { Finding, Patient } from "../app/doctor/finding.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { count } from "./format.ts";
import { asTyped } from "./how_to_type.ts";
import { wrap } from "./redraw.ts";
import { openSession } from "./session.ts";
import type { Style, Terminal } from "./terminal.ts";

const SIGNS: Record<Finding["state"], [sign: string, style: Style]> = {
  ok: ["✔", "good"],
  warning: ["!", "warn"],
  problem: ["✘", "bad"],
  skipped: ["-", "quiet"],
};

/** Examines a database, and tells what was found and what to do. */
export async function tellFindings(call: Call): Promise<number> {
  await using session = await openSession(call.options);
  const { database, engine } = session;
  const patient: Patient = { engine, on: database, kind: database.kind, schema: engine.schema };
  const findings = await examine(patient);
  const problems = findings.filter(({ state }) => state === "problem").length;
  const warnings = findings.filter(({ state }) => state === "warning").length;
  if (call.json) {
    call.terminal.print(JSON.stringify({ database: database.url, problems, warnings, findings }));
  } else print(findings, call.terminal, { problems, warnings });
  return problems > 0 ? EXIT.no : EXIT.ok;
}

function print(
  findings: readonly Finding[],
  terminal: Terminal,
  { problems, warnings }: { problems: number; warnings: number },
): void {
  const { paint } = terminal;
  const width = Math.max(...findings.map(({ check }) => check.length));
  const tell = (line: string, indent: number): void => {
    const lines = terminal.isTerminal ? wrap(line, terminal.columns, indent) : [line];
    lines.forEach((one) => terminal.print(one));
  };
  for (const { check, state, message, fix } of findings) {
    const [sign, style] = SIGNS[state];
    tell(`${paint(style, sign)} ${check.padEnd(width)}  ${message}`, width + 4);
    if (fix !== undefined) tell(`  ${" ".repeat(width)}  ${paint("quiet", `→ ${asTyped(fix)}`)}`, width + 6);
  }
  const told = [
    ...(problems > 0 ? [paint("bad", count(problems, "problem"))] : []),
    ...(warnings > 0 ? [paint("warn", count(warnings, "warning"))] : []),
  ];
  terminal.print(`\n${told.length === 0 ? paint("good", "all is well") : told.join(", ")}`);
}
