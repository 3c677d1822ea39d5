/** What the engine notifies of: `work` in a queue, `done` executions, `progress` of one, what is to `stop`. */
export type ChannelKind = "work" | "done" | "progress" | "stop";

/** The NOTIFY channel of an installation, as SQL's `channel()` names it. */
export function channelName(schema: string, kind: ChannelKind): string {
  return `${schema}_${kind}`;
}
