import { UniqueKeyError } from "../../src/db/engine_errors.ts";
import type { Rhythm } from "../../src/app/rhythm.ts";
import { errorKind } from "../../src/db/error_kind.ts";
import { ExecutionNotFoundError, ExecutionStateError, UnknownNameError } from "../../src/db/engine_errors.ts";
import { GROUPS, type Halted, type Item, type Later, LIMITS, payloadsOf } from "./load.ts";
import {
  AskNotFoundError,
  AskTimeoutError,
  AskUnansweredError,
  WaitTimeoutError,
} from "../../src/client/errors.ts";
import type { Process } from "./process.ts";
import { answerTo, flowSource, MARK, type Program, WORK_LINE } from "./programs.ts";
import { InvalidOptionError, type OperationAct } from "../../src/define/mod.ts";
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
  /** The mark with which a repair made it go on; what is only edited stays failed. */
  repairedWith?: number;
  /** How many changes of its variable were begun: of two at once, either may be the last. */
  changes: number;
  /** A change was answered: nothing of it begins between these times, in milliseconds since the beginning. */
  waits?: { readonly from: number; readonly until: number };
  /** When each start of a flurry was first asked for, in milliseconds since the beginning, and whether it was answered. */
  readonly starts: { readonly at: number; isAnswered: boolean }[];
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

/** What a migration said that it moved. */
export interface Moved {
  readonly id: string;
  readonly version: number;
  /** When it said so. */
  readonly at: number;
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
  /** After what time a purge may have removed what ended; infinity: there was none. */
  purgedAfterMs = Infinity;
  /** Counts what is asked for, and whether it was done. */
  count: (result: "done" | "refused", act: string) => void = () => {};
  /** Told that something is paused or resumed. */
  onDisturb: () => void = () => {};
  /** What migrations moved. */
  readonly moved: Moved[] = [];
  readonly #groups: GroupAsked[] = [];
  readonly #versions = new Map<string, number>();
  readonly #deploying = new Set<string>();
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
      marks: new Set(item.kind === "workflow" && item.isFrail ? [] : [0]),
      changes: 0,
      starts: [],
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
  isAsked(record: Record, action: "cancel" | "retry" | "repair"): boolean {
    if (action === "cancel" && record.isCancelAsked || action === "retry" && record.isRetryAsked) return true;
    const { n, at } = record.item;
    return this.#groups.some((one) => one.action === action && one.group === groupOf(n) && at <= one.until);
  }

  /** Whether what ended may have been removed by a purge. */
  get hasPurged(): boolean {
    return this.purgedAfterMs < Infinity;
  }

  /** Whether what ended may have been removed. */
  get removes(): boolean {
    return this.hasPurged || [...this.records.values()].some(({ isDeleteAsked }) => isDeleteAsked);
  }

  /** Whether what failed may have begun again. */
  get repeats(): boolean {
    return this.#groups.some(({ action }) => action !== "cancel") ||
      [...this.records.values()].some(({ isRetryAsked, isRewindAsked }) => isRetryAsked || isRewindAsked);
  }

  /** Whether somebody asked that what had ended begins again. */
  mayBeginAgain(record: Record | undefined): boolean {
    return record !== undefined && (record.isRewindAsked || this.isAsked(record, "retry") ||
      record.item.kind === "workflow" && this.isAsked(record, "repair"));
  }

