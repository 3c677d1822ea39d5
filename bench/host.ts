/**
 * The process of one peer: does what it is told by lines of JSON on standard input.
 *
 * @module
 */
import process from "node:process";
import { clock, type MakePeer, type Peer } from "./peer.ts";

/** What a drain took. */
export interface Drained {
  /** From the start of the first handler until everything was stored, in seconds. */
  readonly seconds: number;
  /** User and system time of this process, in seconds. */
  readonly cpuSeconds: number;
  /** Resident memory at the end, in MB. */
  readonly memoryMb: number;
  /** Longest standstill of the event loop, by the worker's own metric. */
  readonly lagMs: number | null;
}

class Host {
  readonly #peer: Peer;
  #hits = 0;
  #firstHit = 0;
  #late: number[] = [];

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  static async open(file: string, url: string): Promise<Host> {
    // Deno reads what it can make out of an import() before it runs anything: that would be all peers, 55 MB of them.
    const peer = new URL(`./peers/${file}.ts`, import.meta.url).href;
    const module = await import(peer) as { makePeer: MakePeer };
    const host: Host = new Host(
      await module.makePeer({
        url,
        hit: () => {
          if (host.#hits++ === 0) host.#firstHit = performance.now();
        },
        arrived: (sentAt) => host.#late.push(clock() - sentAt),
      }),
    );
    return host;
  }

  /** Carries out one command. */
  async obey(command: string, args: number[]): Promise<unknown> {
    const peer = this.#peer;
    const [first = 0, second = 0] = args;
    switch (command) {
      case "can":
        return Object.keys(ABILITIES).filter((name) => ABILITIES[name]!(peer) !== undefined);
      case "setup":
        return await peer.setup();
      case "startWorker":
        this.#hits = 0;
        return await peer.startWorker();
      case "forgetHits":
        this.#hits = 0;
        return null;
      case "firstHit":
        return this.#hits === 0 ? null : performance.timeOrigin + this.#firstHit;
      case "lag":
        return await peer.takeLag?.() ?? null;
      case "stopWorker":
        return await peer.stopWorker();
      case "enqueue":
        return await timed(() => peer.enqueue!(first));
      case "startSteps":
        return await timed(() => peer.startSteps!(first));
      case "fanOut":
        return await timed(() => peer.fanOut!(first));
      case "drain":
        return await this.#drain(first);
      case "send":
        return await this.#send(first);
      case "late":
        return await this.#arrivals(first);
      case "enqueueEcho":
        return await peer.enqueueEcho!(first, second);
      case "startIdle":
        return await peer.startIdle!(first);
      case "longFlow":
        return await peer.longFlow!(first);
      case "endless":
        return await peer.endless!(first);
      case "roundTrips":
        return await repeat(first, () => peer.runTask!());
      case "sleepers":
        return await peer.sleepers!(first, second);
      case "signals":
        return await repeat(first, async () => await peer.waiting!());
      case "heatMicros":
        return peer.heatMicros!(first);
      case "memory":
        return Deno.memoryUsage().rss / 1e6;
      case "cpu":
        return cpuSeconds();
      case "unfinished":
        return await peer.unfinished();
      case "close":
        return await peer.close();
    }
    throw new Error(`Cannot carry out "${command}"`);
  }

  async #drain(expected: number): Promise<Drained> {
    this.#hits = 0;
    const cpu = cpuSeconds();
    await this.#peer.startWorker();
    while (this.#hits < expected) await pause(5);
    while (await this.#peer.unfinished() > 0) await pause(3);
    const seconds = (performance.now() - this.#firstHit) / 1000;
    const lagMs = await this.#peer.takeLag?.() ?? null;
    const drained = {
      seconds,
      cpuSeconds: cpuSeconds() - cpu,
      memoryMb: Deno.memoryUsage().rss / 1e6,
      lagMs,
    };
    await this.#peer.stopWorker();
    return drained;
  }

  async #arrivals(expected: number): Promise<number[]> {
    for (let looks = 0; looks < 500 && this.#late.length < expected; looks++) await pause(10);
    return this.#late.splice(0);
  }

  async #send(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      await pause(10 + Math.random() * 10);
      await this.#peer.enqueueStamped!(clock());
    }
  }
}

const ABILITIES: Record<string, (peer: Peer) => unknown> = {
  enqueue: (peer) => peer.enqueue,
  send: (peer) => peer.enqueueStamped,
  roundTrips: (peer) => peer.runTask,
  startSteps: (peer) => peer.startSteps,
  fanOut: (peer) => peer.fanOut,
  sleepers: (peer) => peer.sleepers,
  signals: (peer) => peer.waiting,
  heatMicros: (peer) => peer.heatMicros,
  endless: (peer) => peer.endless,
};

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

// What a trial gives back is timed instead of the trial itself: the trial was only the preparation.
async function repeat(count: number, trial: () => Promise<void | (() => Promise<void>)>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    await pause(10 + Math.random() * 10);
    let began = performance.now();
    const rest = await trial();
    if (rest !== undefined) {
      began = performance.now();
      await rest();
    }
    times.push(performance.now() - began);
  }
  return times;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function cpuSeconds(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1e6;
}

/** Serves commands until standard input ends. */
async function serve(): Promise<void> {
  const [file, url] = Deno.args;
  const host = await Host.open(file!, url!);
  const write = (answer: unknown): void => {
    Deno.stdout.writeSync(new TextEncoder().encode(`@@${JSON.stringify(answer)}\n`));
  };
  write({ ready: true });
  let rest = "";
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const { command, args } = JSON.parse(line) as { command: string; args: number[] };
      try {
        write({ value: await host.obey(command, args) ?? null });
      } catch (error) {
        write({ error: error instanceof Error ? error.stack ?? error.message : String(error) });
      }
    }
  }
  Deno.exit(0);
}

if (import.meta.main) await serve();
