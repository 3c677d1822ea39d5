import type { PGlite } from "@electric-sql/pglite";
import { dirname } from "node:path";

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
  const { FS } = engine.Module;
  const parts: Uint8Array[] = [];
  const add = (path: string): void => {
    const { mode, mtime } = FS.stat(DATA + path);
    if (FS.isDir(mode)) {
      parts.push(header(path, { mode, mtime, size: 0, type: DIRECTORY }));
      for (const name of FS.readdir(DATA + path)) if (!/^\.\.?$/.test(name)) wanted(`${path}/${name}`);
      return;
    }
    const data = FS.readFile(DATA + path);
    parts.push(
      header(path, { mode, mtime, size: data.length, type: FILE }),
      data,
      new Uint8Array(-data.length & 511),
    );
  };
  const wanted = (path: string): void => {
    if (!/\/pg_wal\/[0-9A-F]{24}$/.test(path) || path.endsWith(row!.segment)) add(path);
  };
  for (const name of FS.readdir(DATA)) if (OWN.test(name)) wanted(`/${name}`);
  // Postgres takes a directory for a cluster when it has this file: written last, it tells that all else is there.
  add("/PG_VERSION");
  return joined([...parts, new Uint8Array(1024)]);
}

/** Where the engine sees its data directory. */
const DATA = "/pglite/data";
const FILE = "0";
const DIRECTORY = "5";

// Somebody may keep files of his own in the directory.
const OWN =
  /^(?:base|global|pg_(?!hba|ident)\w+|pg_hba\.conf|pg_ident\.conf|postgresql(?:\.auto)?\.conf|postmaster\.pid)$/;

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

/**
 * Writes an archive of {@linkcode dumpCluster} into a directory. Postgres takes it for a cluster once the last file is there.
 * The engine could do it, too, but takes three times as long.
 *
 * @param tar the archive
 * @param directory where; made when missing
 */
export function unpackCluster(tar: Uint8Array<ArrayBuffer>, directory: string): void {
  for (const { path, isDirectory, data } of entriesOf(tar)) {
    const place = `${directory}/${path}`;
    if (isDirectory) {
      Deno.mkdirSync(place, { recursive: true, mode: 0o700 });
    } else {
      Deno.mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
      Deno.writeFileSync(place, data, { mode: 0o600 });
    }
  }
}

function* entriesOf(
  tar: Uint8Array<ArrayBuffer>,
): Generator<{ path: string; isDirectory: boolean; data: Uint8Array }> {
  const decoder = new TextDecoder();
  const text = (from: number, to: number): string =>
    decoder.decode(tar.subarray(from, to)).replace(/\0.*$/s, "");
  for (let at = 0; tar[at];) {
    const size = parseInt(text(at + 124, at + 136), 8);
    yield {
      path: text(at, at + 100).replace(/^\/+/, ""),
      isDirectory: text(at + 156, at + 157) === DIRECTORY,
      data: tar.subarray(at + 512, at + 512 + size),
    };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

/** The header of an entry of a tar archive in the form of POSIX. */
function header(
  path: string,
  { mode, mtime, size, type }: { mode: number; mtime: Date; size: number; type: string },
): Uint8Array {
  const bytes = new Uint8Array(512);
  const put = (at: number, text: string): void => bytes.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  put(0, path);
  put(100, octal(mode & 0o7777, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(Math.floor(mtime.getTime() / 1000), 11));
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\x0000");
  put(148, `${octal(bytes.reduce((sum, byte) => sum + byte, 0), 6)}\0 `);
  return bytes;
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
