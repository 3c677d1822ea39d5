import type { Rhythm } from "../../src/app/rhythm.ts";
import { errorKind } from "../../src/db/error_kind.ts";
import { ExecutionNotFoundError, ExecutionStateError } from "../../src/db/engine_errors.ts";
import { GROUPS, type Halted, type Item, type Later, LIMITS, payloadsOf } from "./load.ts";
import type { Process } from "./process.ts";
import { MARK, type Program } from "./programs.ts";
import { InvalidOptionError } from "../../src/define/mod.ts";
import type { HistoryStep } from "../../src/client/history.ts";
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
  isRewindAsked: boolean;
  /** What its flow may add to its result, and what it must: an edit was answered, and nothing else was asked for since. */
  readonly marks: Set<number>;
  mark?: number;
  /** What two clients were told that a key stands for, and when. */
  readonly told: { readonly id: string; readonly at: number }[];
}

/** A client: an application in a process of its own. */
export interface Client {
  readonly process: Process;
  readonly rhythm: Rhythm;
}

/** Something was done to all of a group. */
interface GroupAsked {
  readonly action: string;
  readonly group: number;
  /** What is started later is not among them, in milliseconds since the beginning. */
  until: number;
}

/** A step that a workflow can be put back to. */
interface Place {
  readonly step: number;
  /** How many signals it had taken then. */
  readonly taken: number;
}

