import { between, type Counters } from "./counters.ts";
import type { Home, Place } from "./place.ts";
import { PeerProcess, type ProcessSettings } from "./process.ts";

/** One figure of one round. */
export interface Sample {
  /** What the table calls it. */
  readonly measure: string;
  /** Its unit. */
  readonly unit: string;
  /** Whether more is better, or less. */
  readonly better: "more" | "less";
  /** The figure; NaN where the peer has none. */
  readonly value: number;
}

/** How large a round is. */
export interface Size {
  /** A thousandth of the real thing: only to see that it works. */
  readonly tiny: boolean;
  /** How long B16 goes on. */
  readonly minutes: number;
  /** Told what is going on. */
  readonly onProgress: (line: string) => void;
}

/** A benchmark that peers take part in: one round of one peer. */
export interface Benchmark {
  /** `B1`. */
  readonly name: string;
  /** What it measures. */
  readonly title: string;
  /** What a peer has to be able to do; Rhythm alone: nothing is listed and `alone` holds. */
  readonly needs: readonly string[];
  /** Only Rhythm takes part: how its own cost grows. */
  readonly alone: boolean;
  /** Only these take part; default: whoever can. */
  readonly peers?: readonly string[];
  /** Only when it is asked for by name. */
  readonly onRequest?: boolean;
  /** As many rounds as tell something, where that is less than what was asked for. */
  readonly mostRounds?: number;
  /** Runs a round. */
  round(stage: Stage, size: Size): Promise<Sample[]>;
}

/** Who takes part. */
export interface Participant {
  /** What the table calls it, and its database. */
  readonly peer: string;
  /** Another checkout of this project, whose Rhythm it is. */
  readonly checkout?: string;
  /** How long to wait until the server has counted everything. Default: 1,100. */
  readonly countMs?: number;
}

/** One peer with its database, its client's and its worker's process. */
export class Stage {
  /** The peer: its module, or `rhythm_before`. */
  readonly file: string;
  /** The database, or the server. */
  readonly url: string;
  /** Where the databases are. */
  readonly place: Place;
  /** The client's process. */
  readonly client: PeerProcess;
  /** The worker's process. */
  readonly worker: PeerProcess;
  readonly #home: Home;
  readonly #settings: ProcessSettings;
  readonly #countMs: number;
  readonly #more: PeerProcess[] = [];

  private constructor(
    parts: Pick<Stage, "file" | "place" | "client" | "worker"> & {
      home: Home;
      settings: ProcessSettings;
      countMs: number;
    },
  ) {
    this.#countMs = parts.countMs;
    this.file = parts.file;
    this.#settings = parts.settings;
    this.#home = parts.home;
    this.url = parts.home.url;
    this.place = parts.place;
    this.client = parts.client;
    this.worker = parts.worker;
  }

  /** Makes room for the peer and starts its processes. */
  static async open(place: Place, { peer, checkout, countMs = 1_100 }: Participant): Promise<Stage> {
    const home = await place.home(peer);
    const settings = { ...workerSettings(peer), ...(checkout === undefined ? {} : { checkout }) };
    const file = checkout === undefined ? peer : "rhythm";
    let client: PeerProcess | undefined;
    try {
      client = await PeerProcess.start(file, home.url, checkout === undefined ? {} : { checkout });
      await client.ask("setup");
      const worker = await PeerProcess.start(file, home.url, settings);
      return new Stage({ file: peer, place, client, worker, home, settings, countMs });
    } catch (error) {
      await client?.stop();
      await home.close();
      throw error;
    }
  }

  /** Another worker's process. */
  async anotherWorker(): Promise<PeerProcess> {
    const made = await PeerProcess.start(
      this.#settings.checkout === undefined ? this.file : "rhythm",
      this.url,
      this.#settings,
    );
    this.#more.push(made);
    return made;
  }

  /** Reads what the server counts while something is done. */
  async counted<Result>(work: () => Promise<Result>): Promise<{ result: Result; counters: Counters }> {
    const before = await this.#home.counters();
    const result = await work();
    // Postgres' backends report their commits when they are idle for a moment.
    await new Promise((go) => setTimeout(go, this.#countMs));
    return { result, counters: between(before, await this.#home.counters()) };
  }

  /** How many connections the peer's workers hold open, as Postgres lists them. */
  async workerConnections(): Promise<number> {
    const [row] = await this.place.sql<{ open: number }[]>`
      select count(*)::int as open from pg_stat_activity as a
      where a.datname = ${new URL(this.url).pathname.slice(1)} and a.application_name = 'rhythm worker'`;
    return row!.open;
  }

  /** Ends the processes, and what was made for them. */
  async close(): Promise<void> {
    await Promise.all([this.client, this.worker, ...this.#more].map((process) => process.stop()));
    await this.#home.close();
  }
}

// Rhythm's worker is started as in a project that `rhythm init` makes; the peers name no settings.
function workerSettings(file: string): ProcessSettings {
  const given = Deno.env.get("RHYTHM_BENCH_WORKER_FLAGS");
  if (given !== undefined) return { flags: given.split(" ").filter((flag) => flag !== "") };
  if (!file.startsWith("rhythm")) return {};
  return {
    flags: ["--v8-flags=--max-old-space-size=512,--max-semi-space-size=8"],
    env: { MALLOC_ARENA_MAX: "1" },
  };
}

/** A figure of which more is better. */
export function more(measure: string, unit: string, value: number): Sample {
  return { measure, unit, better: "more", value };
}

/** A figure of which less is better. */
export function less(measure: string, unit: string, value: number): Sample {
  return { measure, unit, better: "less", value };
}
