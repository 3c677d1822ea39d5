/** What the functions of the flow language's face are given: wrong arguments are told apart from faults of a program. */
import {
  ANY_TEXT,
  ANYTHING,
  ARRAY,
  checkArgument,
  checkShape,
  COUNT,
  FUNCTION,
  OBJECT,
  type OwnType,
  type Shape,
  TEXT,
} from "../../shared/arguments.ts";
import { defaultLimits } from "../vm/limits.ts";
import type { FlowHost, FlowStart, Program, StepOptions } from "../types.ts";

const PROGRAM: OwnType = {
  kind: "own",
  wanted: "a program that compileFlow() made",
  fits: (value) =>
    typeof value === "object" && value !== null && "hash" in value && "functions" in value &&
    Array.isArray(value.functions),
};
const HOST: Shape = {
  executionId: ANY_TEXT,
  seed: ANY_TEXT,
  epoch: { kind: "number", from: 0, to: 2 ** 31, whole: true },
  step: { kind: "number", from: 0, to: 2 ** 32, whole: true },
  moment: {
    kind: "own",
    wanted: "a Date",
    fits: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  },
  pause: FUNCTION,
};
// What they are is checked by themselves.
const OPTIONS: Shape = { limits: ANYTHING, cancel: ANY_TEXT };
const LIMITS: Shape = Object.fromEntries(Object.keys(defaultLimits).map((name) => [name, COUNT]));

/** Checks what a step is taken with. */
export function checkStep(
  given: { program: Program; host: FlowHost; options: StepOptions | undefined },
  where: string,
): void {
  const { program, host, options } = given;
  checkArgument(program, { argument: "program", type: PROGRAM, where });
  const required = ["executionId", "seed", "epoch", "step", "moment"];
  checkShape(host, HOST, { where, argument: "host", required });
  if (options === undefined) return;
  checkShape(options, OPTIONS, { where });
  if (options.limits !== undefined) checkShape(options.limits, LIMITS, { where, argument: "limits" });
}

/** Checks what an execution starts with. */
export function checkStart(start: FlowStart, about: { where: string; argument: string }): void {
  checkShape(start, { inputs: ANYTHING, context: OBJECT }, { ...about, required: ["context"] });
}

/** Checks what has ended since a snapshot. The reader of a snapshot checks the snapshot itself. */
export function checkSettled(settled: unknown, where: string): void {
  checkArgument(settled, { argument: "settled", type: ARRAY, where });
}

/** Checks a program. */
export function checkProgram(program: Program, where: string): void {
  checkArgument(program, { argument: "program", type: PROGRAM, where });
}

/** Checks a flow as text. */
export function checkFlowText(flow: { name: string; source: string }, where: string): void {
  const shape = { name: TEXT, source: ANY_TEXT };
  checkShape(flow, shape, { where, argument: "flow", required: ["name", "source"] });
}
