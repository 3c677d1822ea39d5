/** How far one execution may go. */
export interface FlowLimits {
  /** Instructions between two suspensions. */
  instructions: number;
  /** Calls within calls. */
  callDepth: number;
  /** Callbacks of built-ins within callbacks of built-ins: each takes space on the host's own stack. */
  callbackDepth: number;
  /** Characters of one string. */
  stringLength: number;
  /** Elements of one array. */
  arrayLength: number;
  /** Characters of a snapshot's text. */
  snapshotSize: number;
  /** Characters of the text of one value that crosses a boundary. */
  valueSize: number;
  /** Durable operations under way at once. */
  pendingPromises: number;
  /** Tasks, children, timers, waits and signals that one step asks for. */
  effects: number;
  /** Characters of all that one step sends. */
  effectsSize: number;
  /** Log lines of one step; what is beyond is counted. */
  logLines: number;
  /** Characters of the log lines of one step, likewise. */
  logSize: number;
  /** Characters of one log line; the rest is cut. */
  messageSize: number;
}

/** The limits unless told otherwise. */
export const defaultLimits: FlowLimits = {
  instructions: 10_000_000,
  callDepth: 2_000,
  callbackDepth: 150,
  stringLength: 16 * 1024 * 1024,
  arrayLength: 4 * 1024 * 1024,
  snapshotSize: 1024 * 1024,
  valueSize: 1024 * 1024,
  pendingPromises: 100_000,
  effects: 200_000,
  effectsSize: 64 * 1024 * 1024,
  logLines: 1_000,
  logSize: 256 * 1024,
  messageSize: 16 * 1024,
};
