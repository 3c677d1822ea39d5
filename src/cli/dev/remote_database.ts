import type { Database, ListenOptions, Row, Unlisten } from "../../db/database.ts";
import { engineError } from "../../db/engine_errors.ts";
import { DatabaseUnavailableError } from "../../db/errors.ts";
import { RhythmError } from "../../shared/error.ts";
import { CliError } from "../cli_error.ts";
import type { BridgeAnswer, BridgeProblem } from "./bridge.ts";
import type { DevState } from "./state_file.ts";

/** The database of a running `rhythm dev`, used from another process. */
export class RemoteDatabase implements Database {
  readonly kind: "server" | "embedded";
  readonly url: string;
  readonly #state: DevState;
  readonly #ended = new AbortController();

  /** @param state what `rhythm dev` left */
  constructor(state: DevState) {
    this.#state = state;
    this.kind = state.database.startsWith("postgres") ? "server" : "embedded";
    this.url = `${state.database} (through rhythm dev, process ${state.pid})`;
  }

  async query<R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    const response = await this.#ask("/dev/query", {
      method: "POST",
      body: JSON.stringify({ text, params }),
    });
    if (response.status === 422) throw errorOf(await response.json() as BridgeProblem);
    const { rows, dates } = await response.json() as BridgeAnswer;
    for (const row of rows) {
      for (const column of dates) if (row[column] !== null) row[column] = new Date(row[column] as string);
    }
    return rows as R[];
  }

  script(): Promise<void> {
    return Promise.reject(this.#alone());
  }

  transaction<T>(): Promise<T> {
    return Promise.reject(this.#alone());
  }

  async listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    const stopped = new AbortController();
    const signal = AbortSignal.any([stopped.signal, this.#ended.signal]);
    const response = await this.#ask(`/dev/listen?channel=${encodeURIComponent(channel)}`, { signal });
    void pass(response, options).catch(() => {});
    options.onListen?.();
    return () => {
      stopped.abort();
      return Promise.resolve();
    };
  }

  close(): Promise<void> {
    this.#ended.abort();
    return Promise.resolve();
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const { url, token } = this.#state;
    try {
      const response = await fetch(`${url}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${token}` },
      });
      if (response.ok || response.status === 422) return response;
      throw new Error(`it answered ${response.status}`);
    } catch (cause) {
      throw new DatabaseUnavailableError(this.url, { cause });
    }
  }

  #alone(): CliError {
    return new CliError("this needs the database to itself, and rhythm dev is using it", {
      hint: "rhythm dev keeps the schema up to date by itself; stop it first for anything else",
      code: "DATABASE_IN_USE",
    });
  }
}

async function pass(response: Response, options: ListenOptions): Promise<void> {
  let rest = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line !== "") options.onNotify(JSON.parse(line));
  }
}

function errorOf(told: BridgeProblem): Error {
  if (told.kind === "engine") return engineError(told);
  return new RhythmError(told.message, { code: told.code });
}
