import { checkArgument, FUNCTION } from "../define/mod.ts";

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

let stopExiting: (() => void) | undefined;

/**
 * Says what SIGINT and SIGTERM do. Without an argument: end the process with exit code 0.
 *
 * Call it in the first line of a worker's process. Until `worker.run()` the process then ends at once: nothing is in
 * flight yet, and a transaction that is open is rolled back by the server. From `run()` on the worker handles signals:
 * it stops as `worker.stop()` does.
 *
 * @param call called at each signal. It takes the place of a call without an argument
 * @returns what ends it
 *
 * @example A worker that may be stopped at any moment
 * ```ts
 * import { onShutdown, Rhythm } from "@rhythm/core";
 *
 * async function main(): Promise<void> {
 *   onShutdown();
 *   await using rhythm = await Rhythm.init({ flows: ["./flows"] });
 *   await rhythm.worker().run();
 * }
 * ```
 */
export function onShutdown(call?: () => void): () => void {
  if (call !== undefined) checkArgument(call, { argument: "call", type: FUNCTION, where: "onShutdown()" });
  stopExiting?.();
  stopExiting = undefined;
  const stop = listen(call ?? ((): void => Deno.exit(0)));
  if (call === undefined) stopExiting = stop;
  return stop;
}

function listen(call: () => void): () => void {
  for (const signal of SIGNALS) Deno.addSignalListener(signal, call);
  return () => {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, call);
  };
}
