import process from "node:process";
import { join } from "node:path";
import type { RemoteAddress } from "../../db/sharing/remote.ts";

/** What `rhythm dev` leaves in the project, so that other commands find it. */
export interface DevState {
  /** The process. */
  readonly pid: number;
  /** Where its HTTP listens. */
  readonly url: string;
  /** What a caller must bring. */
  readonly token: string;
  /** Its database, without the password. */
  readonly database: string;
  /** The engine's schema. */
  readonly schema: string;
  /** Where other commands use the database through this process. */
  readonly served: RemoteAddress;
}

/** Where it lies. */
export function statePath(root: string): string {
  return join(root, ".rhythm", "dev.json");
}

/** Writes it, for this user's eyes alone. */
export async function writeState(root: string, state: DevState): Promise<void> {
  await Deno.mkdir(join(root, ".rhythm"), { recursive: true });
  const path = statePath(root);
  await Deno.remove(path).catch(() => {});
  await Deno.writeTextFile(path, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, createNew: true });
}

/** Removes it, if it is this process's. */
export async function removeState(root: string): Promise<void> {
  const found = await readRaw(root);
  if (found?.pid === Deno.pid) await Deno.remove(statePath(root)).catch(() => {});
}

/** Reads it; nothing if nobody is there. What a killed process left behind is removed. */
export async function readState(root: string): Promise<DevState | undefined> {
  const state = await readRaw(root);
  if (state === undefined) return undefined;
  if (isAlive(state.pid) && await isListening(state.url)) return state;
  await Deno.remove(statePath(root)).catch(() => {});
  return undefined;
}

async function readRaw(root: string): Promise<DevState | undefined> {
  try {
    const state = JSON.parse(await Deno.readTextFile(statePath(root)));
    return typeof state.pid === "number" && typeof state.url === "string" ? state : undefined;
  } catch {
    return undefined;
  }
}

// Signal 0 asks whether a process is there and does nothing to it.
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

// A process that was killed can be there for a while, and its number can be another's: only its own port tells.
async function isListening(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) });
    await response.body?.cancel();
    return true;
  } catch (error) {
    return (error as Error).name === "TimeoutError";
  }
}
