import { resolve } from "node:path";
import { systemClock } from "../../runtime/clock.ts";
import type { Database, ListenOptions, Queryable, Row, Unlisten } from "../database.ts";
import { DatabaseInUseError, lockDirectory } from "../embedded_lock.ts";
import { readOwner, removeOwner, writeOwner } from "./owner.ts";
import { NotBegunError, RemoteDatabase } from "./remote.ts";
import { serveDatabase } from "./serve.ts";

const LOOK_EVERY_MS = 100;
const LOOKS = 200;

/** The way from this process to the data of a directory: it has them open itself, or goes through a process that has. */
interface Link {
  readonly database: Database;
  /** Resolves when the process it goes through is gone. */
  readonly lost: Promise<void> | undefined;
  close(): Promise<void>;
}

/** The links of this process, and how many use each. */
const links = new Map<string, { link: Promise<Link>; users: number }>();

/**
 * Opens a directory of embedded data that others use, too: more of this process, or other processes of this machine.
 *
 * @param dataDir the directory
 * @param open opens it in this process
 * @returns the database; closing it leaves the others theirs
 * @throws {DatabaseInUseError} a process has the directory open and cannot share it
 */
export async function openShared(dataDir: string, open: () => Promise<Database>): Promise<Database> {
  const path = resolve(dataDir);
  const made = new SharedDatabase(`embedded:${dataDir}`, path, () => makeLink(path, open));
  await made.query("select 1");
  return made;
}

class SharedDatabase implements Database {
  readonly kind = "embedded";
  readonly url: string;
  readonly #path: string;
  readonly #make: () => Promise<Link>;
  readonly #listening = new Set<{ channel: string; options: ListenOptions; stop: Unlisten | undefined }>();
  #link: Promise<Link> | undefined;
  #isClosed = false;

  constructor(url: string, path: string, make: () => Promise<Link>) {
    this.url = url;
    this.#path = path;
    this.#make = make;
  }

  async query<R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    return await this.#call((database) => database.query<R>(text, params));
  }

  async script(text: string): Promise<void> {
    await this.#call((database) => database.script(text));
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return await this.#call((database) => database.transaction(work));
  }

  async listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    const one = { channel, options, stop: await this.#call((database) => database.listen(channel, options)) };
    this.#listening.add(one);
    return async () => {
      this.#listening.delete(one);
      await one.stop();
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const listening = [...this.#listening];
    this.#listening.clear();
    await Promise.all(listening.map(({ stop }) => stop?.().catch(() => {})));
    const link = await this.#link?.catch(() => undefined);
    if (link !== undefined) await leave(this.#path, link);
  }

  /** Makes a call; where the other process ended before it began it, on the way there is after that. */
  async #call<T>(call: (database: Database) => Promise<T>): Promise<T> {
    for (;;) {
      const database = await this.#database();
      const link = this.#link;
      try {
        return await call(database);
      } catch (error) {
        if (!(error instanceof NotBegunError) || this.#isClosed) throw error;
        await (await link)?.lost;
      }
    }
  }

  async #database(): Promise<Database> {
    this.#link ??= join(this.#path, this.#make).then((link) => {
      void link.lost?.then(() => this.#reopen());
      return link;
    });
    const link = this.#link;
    try {
      return (await link).database;
    } catch (error) {
      if (this.#link === link) this.#link = undefined;
      throw error;
    }
  }

  /** Who listens has to hear of what happens after the other process is gone. */
  async #reopen(): Promise<void> {
    this.#link = undefined;
    while (!this.#isClosed && this.#listening.size > 0) {
      try {
        const database = await this.#database();
        for (const one of this.#listening) one.stop = await database.listen(one.channel, one.options);
        return;
      } catch {
        await systemClock.sleep(LOOK_EVERY_MS);
      }
    }
  }
}

async function join(path: string, make: () => Promise<Link>): Promise<Link> {
  let found = links.get(path);
  if (found === undefined) {
    found = { link: make(), users: 0 };
    links.set(path, found);
  }
  found.users++;
  const forget = (): void => {
    if (links.get(path) === found) links.delete(path);
  };
  try {
    const link = await found.link;
    void link.lost?.then(forget);
    return link;
  } catch (error) {
    forget();
    throw error;
  }
}

async function leave(path: string, link: Link): Promise<void> {
  const found = links.get(path);
  if (found === undefined || await found.link !== link || --found.users > 0) return;
  links.delete(path);
  await link.close();
}

async function makeLink(path: string, open: () => Promise<Database>): Promise<Link> {
  await Deno.mkdir(path, { recursive: true });
  for (let looks = 1;; looks++) {
    const unlock = await lockDirectory(path);
    if (unlock !== undefined) return await own(path, { open, unlock });
    const owner = await readOwner(path);
    if (owner !== undefined && owner.port === undefined) throw new DatabaseInUseError(path);
    if (owner !== undefined) {
      const shown = { kind: "embedded" as const, url: `embedded:${path} (through process ${owner.pid})` };
      const database = await RemoteDatabase.connect(owner, shown).catch(() => undefined);
      if (database !== undefined) return { database, lost: database.lost, close: () => database.close() };
    }
    // It is starting or ending: in a moment it serves, or the directory is free.
    if (looks > LOOKS) throw new DatabaseInUseError(path);
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}

async function own(
  path: string,
  { open, unlock }: { open: () => Promise<Database>; unlock: () => void },
): Promise<Link> {
  try {
    await removeOwner(path);
    const database = await open();
    const mayListen = Deno.permissions.querySync({ name: "net", host: "127.0.0.1" }).state === "granted";
    const served = mayListen ? serveDatabase(database) : undefined;
    await writeOwner(path, served);
    const close = async (): Promise<void> => {
      await removeOwner(path);
      await served?.[Symbol.asyncDispose]();
      await database.close();
      unlock();
    };
    return { database, lost: undefined, close };
  } catch (error) {
    unlock();
    throw error;
  }
}
