/**
 * What a parsed flow must satisfy before it is compiled.
 *
 * @module
 */
import { CODES } from "../diagnostics/codes.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Program } from "../parser/ast.ts";
import { type ParsedFlow, parseFlow, type ParseOptions } from "../parser/parse_flow.ts";
import { analyze } from "./analyze.ts";
import type { Report, Rule } from "./rule.ts";
import { arrayHoles } from "./rules/array_holes.ts";
import { builtInMembers } from "./rules/built_in_members.ts";
import { combinators } from "./rules/combinators.ts";
import { constants } from "./rules/constants.ts";
import { constructors } from "./rules/constructors.ts";
import { durableArguments } from "./rules/durable_arguments.ts";
import { earlyUses } from "./rules/early_uses.ts";
import { idle } from "./rules/idle.ts";
import { losers } from "./rules/losers.ts";
import { promises } from "./rules/promises.ts";
import { prototypeMembers } from "./rules/prototype_members.ts";
import { redeclarations } from "./rules/redeclarations.ts";
import { regexps } from "./rules/regexps.ts";
import { shadowing } from "./rules/shadowing.ts";
import { targets } from "./rules/targets.ts";
import { unawaited } from "./rules/unawaited.ts";
import { unknownNames } from "./rules/unknown_names.ts";
import { unknownTasks } from "./rules/unknown_tasks.ts";
import { unreachable } from "./rules/unreachable.ts";

const RULES: readonly Rule[] = [
  unknownNames,
  constants,
  redeclarations,
  earlyUses,
  shadowing,
  builtInMembers,
  prototypeMembers,
  constructors,
  arrayHoles,
  regexps,
  targets,
  durableArguments,
  promises,
  combinators,
  losers,
  unawaited,
  idle,
  unreachable,
];

/** Codes that say nothing when a declaration may have been lost with a statement that could not be read. */
const NEEDS_ALL: ReadonlySet<string> = new Set(["F0201", "F0207", "F0208"]);

/** At most so many problems are given for one flow, errors first. */
const MAX_DIAGNOSTICS = 100;

/** What a flow finds where it runs. */
export interface Surroundings {
  /** The names of the tasks; others are warned of. */
  tasks?: ReadonlySet<string> | undefined;
}

/**
 * Check a tree.
 *
 * @param program what the parser gave
 * @param known what else is known
 * @returns what is wrong with it, in the order of the source
 */
export function checkFlow(program: Program, known: Surroundings = {}): Diagnostic[] {
  const flow = analyze(program);
  const found = new Map<string, Diagnostic>();
  const report: Report = (code, { start, end }, message, hint) => {
    const key = `${code}@${start}:${end}`;
    if (!found.has(key)) found.set(key, { code, severity: CODES[code].severity, start, end, message, hint });
  };
  for (const rule of RULES) rule(flow, report);
  if (known.tasks !== undefined) unknownTasks(known.tasks)(flow, report);
  return inOrder([...found.values()]);
}

/**
 * Parse a flow and check it.
 *
 * @param options the flow's name and source, and what it finds where it runs
 * @returns the tree, what the front matter says, and every problem in the order of the source
 */
export function analyzeFlow(options: ParseOptions & Surroundings): ParsedFlow {
  const parsed = parseFlow(options);
  if (!parsed.ast) return { ...parsed, diagnostics: capped(parsed.diagnostics) };
  const places = new Set(parsed.diagnostics.map(({ start, end }) => `${start}:${end}`));
  const checked = checkFlow(parsed.ast, options).filter(({ code, start, end }) => {
    return (parsed.complete || !NEEDS_ALL.has(code)) && !places.has(`${start}:${end}`);
  });
  return { ...parsed, diagnostics: capped([...parsed.diagnostics, ...checked]) };
}

function capped(diagnostics: Diagnostic[]): Diagnostic[] {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const warnings = diagnostics.filter(({ severity }) => severity === "warning");
  return inOrder([...inOrder(errors), ...inOrder(warnings)].slice(0, MAX_DIAGNOSTICS));
}

function inOrder(diagnostics: Diagnostic[]): Diagnostic[] {
  return diagnostics.sort((a, b) => a.start - b.start || a.end - b.end);
}
