import { type Pausable, pause as pauseIt, resume as resumeIt } from "../db/calls/pauses.ts";
import { ANY_STORED_TEXT, checkShape, type PauseOptions, type Shape } from "../define/mod.ts";
import type { ClientCore } from "./core.ts";

const PAUSE: Shape = { reason: ANY_STORED_TEXT, by: ANY_STORED_TEXT };

/** Pauses something; false: it was paused already, or an execution has ended. */
export async function pause(
  core: ClientCore,
  what: Pausable,
  options: PauseOptions,
  where: string,
): Promise<boolean> {
  checkShape(options, PAUSE, { where });
  const why = { reason: options.reason ?? null, by: options.by ?? null };
  return await core.retried(() => pauseIt(core.engine, what, why));
}

/** Ends a pause; false: there was none. */
export async function resume(core: ClientCore, what: Pausable): Promise<boolean> {
  return await core.retried(() => resumeIt(core.engine, what));
}
