import type { FunctionCode } from "../compile/program.ts";
import type { Fibre } from "./fibre.ts";
import type { FlowFunction } from "./value.ts";

/** A running call. Its registers are in the machine's stack, from `base` on. */
export class Frame {
  fn!: FlowFunction;
  code!: FunctionCode;
  base = 0;
  /** Where it stands: the instruction that called, threw or is about to run. */
  pc = 0;
  /** Set in an async function. */
  fibre: Fibre | undefined = undefined;
  /** Whether the host waits for this frame's end: returning leaves the interpreter. */
  entry = false;
}

/** What is thrown when an execution is cancelled: only `finally` sees it. */
export class Cancellation {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
