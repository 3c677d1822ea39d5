import { join } from "node:path";

/** How far the clock of an embedded database was pushed, in milliseconds. It lies beside its data, and goes with them. */
export async function readPush(dataDir: string): Promise<number> {
  if (dataDir.startsWith("memory://")) return 0;
  const text = await Deno.readTextFile(placeOf(dataDir)).catch((error) => {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return "";
    throw error;
  });
  const ms = Number(text);
  return Number.isSafeInteger(ms) && ms > 0 ? ms : 0;
}

/** Keeps it for the processes that open the data later: time must not go back under what was made meanwhile. */
export async function writePush(dataDir: string, ms: number): Promise<void> {
  const path = placeOf(dataDir);
  await Deno.writeTextFile(`${path}.new`, String(ms));
  await Deno.rename(`${path}.new`, path);
}

function placeOf(dataDir: string): string {
  return join(dataDir, "rhythm_clock");
}
