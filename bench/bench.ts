import type { Counters } from "./counters.ts";
import { between, readCounters } from "./counters.ts";
import type { Place } from "./place.ts";
import { PeerProcess } from "./process.ts";

/** One figure of one round. */
export interface Sample {
  /** What the table calls it. */
  readonly measure: string;
  /** Its unit. */
  readonly unit: string;
  /** Whether more is better, or less. */
  readonly better: "more" | "less";
  /** The figure. */
  readonly value: number;
}

/** How large a run is. */
export interface Size {
  /** A thousandth of the real thing: only to see that it works. */
  readonly tiny: boolean;
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
  /** Runs a round. */
  round(stage: Stage, size: Size): Promise<Sample[]>;
}

/** One peer with its database, its client's and its worker's process. */
export class Stage {
  /** The peer's module. */
  readonly file: string;
  /** The database. */
  readonly url: string;
  /** Where the databases are. */
  readonly place: Place;
  /** The client's process. */
  readonly client: PeerProcess;
  /** The worker's process. */
  readonly worker: PeerProcess;
  readonly #more: PeerProcess[] = [];

  private constructor(parts: Pick<Stage, "file" | "url" | "place" | "client" | "worker">) {
    this.file = parts.file;
    this.url = parts.url;
    this.place = parts.place;
    this.client = parts.client;
    this.worker = parts.worker;
  }

  /** Makes the database and starts the processes. */
  static async open(place: Place, file: string, name = file): Promise<Stage> {
    const url = await place.database(`bench_${name}`);
    const client = await PeerProcess.start(file, url);
    await client.ask("setup");
    const worker = await PeerProcess.start(
      file,
      url,
      Deno.env.get("RHYTHM_BENCH_WORKER_FLAGS")?.split(" ") ?? [],
    );
    return new Stage({ file, url, place, client, worker });
  }

  /** Another worker's process. */
  async anotherWorker(): Promise<PeerProcess> {
    const made = await PeerProcess.start(this.file, this.url);
    this.#more.push(made);
    return made;
  }

  /** Reads what Postgres counts while something is done. */
  async counted<Result>(work: () => Promise<Result>): Promise<{ result: Result; counters: Counters }> {
    const database = new URL(this.url).pathname.slice(1);
    const before = await readCounters(this.place.sql, database);
    const result = await work();
    // Backends report their commits when they are idle for a moment.
    await new Promise((go) => setTimeout(go, 1_100));
    return { result, counters: between(before, await readCounters(this.place.sql, database)) };
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    await Promise.all([this.client, this.worker, ...this.#more].map((process) => process.stop()));
  }
}

/** A figure of which more is better. */
export function more(measure: string, unit: string, value: number): Sample {
  return { measure, unit, better: "more", value };
}

/** A figure of which less is better. */
export function less(measure: string, unit: string, value: number): Sample {
  return { measure, unit, better: "less", value };
}
