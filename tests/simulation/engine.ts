/** A Postgres with one session, as the simulation uses it. PGlite is one. */
export interface Engine {
  /** Runs statements, one after another; gives what each returned. */
  exec(text: string): Promise<readonly { readonly rows: readonly unknown[] }[]>;
  /** Calls when a commit sends a notification; gives what ends that. */
  onNotification(call: (channel: string, payload: string) => void): () => void;
  /** How much processor time its own process has used by now, in seconds; nothing: it has none, or nobody can tell. */
  cpuSeconds?(): Promise<number | undefined>;
  /** Closes it. */
  close(): Promise<void>;
}

/** Where the Postgres of a simulation is: in this process, or a server of its own beside it. */
export type Place = "pglite" | "native";
