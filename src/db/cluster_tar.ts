import type { PGlite } from "@electric-sql/pglite";

/**
 * The data directory of a database, as a tar archive to begin others with. Nobody else may use the database meanwhile.
 *
 * @param engine the database
 */
export async function dumpCluster(engine: PGlite): Promise<Uint8Array<ArrayBuffer>> {
  // Without it, every database that begins with the archive would repeat from its log what was done here.
  await engine.exec("checkpoint");
  const { rows: [row] } = await engine.query<{ segment: string }>(
    "select pg_walfile_name(redo_lsn) as segment from pg_control_checkpoint()",
  );
  const tar = new Uint8Array(await (await engine.dumpDataDir("none")).arrayBuffer());
  const entries = entriesOf(tar).filter(({ name }) =>
    OWN.test(name) && (!/\/pg_wal\/[0-9A-F]{24}$/.test(name) || name.endsWith(row!.segment))
  );
  // Postgres takes a directory for a cluster when it has this file: written last, it tells that all else is there.
  const isLast = (name: string): number => name === "/PG_VERSION" ? 1 : 0;
  entries.sort((a, b) => isLast(a.name) - isLast(b.name));
  return joined([...entries.map(({ bytes }) => bytes), new Uint8Array(1024)]);
}

// Somebody may keep files of his own in the directory.
const OWN =
  /^\/(?:base|global|pg_\w+)(?:\/|$)|^\/(?:PG_VERSION|pg_hba\.conf|pg_ident\.conf|postgresql(?:\.auto)?\.conf|postmaster\.pid)$/;

/** A tar archive to begin databases with. A Blob of its own would copy its bytes twice, which takes a tenth of a second. */
export class TarBlob extends Blob {
  readonly #tar: Uint8Array<ArrayBuffer>;

  /**
   * Wraps an archive.
   *
   * @param tar the archive, which nobody changes
   */
  constructor(tar: Uint8Array<ArrayBuffer>) {
    super([], { type: "application/x-tar" });
    this.#tar = tar;
  }

  /** Its bytes. */
  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(this.#tar.buffer);
  }
}

/** The entries of a tar archive, each with its header. */
function entriesOf(tar: Uint8Array): { name: string; bytes: Uint8Array }[] {
  const decoder = new TextDecoder();
  const text = (from: number, to: number): string =>
    decoder.decode(tar.subarray(from, to)).replace(/\0.*$/s, "");
  const entries: { name: string; bytes: Uint8Array }[] = [];
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const end = at + 512 + Math.ceil((parseInt(text(at + 124, at + 136), 8) || 0) / 512) * 512;
    entries.push({ name: text(at, at + 100), bytes: tar.subarray(at, end) });
    at = end;
  }
  return entries;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
