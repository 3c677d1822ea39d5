import type { Rhythm } from "../../src/app/rhythm.ts";
import { errorKind } from "../../src/db/error_kind.ts";
import { ExecutionNotFoundError, ExecutionStateError } from "../../src/db/engine_errors.ts";
import { type Item, LIMITS, payloadsOf } from "./load.ts";
import type { Process } from "./process.ts";
import type { Program } from "./programs.ts";
import type { World } from "./world.ts";

/** What became of one item of the load, as its client knows. */
export interface Record {
  readonly item: Item;
  /** What it started. */
  id?: string;
  /** Whether somebody asked to cancel, retry or delete it: the answer may have been lost. */
  isCancelAsked: boolean;
  isRetryAsked: boolean;
  isDeleteAsked: boolean;
  /** What two clients were told that a key stands for, and when. */
  readonly told: { readonly id: string; readonly at: number }[];
}

/** A client: an application in a process of its own. */
export interface Client {
  readonly process: Process;
  readonly rhythm: Rhythm;
}

/** Clients carry out the load. They insist: a call whose answer was lost is made again. */
export class Clients {
  /** By the number of the item. */
  readonly records: Map<number, Record> = new Map<number, Record>();
  /** How much is under way. */
  busy = 0;
  /** Whether what ended may have been removed by a purge. */
  hasPurged = false;
  readonly #world: World;
  readonly #clients: readonly Client[];
  readonly #programs: readonly Program[];

  /** @param parts where they are, and what they share */
  constructor(parts: { world: World; clients: readonly Client[]; programs: readonly Program[] }) {
    this.#world = parts.world;
    this.#clients = parts.clients;
    this.#programs = parts.programs;
  }

  /** Begins an item of the load. */
  begin(item: Item): void {
    const record: Record = {
      item,
      isCancelAsked: false,
      isRetryAsked: false,
      isDeleteAsked: false,
      told: [],
    };
    this.records.set(item.n, record);
    this.busy++;
    this.#carryOut(record).then(
      () => this.busy--,
      (error) => this.#world.fail(new Error(`item ${item.n} (${item.kind}) met ${error}`, { cause: error })),
    );
  }

  /** Sends a workflow its signals, from the first on: those it has change nothing. */
  async sendAll(id: string, item: Item & { readonly kind: "workflow" }): Promise<void> {
    const client = this.#clients[item.client]!;
    for (const [nth, payload] of payloadsOf(this.#programs[item.program]!, item.n).entries()) {
      await client.process.clock.sleep(item.signalEveryMs);
      const isSent = await this.#unlessOver(
        client,
        () =>
          client.rhythm.signals.send({ execution: id, name: "go", payload }, { idempotencyKey: `${nth}` }),
      );
      if (!isSent) return;
    }
  }

  async #carryOut(record: Record): Promise<void> {
    const { item } = record;
    const client = this.#clients[item.client]!;
    const { rhythm, process: { clock } } = client;
    const metadata = { n: item.n };
    switch (item.kind) {
      case "workflow": {
        const { name } = this.#programs[item.program]!;
        const options = { ...item.options, metadata, idempotencyKey: `load ${item.n}` };
        const run = await this.#insist(client, () => rhythm.workflows.start(name, { n: item.n }, options));
        record.id = run.id;
        await Promise.all([this.sendAll(run.id, item), this.#later(record, client)]);
        return;
      }
      case "task": {
        const options = {
          ...item.options,
          metadata,
          ...(item.isKeyed ? { idempotencyKey: `load ${item.n}` } : {}),
        };
        const run = await this.#insist(client, () => rhythm.tasks.queue(item.task, item.input, options));
        record.id = run.id;
        await this.#later(record, client);
        return;
      }
      case "many": {
        const requests = Array.from({ length: item.size }, (_, nth) => ({
          type: "task" as const,
          target: "echo",
          inputs: { v: nth, ms: nth % 4 },
          queue: item.queue,
          concurrencyKey: ["a", "b", "c"][nth % 3]!,
          metadata,
        }));
        await this.#insist(client, () => rhythm.executions.createMany(requests));
        return;
      }
      case "same":
        await Promise.all(this.#clients.map(async (one) => {
          const options = { metadata, idempotencyKey: `same ${item.n}` };
          const run = await this.#insist(
            one,
            () => one.rhythm.tasks.queue("echo", { v: 1, ms: 500 }, options),
          );
          record.told.push({ id: run.id, at: this.#world.elapsed });
        }));
        return;
      case "schedule": {
        const { cron, overlap, catchUp, jitter } = item;
        const name = `schedule_${item.n}`;
        await this.#insist(client, () =>
          rhythm.schedules.set(name, {
            cron,
            overlap,
            catchUp,
            jitter,
            type: "task",
            target: "echo",
            inputs: { v: item.n, ms: 6_000 },
            options: { retry: { crashes: 1_000 }, metadata },
          }));
        await clock.sleep(item.forMs);
        await this.#insist(client, () => rhythm.schedules.remove(name));
        return;
      }
      case "pause":
        await this.#insist(client, () => rhythm.queues.pause(item.queue));
        await clock.sleep(item.forMs);
        await this.#insist(client, () => rhythm.queues.resume(item.queue));
        return;
      case "limits":
        await this.#insist(
          client,
          () => rhythm.queues.configure(item.queue, { ...LIMITS[item.queue], rate: 2, per: "1s" }),
        );
        await clock.sleep(item.forMs);
        await this.#insist(client, () => rhythm.queues.configure(item.queue, LIMITS[item.queue]!));
        return;
      case "purge":
        this.hasPurged = true;
        // What people do in psql.
        await this.#insist(client, () => this.purge(item.client, item.olderThan));
        return;
    }
  }

  /** Removes what ended long ago. */
  purge: (client: number, olderThan: string) => Promise<void> = () => Promise.resolve();

  async #later(record: Record, client: Client): Promise<void> {
    const { item } = record;
    if (item.kind !== "workflow" && item.kind !== "task") return;
    const { executions } = client.rhythm;
    const id = record.id!;
    for (const { act, afterMs } of item.later) {
      await client.process.clock.sleep(afterMs);
      if (act === "cancel") {
        record.isCancelAsked = true;
        await this.#unlessOver(client, () => executions.cancel(id, { reason: "simulated" }));
      } else if (act === "retry") {
        record.isRetryAsked = true;
        await this.#unlessOver(client, () => executions.retry(id));
      } else {
        record.isDeleteAsked = true;
        await this.#unlessOver(client, () => executions.delete(id));
      }
    }
  }

  // False: the execution is not in a state for it, or gone.
  async #unlessOver(client: Client, call: () => Promise<unknown>): Promise<boolean> {
    try {
      await this.#insist(client, call);
      return true;
    } catch (error) {
      if (error instanceof ExecutionStateError || error instanceof ExecutionNotFoundError) return false;
      throw error;
    }
  }

  async #insist<T>({ process }: Client, call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (errorKind(error) !== "passing") throw error;
        await process.clock.sleep(100 + 900 * process.clock.random());
      }
    }
  }
}