/** Clients carry out the load. They insist: a call whose answer was lost is made again. */
export class Clients {
  /** By the number of the item. */
  readonly records: Map<number, Record> = new Map<number, Record>();
  /** How much is under way. */
  busy = 0;
  /** Whether what ended may have been removed by a purge. */
  hasPurged = false;
  /** Counts what is asked for, and whether it was done. */
  count: (result: "done" | "refused", act: string) => void = () => {};
  /** Told that something is paused or resumed. */
  onDisturb: () => void = () => {};
  readonly #groups: GroupAsked[] = [];
  #isUpgraded = false;
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
      isRewindAsked: false,
      marks: new Set([0]),
      told: [],
    };
    this.records.set(item.n, record);
    this.busy++;
    this.#carryOut(record).then(
      () => this.busy--,
      (error) => this.#world.fail(new Error(`item ${item.n} (${item.kind}) met ${error}`, { cause: error })),
    );
  }

  /** Whether somebody asked for something, of this one or of all of its group. */
  isAsked(record: Record, action: "cancel" | "retry"): boolean {
    if (action === "cancel" ? record.isCancelAsked : record.isRetryAsked) return true;
    const { n, at } = record.item;
    return this.#groups.some((one) => one.action === action && one.group === groupOf(n) && at <= one.until);
  }

  /** Whether somebody asked that what had ended begins again. */
  mayBeginAgain(record: Record | undefined): boolean {
    return record !== undefined && (record.isRewindAsked || this.isAsked(record, "retry"));
  }

  /** Sends a workflow its signals, from one on: those it has change nothing. */
  async sendAll(id: string, item: Item & { readonly kind: "workflow" }, from = 0): Promise<void> {
    const client = this.#clients[item.client]!;
    for (const [nth, payload] of payloadsOf(this.#programs[item.program]!, item.n).entries()) {
      if (nth < from) continue;
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
    const metadata = { n: item.n, group: groupOf(item.n) };
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
        this.onDisturb();
        await this.#insist(client, () => halt(client, item.what));
        await clock.sleep(item.forMs);
        await this.#insist(client, () => resume(client, item.what));
        this.count("done", `pause ${item.what.kind}`);
        this.onDisturb();
        return;
      case "operation":
        await this.#operate(client, item, item.action);
        if (item.action !== "pause" || item.isDry) return;
        await clock.sleep(item.forMs);
        await this.#operate(client, item, "resume");
        this.onDisturb();
        return;
      case "limits":
        await this.#insist(
          client,
          () => rhythm.queues.configure(item.queue, { ...LIMITS[item.queue], rate: 2, per: "1s" }),
        );
        await clock.sleep(item.forMs);
        await this.#insist(client, () => rhythm.queues.configure(item.queue, LIMITS[item.queue]!));
        return;
      case "upgrade":
        // One at most: a later one would have to know what an earlier one made.
        if (this.#isUpgraded) return;
        this.#isUpgraded = true;
        await this.#insist(client, () => this.upgrade(item));
        this.count("done", "upgrade");
        this.onDisturb();
        return;
      case "purge":
        this.hasPurged = true;
        // What people do in psql.
        await this.#insist(client, () => this.purge(item.client, item.olderThan));
        return;
    }
  }

  /** Brings the schema up to the next version. */
  upgrade: (item: Item & { readonly kind: "upgrade" }) => Promise<void> = () => Promise.resolve();

  /** Removes what ended long ago. */
  purge: (client: number, olderThan: string) => Promise<void> = () => Promise.resolve();

  async #later(record: Record, client: Client): Promise<void> {
    const { item } = record;
    if (item.kind !== "workflow" && item.kind !== "task") return;
    const { executions } = client.rhythm;
    const id = record.id!;
    for (const later of item.later) {
      await client.process.clock.sleep(later.afterMs);
      const isDone = await this.#unlessOver(client, () => {
        switch (later.act) {
          case "cancel":
            record.isCancelAsked = true;
            return executions.cancel(id, { reason: "simulated" });
          case "retry":
            record.isRetryAsked = true;
            return executions.retry(id);
          case "delete":
            record.isDeleteAsked = true;
            return executions.delete(id);
          case "pause":
            return executions.pause(id);
          default:
            return this.#change(record, client, later);
        }
      });
      this.count(isDone ? "done" : "refused", later.act);
      if (later.act !== "pause") continue;
      await client.process.clock.sleep(later.forMs!);
      await this.#unlessOver(client, () => executions.resume(id));
      this.onDisturb();
    }
  }

  async #change(record: Record, client: Client, { act, which, mark }: Later): Promise<boolean> {
    const { executions } = client.rhythm;
    const id = record.id!;
    const set = mark === undefined ? {} : { set: { [MARK]: mark } };
    if (act === "edit") {
      record.marks.add(mark!);
      delete record.mark;
      await executions.edit(id, { set: { [MARK]: mark } });
      record.mark = mark!;
      return true;
    }
    const places = placesOf(await executions.history(id, { limit: 1_000 }));
    const place = places[Math.floor(which! * places.length)];
    if (place === undefined) return false;
    const { step, taken } = place;
    if (mark !== undefined) record.marks.add(mark);
    switch (act) {
      case "look":
        await executions.at(id, step);
        await executions.explain(id);
        return true;
      case "rewind":
        // Code is always refused.
        record.isRewindAsked ||= record.item.kind === "workflow" &&
          this.#programs[record.item.program]!.kind === "flow";
        delete record.mark;
        await executions.rewind(id, { step, ...set, note: `to ${step}` });
        return true;
      case "fork": {
        if ((await executions.fork(id, { step, ...set, dryRun: true })).id !== null) {
          throw new Error("A dry run made a fork");
        }
        const fork = await executions.fork(id, { step, ...set, note: `taken ${taken}` });
        if (record.item.kind === "workflow") await this.sendAll(fork.id!, record.item, taken);
        return true;
      }
      default:
        throw new Error(`Nobody knows how to ${act}`);
    }
  }

  // It is done to each of the group once that was there when it began, and to no other.
  async #operate(
    client: Client,
    { group, isDry, stopAfterMs }: Item & { readonly kind: "operation" },
    action: "cancel" | "retry" | "signal" | "pause" | "resume",
  ): Promise<void> {
    const { rhythm: { operations }, process: { clock } } = client;
    const there = [...this.records.values()].filter(({ id, item: { n } }) =>
      id !== undefined && groupOf(n) === group
    );
    const asked = { action, group, until: Infinity };
    if (!isDry) this.#groups.push(asked);
    const { id } = await this.#insist(client, () =>
      operations.start({
        action,
        filter: { metadata: { group } },
        dryRun: isDry,
        ...(action === "signal" ? { name: "nudge", payload: { nth: 1 } } : {}),
      }));
    const begunAt = this.#world.elapsed;
    // One whose answer was lost may come later.
    asked.until = begunAt + 10_000;
    if (stopAfterMs !== null) {
      await clock.sleep(stopAfterMs);
      await this.#insist(client, () => operations.stop(id));
      await clock.sleep(stopAfterMs);
      await this.#insist(client, () => operations.resume(id));
    }
    for (let pauseMs = 100;; pauseMs = Math.min(30_000, 2 * pauseMs)) {
      const { state } = await this.#insist(client, () => operations.get(id));
      if (state === "completed") break;
      await clock.sleep(pauseMs);
      if (clock.random() < 0.3) await this.#insist(client, () => operations.work(id));
    }
    const done = await this.#insist(client, () => operations.acts(id, { limit: 1_000 }));
    const { done: changed } = await this.#insist(client, () => operations.get(id));
    const ids = new Set(done.map(({ executionId }) => executionId));
    const mayBeGone = this.hasPurged;
    for (const one of there) {
      if (!ids.has(one.id!) && !mayBeGone && !one.isDeleteAsked) {
        this.#world.fail(new Error(`operation ${id} (${action}) left out ${one.id} of item ${one.item.n}`));
      }
    }
    for (const { id: other, item: { n, at } } of this.records.values()) {
      if (other !== undefined && at > begunAt && ids.has(other)) {
        this.#world.fail(
          new Error(`operation ${id} (${action}) changed ${other} of item ${n}, which began later`),
        );
      }
    }
    const counted = done.filter(({ result }) => result === "done" || result === "would").length;
    for (const { result } of done) {
      this.count(result === "refused" ? "refused" : "done", `operation ${action}`);
    }
    if (counted !== changed) {
      this.#world.fail(
        new Error(`operation ${id} (${action}) says that it changed ${changed}, and lists ${counted}`),
      );
    }
  }

  /** Ends all pauses, as an operator does once all is well: a pause that came late may have no end. */
  async resumeAll(): Promise<void> {
    const client = this.#clients[0]!;
    const { rhythm } = client;
    for (const { kind, name, key } of await this.#insist(client, () => rhythm.pauses())) {
      const what = { kind: kind === "workflow" ? "flow" : kind, name, key } as Halted;
      await this.#insist(client, () => resume(client, what));
    }
    for (let left = true; left;) {
      const { state, id } = await this.#insist(
        client,
        () => rhythm.operations.start({ action: "resume", filter: { paused: true } }),
      );
      left = state === "running";
      while (left) {
        await client.process.clock.sleep(500);
        left = (await this.#insist(client, () => rhythm.operations.get(id))).state === "running";
      }
    }
    this.onDisturb();
  }

  /** What the history of a flow says that it should not; nothing where it has none, or is gone. */
  async checkHistory(id: string): Promise<string[]> {
    const found: string[] = [];
    await this.#unlessOver(this.#clients[0]!, async () => {
      found.push(...await this.#clients[0]!.rhythm.executions.checkHistory(id));
    });
    return found;
  }

  // False: the execution is not in a state for it, or gone; or the call says so.
  async #unlessOver(client: Client, call: () => Promise<unknown>): Promise<boolean> {
    try {
      return await this.#insist(client, call) !== false;
    } catch (error) {
      // A workflow ends with its last step: nothing goes on from there.
      if (error instanceof InvalidOptionError && error.message.includes(" ended with step ")) return false;
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

function groupOf(n: number): number {
  return n % GROUPS;
}

// The steps on the way to the last one. A rewind says in its note where it went to, a fork how many signals it had taken.
function placesOf(history: readonly HistoryStep[]): Place[] {
  let places: Place[] = [];
  for (const { step, act, took, note } of history) {
    const said = Number(/(?:to|taken) (\d+)$/.exec(note ?? "")?.[1]);
    if (act === "rewound") places = places.filter((one) => one.step <= said);
    let taken = act === "forked" ? said : places.at(-1)?.taken ?? 0;
    taken += took.filter(({ kind, name, status }) =>
      kind === "signal" && name === "go" && status === "completed"
    ).length;
    places.push({ step, taken });
  }
  return places;
}

async function halt({ rhythm }: Client, what: Halted): Promise<void> {
  switch (what.kind) {
    case "task":
      return void await rhythm.tasks.pause(what.name);
    case "flow":
      return void await rhythm.flows.pause(what.name);
    case "queue":
      return void await rhythm.queues.pause(what.name);
    case "key":
      return void await rhythm.queues.pauseKey(what.name, what.key);
    case "everything":
      return void await rhythm.pause();
  }
}

async function resume({ rhythm }: Client, what: Halted): Promise<void> {
  switch (what.kind) {
    case "task":
      return void await rhythm.tasks.resume(what.name);
    case "flow":
      return void await rhythm.flows.resume(what.name);
    case "queue":
      return void await rhythm.queues.resume(what.name);
    case "key":
      return void await rhythm.queues.resumeKey(what.name, what.key);
    case "everything":
      return void await rhythm.resume();
  }
}
