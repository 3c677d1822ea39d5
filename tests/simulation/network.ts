import type { Database, ListenOptions, Queryable, Row, Unlisten } from "../../src/db/database.ts";
import { DatabaseUnavailableError } from "../../src/db/errors.ts";
import type { Dice } from "./dice.ts";
import type { Process } from "./process.ts";
import type { Holder, Server } from "./server.ts";
import type { Weather } from "./weather.ts";
import type { World } from "./world.ts";

/** A call under way. */
interface Call {
  readonly name: string;
  readonly process: Process;
  /** Whether it reached the server, was answered, or was given up by its caller. */
  state: "sent" | "executed" | "over";
  /** Whether the server forgets it: it died with it. */
  isForgotten: boolean;
  reject: (error: Error) => void;
}

/** A subscription to a channel. */
interface Listener {
  readonly process: Process;
  readonly channel: string;
  readonly options: ListenOptions;
  isOpen: boolean;
}

/** The network between processes and the server. What it does to each call is the weather's to say. */
export class Network {
  /** Told what the server has carried out, and how it answers. */
  onDone: (name: string, params: readonly unknown[], rows: readonly Row[]) => Promise<void> = async () => {};
  /** How many calls were made. */
  calls = 0;
  readonly #world: World;
  readonly #server: Server;
  readonly #weather: Weather;
  readonly #dice: Dice;
  readonly #calls = new Set<Call>();
  #listeners: Listener[] = [];
  readonly #holders = new Map<Process, Set<Holder>>();
  // A fast one lets a worker ask a hundred times a second for work that has to wait for its turn.
  readonly #longestMs: number;

  /** @param parts where it is, what it leads to, and what happens on the way */
  constructor(parts: { world: World; server: Server; weather: Weather; dice: Dice }) {
    this.#world = parts.world;
    this.#server = parts.server;
    this.#weather = parts.weather;
    this.#dice = parts.dice;
    this.#longestMs = parts.dice.pick([4, 12, 30]);
    parts.server.onNotify = (channel, payload) => this.#notify(channel, payload);
  }

