import { Rhythm } from "../../mod.ts";
import type { Benchmark, Sample } from "../bench.ts";
import { besideB1 } from "./beside.ts";

/** What an open dashboard takes from B1: ten viewers, in a process of their own, of pages that change all the time. */
export const b22: Benchmark = {
  name: "B22",
  title: "B1 while ten people look at the dashboard, and without them, in turn",
  needs: ["enqueue"],
  alone: true,
  mostRounds: 1,
  async round(stage, size): Promise<Sample[]> {
    await using rhythm = await Rhythm.init({ databaseUrl: stage.url, log: { level: "error" } });
    return await besideB1(stage, size, {
      name: "B22",
      does: "pages read",
      begin: () => {
        const viewers = new Viewers(rhythm);
        return Promise.resolve(() => viewers.leave());
      },
    });
  },
};

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
