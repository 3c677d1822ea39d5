/** How bad a problem is: there is no program exactly when there is an `error`. */
export type Severity = "error" | "warning";

/** A problem in a flow's source, with its place as offsets into the source. */
export interface Diagnostic {
  /** A stable code, such as `F0107`; listed in `docs/reference/flow-diagnostics.md`. */
  code: string;
  /** How bad it is. */
  severity: Severity;
  /** Where the problem begins, as an offset into the source. */
  start: number;
  /** Where it ends, exclusive. */
  end: number;
  /** What is wrong, in one sentence without a full stop. */
  message: string;
  /** What to write instead, where there is something. */
  hint?: string;
}
