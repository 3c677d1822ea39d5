/** What the command's exit codes say; documented in docs/reference/cli.md. */
export const EXIT = {
  /** It was done, and the answer is yes. */
  ok: 0,
  /** It was done, and the answer is no: an execution failed, a flow has errors, doctor found a problem. */
  no: 1,
  /** The command was used wrongly: nothing was done. */
  usage: 2,
  /** What was named does not exist. */
  notFound: 3,
  /** No database answers, or Rhythm is not installed there. */
  noDatabase: 4,
  /** The time was over before the end was. */
  timeout: 5,
  /** A fault of this program. */
  internal: 70,
  /** Ctrl-C ended the waiting. */
  interrupted: 130,
  /** SIGTERM ended the waiting. */
  terminated: 143,
} as const;
