import { Rhythm } from "../../mod.ts";
import { type Benchmark, less, more, type Sample, type Stage } from "../bench.ts";
import type { Drained } from "../host.ts";

/** What an open dashboard takes from B1: ten viewers, in a process of their own, of pages that change all the time. */
export const b22: Benchmark = {
  name: "B22",
  title: "B1 while ten people look at the dashboard, and without them, in turn",
  needs: ["enqueue"],
  alone: true,
  mostRounds: 1,
  async round(stage, { tiny, onProgress }): Promise<Sample[]> {
    const [turns, count] = tiny ? [1, 200] : [12, 20_000];
    const found: Record<"beside" | "alone", Drained[]> = { beside: [], alone: [] };
    const reads: number[] = [];
    await using rhythm = await Rhythm.init({ databaseUrl: stage.url, log: { level: "error" } });
    if (!tiny) await drain(stage, count);
    for (let turn = 0; turn < turns; turn++) {
      for (const how of turn % 2 === 0 ? ["beside", "alone"] as const : ["alone", "beside"] as const) {
        const viewers = how === "beside" ? new Viewers(rhythm) : undefined;
        found[how].push(await drain(stage, count));
        if (viewers !== undefined) reads.push(await viewers.leave() / found[how].at(-1)!.seconds);
      }
      onProgress(
        `B22 ${stage.file}: turn ${turn + 1} of ${turns}, ${reads.at(-1)!.toFixed(1)} pages read a second`,
      );
    }
    const [beside, alone] = [best(found.beside), best(found.alone)];
    return [
      more("B1 beside it, to B1 alone", "", alone / beside),
      more("B1 beside it", "/s", count / beside),
      more("B1 alone", "/s", count / alone),
      less("pages read beside B1", "/s", reads.reduce((sum, one) => sum + one, 0) / reads.length),
    ];
  },
};

// Whatever else the machine does makes a drain longer, never shorter: the mean of the shortest quarter.
function best(drains: readonly Drained[]): number {
  const values = drains.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const few = values.slice(0, Math.ceil(values.length / 4));
  return few.reduce((sum, value) => sum + value, 0) / few.length;
}

async function drain(stage: Stage, count: number): Promise<Drained> {
  await stage.client.ask("enqueue", count);
  return await stage.worker.ask<Drained>("drain", count);
}

const PAGES = ["overview", "executions", "queues", "workers", "failures"];

/** Ten people with a page each: as a browser does, they read a page again when they are told that it changed. */
class Viewers {
  readonly #gone = new AbortController();
  readonly #all: Promise<void>[];
  readonly #rhythm: Rhythm;
  #reads = 0;

  constructor(rhythm: Rhythm) {
    this.#rhythm = rhythm;
    this.#all = Array.from({ length: 10 }, (_, nth) => this.#look(["pulse", PAGES[nth % PAGES.length]!]));
  }

  /** They close their browsers. How many pages they have read. */
  async leave(): Promise<number> {
    this.#gone.abort();
    await Promise.all(this.#all);
    return this.#reads;
  }

  async #look(pages: readonly string[]): Promise<void> {
    try {
      const response = await this.#ask(`live?${pages.map((page) => `page=${page}`).join("&")}`);
      const told = response.body!.pipeThrough(new TextDecoderStream(), { signal: this.#gone.signal });
      for await (const text of told) {
        for (const [, page] of text.matchAll(/^data: "(.*)"$/gm)) {
          await (await this.#ask(`pages/${page}`)).text();
          this.#reads++;
        }
      }
    } catch (error) {
      if (!this.#gone.signal.aborted) throw error;
    }
  }

  async #ask(path: string): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#rhythm.token}` };
    const response = await this.#rhythm.fetch(new Request(`http://127.0.0.1/api/${path}`, { headers }));
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response;
  }
}
