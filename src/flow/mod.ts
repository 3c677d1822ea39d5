/**
 * The flow language: JavaScript that may stop at any `await`, for a second or a year.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { compileFlow } from "@rhythm/core/flow";
 *
 * const { program, diagnostics } = compileFlow({ name: "sum.flow", source: "return Inputs.a + Inputs.b" });
 * assert.equal(diagnostics.length, 0);
 * assert.equal(program!.name, "sum.flow");
 * ```
 *
 * @module
 */
export {
  type CompiledFlow,
  compileFlow,
  inspectFlow,
  type OpenFlow,
  openFlow,
  resumeFlow,
  startFlow,
} from "./durable/face.ts";
export type { LineHeat } from "./vm/heat.ts";
export { ProgramError } from "./compile/verify.ts";
export { SnapshotError } from "./snapshot/decode.ts";
export {
  type Diagnostic,
  renderDiagnostic,
  renderDiagnostics,
  type RenderOptions,
  type Severity,
} from "./diagnostics/mod.ts";
export type { FlowRetry, FrontMatter } from "./front_matter.ts";
export { RhythmError } from "../shared/error.ts";
export type {
  Duration,
  Effect,
  ErrorJson,
  FibreView,
  FlowContext,
  FlowFailure,
  FlowHost,
  FlowLimits,
  FlowRetryOptions,
  FlowStart,
  FlowView,
  FunctionCode,
  JsonObject,
  JsonValue,
  Program,
  RunOptions,
  Settled,
  Snapshot,
  Step,
  StepMoment,
  StepOptions,
  Wait,
} from "./types.ts";
