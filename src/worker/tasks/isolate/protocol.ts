import type { ExecutionError } from "../../../define/mod.ts";

/** What the host tells an isolated handler. */
export type ToIsolate =
  | {
    readonly type: "run";
    readonly module: string;
    readonly task: string;
    readonly input: unknown;
    readonly executionId: string;
    readonly attempt: number;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly lastCheckpoint: unknown;
  }
  | { readonly type: "stored"; readonly nth: number; readonly problem?: string }
  | { readonly type: "abort"; readonly reason: string };

/** What an isolated handler tells its host. */
export type FromIsolate =
  | {
    readonly type: "log";
    readonly level: "debug" | "info" | "warn" | "error";
    readonly message: string;
    readonly data?: string;
  }
  | { readonly type: "progress"; readonly value: string }
  | { readonly type: "checkpoint"; readonly nth: number; readonly value: string }
  | { readonly type: "done"; readonly output: string | undefined }
  | { readonly type: "failed"; readonly error: ExecutionError; readonly retryable: boolean };
