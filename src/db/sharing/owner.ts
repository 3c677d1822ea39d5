import type { RemoteAddress } from "./remote.ts";

/** Who has a directory of embedded data open. */
export interface Owner extends Partial<RemoteAddress> {
  /** The process. */
  readonly pid: number;
}

/** Says who has a directory open, for this user's eyes alone; without an address it does not share it. */
export async function writeOwner(path: string, address: RemoteAddress | undefined): Promise<void> {
  const owner = address === undefined ? {} : { port: address.port, token: address.token };
  const text = JSON.stringify({ pid: Deno.pid, ...owner } satisfies Owner);
  const draft = `${fileOf(path)}.${Deno.pid}`;
  await Deno.writeTextFile(draft, text, { mode: 0o600 });
  await Deno.rename(draft, fileOf(path));
}

/** Reads it; nothing if there is none. */
export async function readOwner(
  path: string,
): Promise<Owner & RemoteAddress | Owner & { port: undefined } | undefined> {
  try {
    const { pid, port, token } = JSON.parse(await Deno.readTextFile(fileOf(path)));
    return typeof port === "number" ? { pid, port, token: String(token) } : { pid, port: undefined };
  } catch {
    return undefined;
  }
}

/** Removes it. Only the process that has opened the directory may do this. */
export async function removeOwner(path: string): Promise<void> {
  await Deno.remove(fileOf(path)).catch(() => {});
}

function fileOf(path: string): string {
  return `${path}.owner.json`;
}