  /** Sends a workflow its signals, from one on: those it has change nothing. */
  async sendAll(id: string, item: Item & { readonly kind: "workflow" }, from = 0): Promise<void> {
    const client = this.#clients[item.client]!;
    for (const [nth, payload] of payloadsOf(this.#programs[item.program]!, item.n).entries()) {
      if (nth < from) continue;
      await client.process.clock.sleep(item.signalEveryMs);
      const signal = { execution: id, name: "go", payload };
      const idempotencyKey = `${nth}`;
      const isSent = await this.#unlessOver(
        client,
        () =>
          (item.n + nth) % 3 === 1
            ? this.#ask(client, signal, idempotencyKey)
            : client.rhythm.signals.send(signal, { idempotencyKey }),
      );
      // Whoever hears no answer sends it again, perhaps much later.
      if (isSent && (item.n + nth) % 3 === 0) {
        await client.process.clock.sleep(item.signalEveryMs);
        await this.#unlessOver(
          client,
          () =>
            client.rhythm.signals.send({ execution: id, name: "go", payload }, { idempotencyKey: `${nth}` }),
        );
      }
      if (!isSent) return;
    }
  }

  // Whoever hears no answer for a while goes on. The question stays, and its key gives the same answer.
  async #ask(
    { rhythm }: Client,
    signal: { execution: string; name: string; payload: number },
    idempotencyKey: string,
  ): Promise<void> {
    try {
      const answer = await rhythm.signals.ask(signal, { idempotencyKey, timeout: "2s" });
      if (answer === answerTo(signal.payload)) return;
      this.#world.fail(new Error(`${signal.execution} answered ${answer} to ${signal.payload}`));
    } catch (error) {
      if (error instanceof AskTimeoutError) await rhythm.signals.getAsk(error.askId);
      else if (!(error instanceof AskUnansweredError)) throw error;
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
        const inputs = { n: item.n, ...(item.isFrail ? { frail: 1 } : {}) };
        const run = await this.#insist(client, () => rhythm.workflows.start(name, inputs, options));
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
          ...(item.expires === undefined ? {} : { expires: item.expires }),
          ...(item.timeout === undefined ? {} : { timeout: item.timeout }),
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
      case "crowd": {
        const { unique, queue, pausesMs } = item;
        const options = { metadata, unique, queue, retry: { crashes: 1_000 } };
        let before: string[] = [];
        for (const ms of pausesMs) {
          const ids: string[] = [];
          await Promise.all(this.#clients.map(async (one) => {
            try {
              const run = await this.#insist(
                one,
                () => one.rhythm.tasks.queue("echo", { v: ms, ms: 400 }, options),
              );
              ids.push(run.id);
            } catch (error) {
              if (!(error instanceof UniqueKeyError)) throw error;
            }
          }));
          // What was replaced does not come back while another has its key.
          for (const id of before.filter((one) => !ids.includes(one))) {
            record.isRetryAsked = true;
            const isDone = await this.#unlessOver(client, () => rhythm.executions.retry(id));
            this.count(isDone ? "done" : "refused", "retry of a unique one");
          }
          before = ids;
          await clock.sleep(ms);
        }
        return;
      }
      case "flurry": {
        const debounce = {
          key: `flurry ${item.n}`,
          delay: `${item.delayMs}ms`,
          ...(item.maxDelayMs === null ? {} : { maxDelay: `${item.maxDelayMs}ms` }),
          inputs: "all",
        } as const;
        const options = { metadata: { n: item.n }, debounce, retry: { crashes: 1_000 } };
        for (const [v, ms] of item.pausesMs.entries()) {
          const start = { at: this.#world.elapsed, isAnswered: false };
          record.starts.push(start);
          await this.#insist(client, () => rhythm.tasks.queue("gather", { v }, options));
          start.isAnswered = true;
          await clock.sleep(ms);
        }
        this.count("done", "debounce");
        return;
      }
      case "drip": {
        const { limit, perMs } = item;
        const throttle = { key: `drip ${item.n}`, limit, per: `${perMs}ms`, else: item.else };
        const options = { metadata: { n: item.n }, throttle, retry: { crashes: 1_000 } };
        for (const ms of item.pausesMs) {
          await this.#insist(client, () => rhythm.tasks.queue("echo", { v: 1, ms: 0 }, options));
          await clock.sleep(ms);
        }
        this.count("done", `throttle, ${item.else}`);
        return;
      }
      case "losses": {
        const queue = `far_${item.n}`;
        const options = {
          queue,
          metadata: { n: item.n },
          idempotencyKey: `losses ${item.n}`,
          retry: { crashes: 1, initial: "100ms" },
        };
        const { id } = await this.#insist(client, () => rhythm.tasks.queue("fragile", { ms: 0 }, options));
        await this.lose({ n: item.n, queue, id });
        this.count("done", "losses");
        return;
      }
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
        await clock.sleep(item.forMs / 3);
        await this.#insist(client, () => rhythm.schedules.pause(name));
        await clock.sleep(item.forMs / 3);
        await this.#insist(client, () => rhythm.schedules.resume(name));
        await clock.sleep(item.forMs / 3);
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
      case "deploy":
        return await this.#deploy(item, client);
      case "repair":
        return await this.#repair(item, client);
      case "read":
        return await this.#read(item, client);
      case "gate":
        return await this.#gate(item, client);
      case "export":
        return await this.#export(item, client);
      case "foreign":
        return await this.foreign(item);
      case "move":
        this.onDisturb();
        await this.move(item);
        await clock.sleep(item.forMs);
        await this.#insist(client, () => rhythm.adopt());
        this.moveIsOver();
        this.count("done", "adopt");
        this.onDisturb();
        return;
      case "limits":
        await this.#insist(
          client,
          () => rhythm.queues.configure(item.queue, { ...LIMITS[item.queue], rate: 2, per: "1s" }),
        );
        await this.#insist(client, () => rhythm.queues.configureKey(item.queue, "a", { concurrency: 1 }));
        await clock.sleep(item.forMs);
        await this.#insist(client, () => rhythm.queues.configureKey(item.queue, "a", {}));
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
        this.purgedAfterMs = Math.min(this.purgedAfterMs, 1_000 * item.olderThanSeconds);
        // What people do in psql.
        await this.#insist(client, () => this.purge(item.client, `${item.olderThanSeconds} seconds`));
        return;
    }
  }

  /** Brings the schema up to the next version. */
  upgrade: (item: Item & { readonly kind: "upgrade" }) => Promise<void> = () => Promise.resolve();

  /** Removes what ended long ago. */
  purge: (client: number, olderThan: string) => Promise<void> = () => Promise.resolve();

  /** Lets a worker in another language do its work. */
  foreign: (item: Item & { readonly kind: "foreign" }) => Promise<void> = () => Promise.resolve();

  /** Lets all workers die that take a task. */
  lose: (task: { readonly n: number; readonly queue: string; readonly id: string }) => Promise<void> = () =>
    Promise.resolve();

  /** Takes the database to another place, without its workers. */
  move: (item: Item & { readonly kind: "move" }) => Promise<void> = () => Promise.resolve();

  /** Told that the database was adopted. */
  moveIsOver: () => void = () => {};

  // One at a time of each flow, so that the number of a version says which text it has.
  async #deploy(item: Item & { readonly kind: "deploy" }, client: Client): Promise<void> {
    const { rhythm: { flows, executions } } = client;
    const programs = this.#programs.filter(({ kind }) => kind === "flow");
    const program = programs[Math.floor(item.which * programs.length)];
    if (program === undefined || this.#deploying.has(program.name)) return;
    const { name } = program;
    if (item.how === "back") {
      await this.#insist(client, () => flows.setVersion(name, 1));
      this.count("done", "version");
      return;
    }
    this.#deploying.add(name);
    const version = (this.#versions.get(name) ?? 1) + 1;
    this.#versions.set(name, version);
    const source = flowSource(this.#programs, program, version);
    const registered = await this.#insist(client, () => flows.register({ name, source }));
    if (registered.version !== version) {
      throw new Error(`version ${version} of ${name} was registered as ${registered.version}`);
    }
    this.count("done", "register");
    if (item.how === "migrate") {
      const { places } = await this.#insist(
        client,
        () => executions.migrate({ target: name }, { dryRun: true, to: version }),
      );
      for (const { how, lines, toLines, result } of places) {
        if (how !== "sure" && result !== "unchanged") {
          throw new Error(`a move of ${name} from line ${lines} to line ${toLines} is ${how}, and is sure`);
        }
      }
      const start = async (): Promise<string> => {
        return (await executions.migrate({ target: name }, { to: version, note: `to ${version}` })).operation
          .id;
      };
      const acts = await this.#workOff(client, { action: "migrate", start, stopAfterMs: item.stopAfterMs });
      for (const { executionId, result } of acts) {
        if (result === "done") this.moved.push({ id: executionId, version, at: this.#world.elapsed });
      }
    }
    this.#deploying.delete(name);
  }

  // Whatever failed of the group goes on with the variable. What is changed by somebody else at the same time may have either value.
  async #repair(item: Item & { readonly kind: "repair" }, client: Client): Promise<void> {
    const { group, mark, then, stopAfterMs } = item;
    const asked = { action: "repair", group, until: Infinity };
    this.#groups.push(asked);
    const mine = new Map<Record, number>();
    const concern = (record: Record): void => {
      if (mine.has(record) || groupOf(record.item.n) !== group) return;
      record.marks.add(mark);
      delete record.mark;
      mine.set(record, ++record.changes);
    };
    for (const record of this.records.values()) concern(record);
    const start = async (): Promise<string> => {
      for (const record of this.records.values()) concern(record);
      const filter = { type: "workflow", status: "failed", metadata: { group } } as const;
      const options = { set: { [MARK]: mark }, then, note: "no mark" };
      return (await client.rhythm.executions.repair(filter, options)).operation.id;
    };
    const acts = await this.#workOff(client, { action: "repair", start, stopAfterMs });
    asked.until = this.#world.elapsed + 10_000;
    const done = new Set(
      acts.filter(({ result }) => result === "done").map(({ executionId }) => executionId),
    );
    for (const [record, change] of mine) {
      if (done.has(record.id!) && record.changes === change) record.mark = record.repairedWith = mark;
    }
  }

  async #gate({ which, before, forMs }: Item & { readonly kind: "gate" }, client: Client): Promise<void> {
    const { rhythm: { gates }, process: { clock } } = client;
    const programs = this.#programs.filter(({ kind }) => kind === "flow");
    const program = programs[Math.floor(which * programs.length)];
    if (program === undefined) return;
    this.onDisturb();
    const place = before === null ? { line: WORK_LINE } : { before };
    const gate = await this.#insist(client, () => gates.set(program.name, place));
    await clock.sleep(forMs);
    await this.#insist(client, () => gates.remove(gate));
    this.count("done", before === null ? "gate at a line" : "gate before a task");
    this.onDisturb();
  }

  async #export({ of }: Item & { readonly kind: "export" }, client: Client): Promise<void> {
    const id = this.records.get(of)?.id;
    if (id === undefined) return;
    const { executions } = client.rhythm;
    let file = "";
    const isDone = await this.#unlessOver(client, async () => file = await executions.export(id));
    this.count(isDone ? "done" : "refused", "export");
    // It is here already, and so the whole file is read, and then refused.
    if (!isDone) return;
    if (await this.#unlessOver(client, () => executions.import(file)) && !this.removes) {
      throw new Error(`${id} was imported, and is there already`);
    }
    this.count("refused", "import");
  }

  async #read({ of }: Item & { readonly kind: "read" }, client: Client): Promise<void> {
    const { rhythm } = client;
    const { executions } = await this.#insist(
      client,
      () => rhythm.executions.query({ variables: { n: of } }),
    );
    for (const { id, inputs } of executions) {
      if ((inputs as { n?: number }).n !== of) {
        throw new Error(`${id} is found by n = ${of}, and has another`);
      }
    }
    for (const { fingerprint, target } of await this.#insist(client, () => rhythm.failures.list())) {
      const found = await this.#insist(client, () => rhythm.executions.query({ fingerprint, limit: 5 }));
      for (const one of found.executions) {
        if (one.target !== target) throw new Error(`${one.id} of ${one.target} is a failure of ${target}`);
      }
    }
    const calls: readonly (() => Promise<unknown>)[] = [
      () => rhythm.rates(),
      () => rhythm.audit(),
      () => rhythm.failures.hooks(),
      () => rhythm.flows.list(),
      () => rhythm.queues.list(),
      () => rhythm.schedules.list(),
      () => rhythm.operations.list(),
      ...this.#programs.filter(({ kind }) => kind === "flow").slice(0, 1).flatMap(({ name }) => [
        () => rhythm.flows.versions(name),
        () => rhythm.flows.heat(name),
      ]),
    ];
    for (const call of calls) await this.#insist(client, call);
    const id = this.records.get(of)?.id;
    if (id !== undefined) await this.#readOne(id, client);
    this.count("done", "read");
  }

  // What is read of one; and its end is waited for, if it comes soon.
  async #readOne(id: string, client: Client): Promise<void> {
    const { rhythm: { executions } } = client;
    const tree = await this.#insist(client, () => executions.tree(id));
    if (tree.length > 0 && !tree.some((one) => one.id === id)) {
      throw new Error(`${id} is not in its own tree`);
    }
    await this.#insist(client, () => executions.logs(id));
    try {
      const { status } = await this.#insist(client, () => executions.wait(id, { timeout: "3s" }));
      if (!["completed", "failed", "cancelled"].includes(status)) {
        throw new Error(`${id} was waited for, and is ${status}`);
      }
      const found = await this.#insist(client, () => executions.get(id));
      if (found === null && !this.removes) throw new Error(`${id} is gone`);
    } catch (error) {
      if (!(error instanceof WaitTimeoutError || error instanceof ExecutionNotFoundError)) throw error;
    }
  }

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
          case "change":
            return this.#changeWaiting(record, client, later);
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

  async #changeWaiting(record: Record, client: Client, { which, delayMs }: Later): Promise<void> {
    const { executions } = client.rhythm;
    const priority = Math.floor(which! * 10) - 5;
    if (delayMs === undefined) return await executions.change(record.id!, { priority });
    const until = this.#world.elapsed + delayMs;
    delete record.waits;
    await executions.change(record.id!, { priority, delay: `${delayMs}ms` });
    record.waits = { from: this.#world.elapsed, until };
  }

  async #change(record: Record, client: Client, { act, which, mark }: Later): Promise<boolean> {
    const { executions } = client.rhythm;
    const id = record.id!;
    const isFlow = record.item.kind === "workflow" && this.#programs[record.item.program]!.kind === "flow";
    // Code has no variables.
    const set = mark === undefined || act === "fork" && !isFlow ? {} : { set: { [MARK]: mark } };
    if (act === "edit") {
      record.marks.add(mark!);
      delete record.mark;
      const change = ++record.changes;
      await executions.edit(id, { set: { [MARK]: mark } });
      if (record.changes === change) record.mark = mark!;
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
        record.isRewindAsked ||= isFlow;
        delete record.mark;
        record.changes++;
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
    action: "cancel" | "retry" | "signal" | "pause" | "change" | "resume",
  ): Promise<void> {
    const { rhythm: { operations } } = client;
    const there = [...this.records.values()].filter(({ id, item: { n } }) =>
      id !== undefined && groupOf(n) === group
    );
    const asked = { action, group, until: Infinity };
    if (!isDry) this.#groups.push(asked);
    let begunAt = 0;
    const start = async (): Promise<string> => {
      const { id } = await operations.start({
        action,
        filter: { metadata: { group } },
        dryRun: isDry,
        ...(action === "signal" ? { name: "nudge", payload: { nth: 1 } } : {}),
        ...(action === "change" ? { change: { priority: 3 } } : {}),
      });
      begunAt = this.#world.elapsed;
      // One whose answer was lost may come later.
      asked.until = begunAt + 10_000;
      return id;
    };
    const done = await this.#workOff(client, { action, start, stopAfterMs });
    const ids = new Set(done.map(({ executionId }) => executionId));
    const mayBeGone = this.hasPurged;
    for (const one of there) {
      if (!ids.has(one.id!) && !mayBeGone && !one.isDeleteAsked) {
        this.#world.fail(new Error(`operation (${action}) left out ${one.id} of item ${one.item.n}`));
      }
    }
    for (const { id: other, item: { n, at } } of this.records.values()) {
      if (other !== undefined && at > begunAt && ids.has(other)) {
        this.#world.fail(
          new Error(`operation (${action}) changed ${other} of item ${n}, which began later`),
        );
      }
    }
  }

  // Starts an operation, and waits for its end; gives what it did to each.
  async #workOff(
    client: Client,
    { action, start, stopAfterMs }: {
      readonly action: string;
      readonly start: () => Promise<string>;
      readonly stopAfterMs: number | null;
    },
  ): Promise<readonly OperationAct[]> {
    const { rhythm: { operations }, process: { clock } } = client;
    const id = await this.#insist(client, start);
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
    const counted = done.filter(({ result }) => result === "done" || result === "would").length;
    for (const { result } of done) {
      this.count(result === "refused" ? "refused" : "done", `operation ${action}`);
    }
    if (counted !== changed) {
      this.#world.fail(
        new Error(`operation ${id} (${action}) says that it changed ${changed}, and lists ${counted}`),
      );
    }
    return done;
  }

  /** Ends all pauses, as an operator does once all is well: a pause that came late may have no end. */
  async resumeAll(): Promise<void> {
    const client = this.#clients[0]!;
    const { rhythm } = client;
    for (const { kind, name, key } of await this.#insist(client, () => rhythm.pauses())) {
      const what = { kind: kind === "workflow" ? "flow" : kind, name, key } as Halted;
      await this.#insist(client, () => resume(client, what));
    }
    await this.#insist(client, () => resume(client, { kind: "worker" }));
    for (const { id } of await this.#insist(client, () => rhythm.gates.list())) {
      await this.#insist(client, () => rhythm.gates.remove(id));
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

  // False: the execution is not in a state for it, or gone; or the call says so.
  async #unlessOver(client: Client, call: () => Promise<unknown>): Promise<boolean> {
    try {
      return await this.#insist(client, call) !== false;
    } catch (error) {
      // A workflow ends with its last step: nothing goes on from there.
      if (error instanceof InvalidOptionError && error.message.includes(" ended with step ")) return false;
      if (error instanceof ExecutionStateError || error instanceof ExecutionNotFoundError) return false;
      if (error instanceof AskNotFoundError) return false;
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
      // Workflows in TypeScript name their steps otherwise.
      kind === "signal" && (name === "go" || name?.startsWith("signal go ")) && status === "completed"
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
    case "worker": {
      const [first] = await rhythm.workers.list();
      if (first !== undefined) await unlessGone(rhythm.workers.drain(first.id));
      return;
    }
    case "everything":
      return void await rhythm.pause();
  }
}

// It may have ended since it was listed.
async function unlessGone(done: Promise<boolean>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!(error instanceof UnknownNameError)) throw error;
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
    case "worker":
      for (const { id, drainingSince } of await rhythm.workers.list()) {
        if (drainingSince !== null) await unlessGone(rhythm.workers.resume(id));
      }
      return;
    case "everything":
      return void await rhythm.resume();
  }
}
