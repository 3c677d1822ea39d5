import { library } from "../builtins/mod.ts";
import { analyzeFlow } from "../check/mod.ts";
import { compileTree } from "../compile/compiler.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { FrontMatter } from "../front_matter.ts";
import { inspectMachine } from "../snapshot/inspect.ts";
import type {
  FlowHost,
  FlowStart,
  FlowView,
  Program,
  Settled,
  Snapshot,
  Step,
  StepMoment,
  StepOptions,
} from "../types.ts";
import { checkPlain } from "../../shared/arguments.ts";
import { checkFlowText, checkProgram, checkSettled, checkStart, checkStep } from "./face_arguments.ts";
import { createWorld } from "./globals.ts";
import type { LineHeat } from "../vm/heat.ts";
import { Run } from "./run.ts";

const world = createWorld(library);

/** What {@linkcode compileFlow} gives. */
export interface CompiledFlow {
  /** Absent exactly when a diagnostic is an error. */
  program?: Program;
  /** What stands above the body. */
  frontMatter: FrontMatter;
  /** What is wrong or doubtful, in the order of the source. */
  diagnostics: Diagnostic[];
}

/**
 * Compile a flow.
 *
 * @param flow its file name and its text
 * @returns the program, or what is wrong; never throws on bad source
 *
 * @example A problem and where it is
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { program, diagnostics } = compileFlow({ name: "a.flow", source: "var user = 1" });
 * assert.equal(program, undefined);
 * assert.equal(diagnostics[0]!.code, "F0107");
 * ```
 */
export function compileFlow(flow: { name: string; source: string }): CompiledFlow {
  checkFlowText(flow, "compileFlow()");
  const { ast, frontMatter, diagnostics } = analyzeFlow(flow);
  const bad = diagnostics.some((one) => one.severity === "error");
  if (bad || ast === undefined) return { frontMatter, diagnostics };
  const { index } = frontMatter;
  return {
    program: compileTree(ast, {
      name: flow.name,
      source: flow.source,
      ...(index !== undefined && { index }),
    }),
    frontMatter,
    diagnostics,
  };
}

/**
 * Start an execution and run it to its first wait.
 *
 * @param program what {@linkcode compileFlow} gave
 * @param start inputs and context
 * @param host the step, its moment, and what random numbers and ids come from
 * @param options limits
 * @returns its state, and what it started
 *
 * @example From start to end
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { program } = compileFlow({ name: "hello.flow", source: 'return "Hello " + await Task.run("name")' });
 * const host = { executionId: "1", seed: "7", epoch: 0, step: 1, moment: new Date() };
 * const context = {
 *   executionId: "1", flow: "hello", version: 1, queue: "default",
 *   attempt: 1, parentId: null, createdAt: "2026-01-01T00:00:00.000Z", metadata: {},
 * };
 * let step = startFlow(program!, { inputs: {}, context }, host);
 * const id = step.waits[0]!.ids[0]!;
 * const next = { ...host, step: 2, moment: new Date() };
 * step = resumeFlow(program!, step.snapshot!, [{ id, status: "completed", output: "Ada" }], next);
 * assert.equal(step.output, "Hello Ada");
 * ```
 */
export function startFlow(program: Program, start: FlowStart, host: FlowHost, options?: StepOptions): Step {
  checkStep({ program, host, options }, "startFlow()");
  checkStart(start, { where: "startFlow()", argument: "start" });
  return Run.start({ world, program, host, options }, start).step;
}

/**
 * Go on from a snapshot.
 *
 * @param program the program that the snapshot belongs to
 * @param snapshot what the last step gave
 * @param settled the operations that have ended since
 * @param host the step, its moment, and what random numbers and ids come from
 * @param options limits; `cancel` throws a cancellation that only `finally` sees
 * @returns its state, and what it started
 * @throws {SnapshotError} when the snapshot is of another program or format, or damaged
 */
export function resumeFlow(
  program: Program,
  snapshot: Snapshot,
  settled: readonly Settled[],
  host: FlowHost,
  options?: StepOptions,
): Step {
  checkStep({ program, host, options }, "resumeFlow()");
  checkSettled(settled, "resumeFlow()");
  return Run.read({ world, program, host, options }, snapshot).advance(settled);
}

