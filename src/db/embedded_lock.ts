import { RhythmError } from "../shared/error.ts";

/** Thrown when a process wants to open embedded data that a process has open: two writers would destroy them. */
export class DatabaseInUseError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "DatabaseInUseError";

  /**
   * Makes the error and its message.
   *
   * @param dataDir the directory of the data
   */
  constructor(dataDir: string) {
    super(
      `Cannot open the embedded database in ${dataDir}: another process has it open and does not share it. ` +
        `Let that one listen on 127.0.0.1 (--allow-net), stop it, or set RHYTHM_DATABASE_URL to a Postgres server`,
      { code: "DATABASE_IN_USE" },
    );
  }
}

/**
 * Takes a directory of embedded data for oneself. The system gives the lock back when the process ends, however it ends.
 *
 * @param dataDir the directory
 * @returns gives the directory back; nothing: another process has it
 */
export async function lockDirectory(dataDir: string): Promise<(() => void) | undefined> {
  const file = await Deno.open(`${dataDir}.lock`, { create: true, write: true });
  if (await file.tryLock(true)) return () => file.close();
  file.close();
}
