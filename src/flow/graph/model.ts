/** One step of a drawn flow. */
export type Step =
  | { kind: "task" | "workflow" | "timer" | "signal" | "send" | "call"; label: string; line: number }
  | { kind: "return" | "throw"; label: string; line: number }
  | { kind: "leave"; label: string; line: number }
  | { kind: "choice"; label: string; line: number; branches: Branch[] }
  | { kind: "loop"; label: string; line: number; body: Step[]; endless?: boolean }
  | { kind: "later"; label: string; line: number; body: Step[] }
  | { kind: "parallel"; label: string; line: number; branches: Branch[] }
  | { kind: "attempt"; label: string; line: number; body: Step[]; caught?: Branch; last?: Step[] };

/** One way through a choice, or one of several at the same time. */
export interface Branch {
  /** When this way is taken. */
  label: string;
  /** What happens on it. */
  steps: Step[];
}

/** A flow as it is drawn. */
export interface FlowGraph {
  /** Its name. */
  name: string;
  /** What happens, from the beginning. */
  steps: Step[];
  /** Functions of its own that do durable things, drawn beside it. */
  functions: { name: string; line: number; steps: Step[] }[];
}