/** An execution that is kept in memory between its steps. */
export interface OpenFlow {
  /** The last step; its snapshot is as good as ever. */
  readonly step: Step;
  /** Go on with what has ended, as the next step, without reading the snapshot again. */
  advance(settled: readonly Settled[], at: StepMoment): Step;
  /** How often its lines were waited at, and for how long, since this was asked last. */
  takeHeat(): LineHeat[];
}

/**
 * Start an execution, or read one back, and keep it in memory: its next steps need no decoding.
 *
 * @param program the program
 * @param from inputs and context, or a snapshot and what has ended since
 * @param host the step, its moment, and what random numbers and ids come from
 * @param options limits; cancellation goes through {@linkcode resumeFlow}
 * @returns the open execution
 *
 * @example Two steps without decoding
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { program } = compileFlow({ name: "wait.flow", source: "await Timer.delay(60)\nreturn 'done'" });
 * const host = { executionId: "1", seed: "7", epoch: 0, step: 1, moment: new Date() };
 * const context = {
 *   executionId: "1", flow: "hello", version: 1, queue: "default",
 *   attempt: 1, parentId: null, createdAt: "2026-01-01T00:00:00.000Z", metadata: {},
 * };
 * const open = openFlow(program!, { inputs: {}, context }, host);
 * assert.equal(open.step.status, "suspended");
 * const id = open.step.waits[0]!.ids[0]!;
 * open.advance([{ id, status: "completed", output: null }], { step: 2, moment: new Date() });
 * assert.equal(open.step.output, "done");
 * ```
 */
export function openFlow(
  program: Program,
  from: FlowStart | { snapshot: Snapshot; settled: readonly Settled[] },
  host: FlowHost,
  options?: StepOptions,
): OpenFlow {
  const where = "openFlow()";
  checkStep({ program, host, options }, where);
  checkPlain(from, { argument: "from", where });
  if ("snapshot" in from) checkSettled(from.settled, where);
  else checkStart(from, { where, argument: "from" });
  const given = { world, program, host, options };
  const opened = "snapshot" in from
    ? read(Run.read(given, from.snapshot), from.settled)
    : Run.start(given, from);
  const { run } = opened;
  let { step } = opened;
  return {
    get step() {
      return step;
    },
    advance: (settled, at) => step = run.advance(settled, at),
    takeHeat: () => run.takeHeat(),
  };
}

function read(run: Run, settled: readonly Settled[]): { run: Run; step: Step } {
  return { run, step: run.advance(settled) };
}

/**
 * The place of every activation of a snapshot, what it waits for, and the values of its variables.
 *
 * @param program the program that the snapshot belongs to
 * @param snapshot any snapshot of it
 * @returns one view for each suspended activation, the body of the flow first
 * @throws {SnapshotError} when the snapshot is of another program or format, or damaged
 *
 * @example The place of a flow
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { program } = compileFlow({ name: "wait.flow", source: "const n = 5\nawait Timer.delay(n)" });
 * const host = { executionId: "1", seed: "7", epoch: 0, step: 1, moment: new Date() };
 * const context = {
 *   executionId: "1", flow: "hello", version: 1, queue: "default",
 *   attempt: 1, parentId: null, createdAt: "2026-01-01T00:00:00.000Z", metadata: {},
 * };
 * const { snapshot } = startFlow(program!, { inputs: {}, context }, host);
 * const [main] = inspectFlow(program!, snapshot!).fibres;
 * assert.equal(main!.line, 2);
 * assert.equal(main!.variables.n, 5);
 * assert.equal(main!.waitsFor.length, 1);
 * ```
 */
export function inspectFlow(program: Program, snapshot: Snapshot): FlowView {
  checkProgram(program, "inspectFlow()");
  const host = { executionId: "", seed: "", epoch: 0, step: 0, moment: new Date(0) };
  const { machine, fibres } = Run.open({ world, program, host }, snapshot);
  return inspectMachine(machine, fibres);
}
