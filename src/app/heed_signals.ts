const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

let forget: (() => void) | undefined;

/**
 * For the first line of a worker's process: from here on SIGINT and SIGTERM end it with exit code 0. Until
 * `worker.run()` at once, for nothing is in hand yet and what is under way with the database is one transaction, which
 * the server rolls back; from `run()` on as the worker does.
 *
 * @example A worker that whoever watches it may stop at any moment
 * ```ts
 * import { heedSignals, Rhythm } from "@rhythm/core";
 *
 * async function main(): Promise<void> {
 *   heedSignals();
 *   await using rhythm = await Rhythm.init({ flows: ["./flows"] });
 *   await rhythm.worker().run();
 * }
 * ```
 */
export function heedSignals(): void {
  forget ??= onSignal(() => Deno.exit(0));
}

/**
 * Calls back when the process is asked to stop; what `heedSignals()` would do ends with it.
 *
 * @param call called at each signal
 * @returns what ends it
 */
export function onSignal(call: () => void): () => void {
  for (const signal of SIGNALS) Deno.addSignalListener(signal, call);
  forget?.();
  forget = undefined;
  return () => {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, call);
  };
}