  /** The database as one process sees it. */
  connect(process: Process): Database {
    process.onKill(() => this.#cutTransactions(process));
    const query = <R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> => {
      return this.#call<R>(process, nameOf(text), async (name) => {
        this.#tell(process, name, params);
        const rows = await this.#server.run<R>(text, params);
        await this.onDone(name, params, rows as readonly Row[]);
        return rows;
      });
    };
    return {
      kind: "server",
      url: "the simulated server",
      query,
      script: async (text) => {
        await this.#call(process, "script", async () => {
          await this.#server.script(text);
          return [];
        });
      },
      transaction: (work) => this.#transaction(process, work),
      listen: (channel, options) => this.#listen(process, channel, options),
      close: () => Promise.resolve(),
    };
  }

  /** Rolls back what a process has open: in this world it would hold up all others. */
  cutTransactions(process: Process): void {
    this.#cutTransactions(process);
  }

  /** Cuts all connections of a process: what it has open is rolled back. */
  cut(process: Process): void {
    this.#cutTransactions(process);
    for (const call of this.#calls) if (call.process === process) this.#lose(call);
    for (const listener of this.#listeners) if (listener.process === process) this.#deafen(listener);
  }

  /** The server died: whatever is under way is lost with it. */
  cutAll(): void {
    for (const call of this.#calls) {
      call.isForgotten = true;
      this.#lose(call);
    }
    for (const listener of this.#listeners) this.#deafen(listener);
  }

  /** Forgets a process that is gone. */
  forget(process: Process): void {
    this.#listeners = this.#listeners.filter((listener) => listener.process !== process);
  }

  #lose(call: Call): void {
    if (call.state === "over") return;
    this.#settle(call, () => call.reject(lost("ECONNRESET")));
  }

  #settle(call: Call, answer: () => void): void {
    if (call.state === "over") return;
    call.state = "over";
    this.#calls.delete(call);
    call.process.deliver(answer);
  }

  #call<R>(process: Process, name: string, work: (name: string) => Promise<R[]>): Promise<R[]> {
    const { promise, resolve, reject } = Promise.withResolvers<R[]>();
    const call: Call = { name, process, state: "sent", isForgotten: false, reject };
    this.calls++;
    this.#calls.add(call);
    const fate = this.#weather.fateOf(process, name);
    if (fate.kind !== "fine") this.#world.tell(`${process.name} ${name} ${fate.kind}`);
    this.#weather.struck(process, name, "sent");

    // What is not answered in time is given up by whoever asked.
    const silence = this.#world.after(ANSWER_MS, () => {
      this.#settle(call, () => reject(lost("ETIMEDOUT")));
    });
    const over = (answer: () => void): void => {
      silence();
      this.#settle(call, answer);
    };
    const execute = async (isAnswered: boolean, backMs: number): Promise<void> => {
      if (call.isForgotten) return;
      if (!this.#server.isUp) {
        this.#world.after(1, () => over(() => reject(lost("ECONNREFUSED"))));
        return;
      }
      let answer: () => void;
      try {
        const rows = await work(name);
        answer = () => resolve(rows);
      } catch (error) {
        this.#world.tell(`${process.name} ${name}: ${String(error).slice(0, 200)}`);
        answer = () => reject(error);
      }
      if (call.state === "sent") call.state = "executed";
      this.#weather.struck(process, name, "executed");
      if (isAnswered) this.#world.after(backMs, () => over(answer));
    };
    const arrive = (ms: number, isAnswered = true, backMs = this.#travel()): void => {
      this.#world.after(ms, () => this.#server.turn(() => execute(isAnswered, backMs)));
    };
    const fail = (ms: number): void =>
      void this.#world.after(ms, () => over(() => reject(lost("ECONNRESET"))));

    const there = this.#travel();
    switch (fate.kind) {
      case "fine":
        arrive(there);
        break;
      case "slow there":
        arrive(there + fate.ms);
        break;
      case "slow back":
        arrive(there, true, fate.ms);
        break;
      case "lost before":
        fail(there);
        break;
      case "silent before":
        break;
      case "lost after":
        arrive(there, false);
        fail(there + fate.ms / 100);
        break;
      case "silent after":
        arrive(there, false);
        break;
      case "late":
        // The caller gives it up, and only then it arrives.
        fail(there);
        arrive(there + fate.ms, false);
        break;
      case "twice":
        arrive(there, false);
        arrive(there + fate.ms / 10);
        break;
    }
    return promise;
  }

  async #transaction<T>(process: Process, work: (tx: Queryable) => Promise<T>): Promise<T> {
    let holder: Holder | undefined;
    let isWanted = true;
    try {
      await this.#call(process, "begin", async () => {
        holder = await this.#server.begin();
        this.#holdersOf(process).add(holder);
        // Whoever began it heard no answer and is gone.
        if (!isWanted || !process.lives) this.#rollBack(process, holder);
        return [];
      });
    } catch (error) {
      isWanted = false;
      if (holder !== undefined) this.#rollBack(process, holder);
      throw error;
    }
    const held = holder!;
    const inside = async <R>(text: string, run: () => Promise<R[]>): Promise<R[]> => {
      const { promise, resolve, reject } = Promise.withResolvers<R[]>();
      const name = `${nameOf(text)} in transaction`;
      const isCut = this.#weather.cuts(process);
      this.#weather.struck(process, name, "sent");
      this.#world.after(this.#travel(), async () => {
        if (isCut && !held.isCut) {
          this.#world.tell(`${process.name} cut in transaction`);
          await this.#server.end(held, "rollback");
        }
        if (held.isCut) return process.deliver(() => reject(lost("ECONNRESET")));
        let answer: () => void;
        try {
          const rows = await run();
          answer = () => resolve(rows);
        } catch (error) {
          answer = () => reject(error);
        }
        this.#weather.struck(process, name, "executed");
        this.#world.after(this.#travel(), () => process.deliver(answer));
      });
      return await promise;
    };
    try {
      const result = await work({
        query: (text, params = []) => inside(text, () => this.#server.runIn(held, text, params)),
        script: async (text) => {
          await inside(text, () => this.#server.runIn(held, text, []));
        },
      });
      await this.#commit(process, held);
      return result;
    } catch (error) {
      this.#rollBack(process, held);
      throw error;
    } finally {
      this.#holdersOf(process).delete(held);
    }
  }

  // A commit whose answer is lost may have come to pass or not.
  async #commit(process: Process, holder: Holder): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fate = this.#weather.fateOf(process, "commit");
    if (fate.kind !== "fine") this.#world.tell(`${process.name} commit ${fate.kind}`);
    const answer = (call: () => void): void =>
      void this.#world.after(this.#travel(), () => process.deliver(call));
    this.#weather.struck(process, "commit", "sent");
    this.#world.after(this.#travel(), async () => {
      const isLost = fate.kind.endsWith("before") || fate.kind === "late";
      if (isLost || holder.isCut) {
        await this.#server.end(holder, "rollback");
        return answer(() => reject(lost("ECONNRESET")));
      }
      await this.#server.end(holder, "commit");
      this.#world.tell(`${process.name} commit`);
      this.#weather.struck(process, "commit", "executed");
      answer(() => fate.kind.endsWith("after") ? reject(lost("ECONNRESET")) : resolve());
    });
    await promise;
  }

  #rollBack(process: Process, holder: Holder): void {
    this.#holdersOf(process).delete(holder);
    this.#world.after(0, () => this.#server.end(holder, "rollback"));
  }

  #cutTransactions(process: Process): void {
    for (const holder of this.#holdersOf(process)) this.#rollBack(process, holder);
  }

  #holdersOf(process: Process): Set<Holder> {
    let holders = this.#holders.get(process);
    if (holders === undefined) this.#holders.set(process, holders = new Set());
    return holders;
  }

  async #listen(process: Process, channel: string, options: ListenOptions): Promise<Unlisten> {
    const listener: Listener = { process, channel, options, isOpen: false };
    await this.#call(process, "listen", () => {
      listener.isOpen = true;
      this.#listeners.push(listener);
      return Promise.resolve([]);
    });
    options.onListen?.();
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener);
      return Promise.resolve();
    };
  }

  #deafen(listener: Listener): void {
    if (!listener.isOpen) return;
    listener.isOpen = false;
    const again = (): void => {
      if (!listener.process.lives || !this.#listeners.includes(listener)) return;
      if (!this.#server.isUp) return void this.#world.after(500, again);
      listener.isOpen = true;
      listener.process.deliver(() => listener.options.onListen?.());
    };
    this.#world.after(500, again);
  }

  #notify(channel: string, payload: string): void {
    for (const listener of this.#listeners) {
      if (!listener.isOpen || listener.channel !== channel || !listener.process.lives) continue;
      const call = (): void => listener.process.deliver(() => listener.options.onNotify(payload));
      for (const ms of this.#weather.notifyAfter(listener.process, channel)) {
        this.#world.after(this.#travel() + ms, call);
      }
    }
  }

  #tell(process: Process, name: string, params: readonly unknown[]): void {
    this.#world.tell(`${process.name} ${name} ${params.join(" ").slice(0, 2_000)}`);
  }

  #travel(): number {
    return this.#dice.between(0.2, this.#longestMs);
  }
}

/** The call that a statement makes: the function of the engine, or what is read. */
export function nameOf(text: string): string {
  const called = /\brhythm\.(\w+)\(/.exec(text.replace(/rhythm\.now\(\)/g, ""))?.[1];
  if (called !== undefined) return called;
  const read = /\bfrom rhythm\.(\w+)/.exec(text)?.[1];
  return read === undefined ? "statement" : `read ${read}`;
}

function lost(code: string): DatabaseUnavailableError {
  const cause = Object.assign(new Error(`the network said ${code}`), { code });
  return new DatabaseUnavailableError("the simulated server", { cause });
}

/** How long a caller waits for an answer. */
export const ANSWER_MS = 5_000;
