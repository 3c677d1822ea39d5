// What clients load when they first need it would take real time then: it is here before a run begins.
import "zod";
import "../../src/flow/durable/rebuild.ts";
import "../../src/flow/migrate/apply.ts";
import "../../src/flow/migrate/pair.ts";
import "../../src/flow/mod.ts";
import { flowRuntime } from "../../src/app/flow_runtime.ts";
import { hookTask } from "../../src/app/hook_task.ts";
import { assemble } from "../../src/app/rhythm.ts";
import { ClientCore } from "../../src/client/core.ts";
import { checkHistory } from "../../src/client/history.ts";
import type { Row } from "../../src/db/database.ts";
import type { Logger } from "../../src/define/mod.ts";
import { StepsRuntime } from "../../src/steps/runtime.ts";
import { sqlEngine } from "../../src/worker/engine/sql_engine.ts";
import { install } from "../../src/db/install.ts";
import type { SchemaFile } from "../../src/db/schema_gen.ts";
import { Worker } from "../../src/worker/loop/worker.ts";
import { nextVersion } from "./upgrade.ts";
import { type Client, Clients } from "./clients.ts";
import type { Engine } from "./engine.ts";
import { ExecutionStateError, NotAdoptedError } from "../../src/db/engine_errors.ts";
import { Foreign } from "./foreign.ts";
import { loseAll } from "./losses.ts";
import { Dice } from "./dice.ts";
import { Ledger } from "./ledger.ts";
import { type Item, LIMITS, planLoad, QUEUES } from "./load.ts";
import { Model, SEEN, type Seen } from "./model.ts";
import { Network } from "./network.ts";
import { Process } from "./process.ts";
import { ABROAD, flowSource, makePrograms, type Program } from "./programs.ts";
import { Rates } from "./rates.ts";
import { ADDRESS, Receiver } from "./receiver.ts";
import { Server } from "./server.ts";
import { tasksOf, workflowsOf } from "./tasks.ts";
import { type Coverage, type Fault, planClimate, planDays, planFaults, Weather } from "./weather.ts";
import { BEGINNING, Trace, type TraceKind, World } from "./world.ts";

/** Everything that decides a run, but the seed of its chance. */
export interface Plan {
  readonly seed: string;
  readonly programs: readonly Program[];
  readonly load: readonly Item[];
  readonly faults: readonly Fault[];
  /** When faults stop, in milliseconds since the beginning. */
  readonly healAt: number;
}

/** What came of a run. */
export interface Result {
  readonly seed: string;
  /** What broke; nothing: all promises were kept. */
  readonly broken: string | undefined;
  /** Stands for all that happened. */
  readonly digest: string;
  readonly lines: readonly string[];
  readonly coverage: Coverage;
  readonly executions: number;
  readonly handlers: number;
  readonly minutes: number;
  readonly calls: number;
}

const MINUTE = 60_000;
const LENGTH_MS = 29.5 * MINUTE;
const WORKERS = 3;
const OLD_PLACE = 1;
const ABROAD_PLACE = 2;
const NEW_TASKS = new Set(["talk", "told"]);
const RATED = "rated";
/** How many histories are rebuilt at each quiet moment. At the end, all are. */
const HISTORIES = 4;
const LEASES = [15_000, 6_000, 10_000];
/** Many times more than a seed makes. */
const MOST_CALLS = 40_000;
const LOOK_EVERY_MS = 15_000;
const CHECK_EVERY_MS = 40_000;

/** How many days a seed has. */
export const DAYS = 2;

/** The plan that a seed stands for: half an hour, with some days of work in it. Between them are nights. */
export function planOf(seed: number, count = DAYS): Plan {
  const dice = new Dice(`seed ${seed}`);
  const programs = makePrograms(dice.fork("programs"), 6);
  const climate = planClimate(dice.fork("climate"));
  const days = planDays(dice.fork("days"), { count, end: LENGTH_MS });
  return {
    seed: String(seed),
    programs,
    load: days.flatMap((day, nth) => planLoad(dice.fork(`load ${nth}`), { ...day, nth, programs })),
    faults: days.flatMap((day, nth) =>
      planFaults(dice.fork(`faults ${nth}`), { ...day, workers: WORKERS, climate })
    ),
    healAt: days.at(-1)!.until,
  };
}

/** Runs a plan on a database that has the engine and nothing else. */
export async function simulate(
  engine: Engine,
  plan: Plan,
  { kind = "hashed", schema }: { kind?: TraceKind | undefined; schema: readonly SchemaFile[] },
): Promise<Result> {
  const simulation = new Simulation(engine, plan, { trace: new Trace(kind), schema });
  let broken: string | undefined;
  try {
    await simulation.run();
  } catch (error) {
    broken = error instanceof Broken ? error.message : `${(error as Error).stack ?? error}`;
  }
  return await simulation.result(broken);
}

/** A promise that was not kept. */
class Broken extends Error {}

/** What is read of the answer of exchange(). */
interface AnswerOfExchange {
  readonly parcels: readonly {
    readonly common: { readonly queue: string };
    readonly ids: readonly string[];
  }[];
}

/** A place for a worker: there is one in it, or there will be one soon. */
interface Place {
  readonly number: number;
  current?: { readonly process: Process; readonly worker: Worker; isOver: boolean };
  starts: number;
  /** When the next begins at the earliest. */
  backAt: number;
}

class Simulation {
  readonly #plan: Plan;
  readonly #dice: Dice;
  readonly #world: World;
  readonly #server: Server;
  readonly #weather: Weather;
  readonly #network: Network;
  readonly #ledger: Ledger;
  readonly #places: Place[] = Array.from(
    { length: WORKERS },
    (_, number) => ({ number, starts: 0, backAt: 0 }),
  );
  readonly #auditor: ClientCore;
  readonly #receiver: Receiver;
  readonly #rates = new Rates();
  readonly #schema: readonly SchemaFile[];
  #clients: Clients | undefined;
  #model: Model | undefined;
  #isLeaving = false;
  /** When the database was taken to another place, until it is adopted there. */
  #movedAt: number | undefined;
  #moves = 0;
  #lookedAfter = 0;
  #checkedAt = -Infinity;
  #night = 0;
  #nextHistory = 0;
  #disturbedAt = 0;
  #ready: { readonly at: number; readonly ids: ReadonlySet<string> } | undefined;

  constructor(
    engine: Engine,
    plan: Plan,
    { trace, schema }: { trace: Trace; schema: readonly SchemaFile[] },
  ) {
    this.#plan = plan;
    this.#schema = schema;
    this.#dice = new Dice(`seed ${plan.seed} run`);
    this.#world = new World(trace);
    this.#server = new Server(engine, this.#world, `seed ${plan.seed}`);
    this.#weather = new Weather({
      world: this.#world,
      dice: this.#dice.fork("weather"),
      faults: plan.faults,
    });
    this.#network = new Network({
      world: this.#world,
      server: this.#server,
      weather: this.#weather,
      dice: this.#dice.fork("network"),
    });
    this.#ledger = new Ledger(this.#world);
    this.#receiver = new Receiver({
      world: this.#world,
      dice: this.#dice.fork("receiver"),
      ledger: this.#ledger,
    });
    this.#auditor = new ClientCore({
      database: this.#server.unseen(),
      schema: "rhythm",
      clock: new Process("auditor", this.#world, this.#dice.fork("auditor")).clock,
      telemetry: undefined,
    });
    this.#network.onDone = async (name, params, rows) => {
      if (name === "exchange") await this.#countBeginnings(params, rows);
    };
    this.#ledger.onBlock = (process, ms) => this.#freeze(process, ms);
    this.#weather.onStrike = (process, fault) => {
      if (fault.act === "kill") this.#kill(process, fault.forMs);
      else this.#freeze(process, fault.forMs);
    };
    this.#weather.onTrouble = () => this.#disturb();
  }

  async run(): Promise<void> {
    await this.#open();
    const { load, faults } = this.#plan;
    this.#weather.isCalm = false;
    for (const place of this.#places) this.#start(place);
    for (const item of load) {
      this.#world.at(BEGINNING + item.at, () => this.#begin(item));
    }
    for (const fault of faults) {
      this.#world.at(BEGINNING + fault.at, () => this.#strike(fault));
    }
    await this.#until(this.#plan.healAt);
    await this.#heal();
    await this.#finish();
    await this.#leave();
    await this.#clean();
  }

  async result(broken: string | undefined): Promise<Result> {
    const { trace } = this.#world;
    if (broken !== undefined) this.#world.tell(`BROKEN ${broken}`);
    await this.#server.close().catch(() => {});
    return {
      seed: this.#plan.seed,
      broken,
      digest: trace.digest,
      lines: trace.lines,
      coverage: this.#weather.coverage,
      executions: this.#model?.all ?? 0,
      handlers: this.#ledger.begun,
      minutes: this.#world.elapsed / MINUTE,
      calls: this.#network.calls,
    };
  }

  async #open(): Promise<void> {
    await this.#server.open(["rhythm_work", "rhythm_done", "rhythm_stop", "rhythm_progress"]);
    await this.#server.script(
      `select rhythm.define_sql_task('sim_double', 'public.sim_double(jsonb)', '{"retry": {"crashes": 1000}}');`,
    );
    const [row] = await this.#server.peek<{ name: string }>(
      "select c.system_identifier::text as name from pg_catalog.pg_control_system() as c",
    );
    this.#world.trace.hidden = row!.name;
    const opening = this.#openClients();
    await this.#world.run(this.#world.now + 4_000);
    const clients = await opening;
    this.#clients = new Clients({ world: this.#world, clients, programs: this.#plan.programs });
    this.#clients.upgrade = async ({ n, client, changed }) => {
      const files = nextVersion(this.#schema, n, changed);
      await install(this.#network.connect(clients[client]!.process), { files, version: files.version });
    };
    this.#clients.purge = async (client, olderThan) => {
      const database = this.#network.connect(clients[client]!.process);
      await database.query(`select rhythm.purge('${olderThan}')`);
    };
    this.#clients.foreign = async ({ n, forMs, end }) => {
      const name = `foreign_${n}`;
      const process = new Process(name, this.#world, this.#dice.fork(name));
      await new Foreign({
        process,
        database: this.#network.connect(process),
        dice: this.#dice.fork(`${name} does`),
        leases: () => this.#server.isQuiet ? this.#server.peek(LEASES_NOW) : Promise.resolve([]),
        waits: () => this.#server.isQuiet ? this.#server.peek(WAITS_NOW) : Promise.resolve([]),
        held: (worker) =>
          this.#server.isQuiet ? this.#server.peek(HELD_NOW, [worker]) : Promise.resolve(undefined),
        states: () => this.#server.isQuiet ? this.#server.peek(STATES_NOW) : Promise.resolve([]),
        alone: (ms, how) => {
          for (const { current, number } of this.#places) {
            if (current !== undefined && (how === "everywhere" || number === ABROAD_PLACE)) {
              this.#freeze(current.process, ms);
            }
          }
        },
        onBroken: (what) => this.#world.fail(new Broken(what)),
      }).run(forMs, end);
      this.#network.forget(process);
    };
    this.#clients.lose = async ({ n, queue, id }) => {
      const process = new Process(`loser_${n}`, this.#world, this.#dice.fork(`loser_${n}`));
      await loseAll({
        process,
        database: this.#network.connect(process),
        queue,
        id,
        forgiven: () => this.#moves,
        onBroken: (what) => this.#world.fail(new Broken(what)),
      });
      this.#network.forget(process);
    };
    this.#clients.move = async () => {
      this.#moves++;
      for (const { current } of this.#places) if (current !== undefined) this.#kill(current.process, 300);
      await this.#server.turn(async () => {
        await this.#server.script("begin read write; update rhythm.home set system_identifier = '1'; commit");
        await this.#server.script("reset rhythm_home.checked");
        this.#movedAt = this.#world.elapsed;
      });
    };
    this.#clients.moveIsOver = () => this.#movedAt = undefined;
    this.#clients.count = (result, act) => this.#weather.coverage.count(`clients: ${result}`, act);
    this.#clients.onDisturb = () => this.#disturb();
    this.#model = new Model({ clients: this.#clients, programs: this.#plan.programs, ledger: this.#ledger });
  }

  async #openClients(): Promise<Client[]> {
    const { programs } = this.#plan;
    const clients: Client[] = [];
    for (let number = 0; number < 2; number++) {
      const process = new Process(`client_${number}`, this.#world, this.#dice.fork(`client ${number}`));
      const isFirst = number === 0;
      const sources = programs.filter(({ kind }) => kind === "flow").map((program) => ({
        name: program.name,
        source: flowSource(programs, program),
      }));
      const rhythm = await assemble({
        place: { kind: "embedded", at: "memory://" },
        database: this.#network.connect(process),
        schema: "rhythm",
        tasks: isFirst ? tasksOf(process, this.#ledger) : [],
        workflows: isFirst ? workflowsOf(programs, this.#ledger) : [],
        logger: this.#loggerOf(process),
        clock: process.clock,
        token: "simulated",
      }, isFirst ? sources : []);
      if (isFirst) {
        await rhythm.failures.setHook("tell", {
          target: "told",
          event: "failed",
          filter: { target: "boom" },
        });
        await rhythm.failures.setHook("ring", { ...ADDRESS, event: "failed", filter: { target: "slow" } });
        for (const [queue, limits] of Object.entries(LIMITS)) await rhythm.queues.configure(queue, limits);
      }
      clients.push({ process, rhythm });
    }
    return clients;
  }

  #start(place: Place): void {
    if (place.current !== undefined) return;
    this.#disturb();
    if (this.#night > this.#world.elapsed) {
      this.#world.after(this.#night - this.#world.elapsed + 1, () => this.#start(place));
      return;
    }
    const name = `worker_${place.number}.${place.starts++}`;
    const process = new Process(name, this.#world, this.#dice.fork(name));
    this.#weather.know(process, place.number);
    const database = this.#network.connect(process);
    // An old build of the program works beside the new ones: it lacks what was added since.
    const isOld = place.number === OLD_PLACE;
    const own = tasksOf(process, this.#ledger).filter(({ name }) => !isOld || !NEW_TASKS.has(name));
    const hooks = hookTask({ on: database, schema: "rhythm" }, {
      clock: process.clock,
      fetch: this.#receiver.fetchFrom(process),
    });
    const tasks = [hooks, ...own];
    const workflows = workflowsOf(this.#plan.programs, this.#ledger);
    const leaseMs = LEASES[place.number]!;
    const worker = new Worker({
      engine: sqlEngine({
        main: database,
        transactional: database,
        schema: "rhythm",
        name,
        queues: place.number === ABROAD_PLACE ? [...QUEUES, ABROAD] : QUEUES,
        targets: tasks.map((made) => made.name),
        leaseMs,
        runsCode: true,
      }),
      runtime: flowRuntime,
      clock: process.clock,
      code: new StepsRuntime(workflows, process.clock),
      tasks,
      logger: this.#loggerOf(process),
      concurrency: [4, 20, 100][place.number]!,
      transactions: 2,
      leaseMs,
      graceMs: 3_000,
      pollMs: 5_000,
      maxOutputBytes: 1_000_000,
    });
    const current = { process, worker, isOver: false };
    place.current = current;
    this.#world.tell(`${name} starts`);
    const over = (): void => {
      this.#world.tell(`${name} is over`);
      current.isOver = true;
      if (place.current === current) delete place.current;
      if (process.lives) process.kill();
      this.#network.forget(process);
      if (!this.#isLeaving) {
        this.#world.after(Math.max(1_000, place.backAt - this.#world.elapsed), () => this.#start(place));
      }
    };
    worker.run().then(over, (error) => {
      if (!(error instanceof NotAdoptedError)) {
        this.#world.fail(new Broken(`${name} ended by itself: ${error}`));
      }
      over();
    });
  }

  #begin(item: Item): void {
    this.#world.tell(`load ${JSON.stringify(item)}`);
    this.#clients!.begin(item);
  }

  async #strike(fault: Fault): Promise<void> {
    this.#world.tell(`fault ${JSON.stringify(fault)}`);
    this.#disturb();
    const process = "worker" in fault ? this.#places[fault.worker]!.current?.process : undefined;
    switch (fault.kind) {
      case "strike":
        return this.#weather.arm(fault);
      case "cut":
        if (process !== undefined) this.#network.cut(process);
        return;
      case "clock":
        if (process !== undefined) process.skewMs = fault.ms;
        return;
      case "stop": {
        const place = this.#places[fault.worker]!;
        place.backAt = this.#world.elapsed + fault.forMs;
        if (place.current !== undefined) void place.current.worker.stop();
        return;
      }
      case "night":
        this.#night = Math.max(this.#night, this.#world.elapsed + fault.forMs);
        for (const { current } of this.#places) {
          if (current !== undefined) this.#kill(current.process, fault.forMs + 1);
        }
        return;
      case "restart":
        await this.#server.stop();
        this.#network.cutAll();
        this.#world.after(fault.forMs, () => {
          this.#disturb();
          this.#server.start();
        });
        return;
      case "read only":
        await this.#server.setWriting("off");
        this.#world.after(fault.forMs, async () => {
          this.#disturb();
          await this.#server.setWriting("on");
        });
        return;
    }
  }

  #kill(process: Process, forMs: number): void {
    const place = this.#places.find(({ current }) => current?.process === process);
    if (place === undefined || !process.lives) return;
    this.#world.tell(`${process.name} is killed`);
    this.#disturb();
    process.kill();
    this.#network.forget(process);
    delete place.current;
    this.#world.after(forMs, () => this.#start(place));
  }

  #freeze(process: Process, forMs: number): void {
    if (!process.lives || process.isFrozen) return;
    this.#world.tell(`${process.name} is frozen for ${Math.round(forMs)} ms`);
    this.#disturb();
    process.freeze();
    this.#network.cutTransactions(process);
    this.#world.after(forMs, () => {
      this.#disturb();
      process.wake();
    });
  }

  #disturb(): void {
    this.#disturbedAt = this.#world.elapsed;
    this.#ready = undefined;
  }

  // Looks now and then while time goes on.
  async #until(elapsed: number, isOver: () => boolean = () => false): Promise<void> {
    // Whole milliseconds: times of the day are too large for the parts of one to be exact.
    const end = Math.ceil(elapsed);
    while (this.#world.elapsed < end && !isOver()) {
      const next = Math.min(end, Math.ceil(this.#world.elapsed) + LOOK_EVERY_MS);
      await this.#world.run(BEGINNING + next, isOver);
      // A transaction that is open is not for long.
      for (let tries = 0; !this.#server.isQuiet && tries < 1_000; tries++) {
        await this.#world.run(this.#world.now + 10);
      }
      const { calls } = this.#network;
      if (this.#server.isQuiet && calls > this.#lookedAfter) await this.#look();
      this.#lookedAfter = calls;
      if (calls > MOST_CALLS) throw new Broken(`${calls} calls were made, and it has not come to an end`);
    }
  }

  async #look(): Promise<Seen[]> {
    // Dearer than the rest.
    const isCheckDue = this.#world.elapsed - this.#checkedAt >= CHECK_EVERY_MS;
    if (isCheckDue) this.#checkedAt = this.#world.elapsed;
    const found = !isCheckDue ? [] : await this.#server.peek<{ text: string }>(
      "select concat_ws(' ', c.execution_id, c.violation) as text from rhythm.check() as c order by 1",
    );
    if (found.length > 0) throw new Broken(`check() finds: ${found.map(({ text }) => text).join("; ")}`);
    const rows = await this.#server.peek<Seen>(SEEN);
    const wrong = [
      ...this.#model!.look(rows, this.#world.elapsed),
      ...this.#model!.lookAtHandlers(rows),
      ...await this.#lookAtLimits(),
      ...await this.#lookForLate(),
      ...await this.#lookAtBooked(),
      ...await this.#lookAtCleanUp(rows),
      ...await this.#lookAtPauses(),
      ...await this.#lookAtMove(),
      ...await this.#lookAtTimeouts(),
      ...await this.#lookAtGates(),
      ...await this.#lookAtHistories(rows, HISTORIES),
    ];
    if (wrong.length > 0) throw new Broken(wrong.join("; "));
    return rows;
  }

  async #lookAtLimits(): Promise<string[]> {
    const rows = await this.#server.peek<{ queue: string; key: string; running: number; most: number }>(
      `with running as (
        select b.queue, b.concurrency_key as key, count(*)::integer as running
        from rhythm.batch as b join rhythm.queue as q on q.name = b.queue cross join lateral unnest(rhythm.members(b)) as m (id)
        where b.worker is not null group by b.queue, b.concurrency_key
      )
      select r.queue, '(all)' as key, sum(r.running)::integer as running, q.concurrency as most
      from running as r join rhythm.queue as q on q.name = r.queue group by r.queue, q.concurrency having sum(r.running) > q.concurrency
      union all
      select r.queue, r.key, r.running, q.per_key_concurrency
      from running as r join rhythm.queue as q on q.name = r.queue where r.key is not null and r.running > q.per_key_concurrency`,
    );
    return rows.map(({ queue, key, running, most }) =>
      `queue ${queue} (key ${key}) runs ${running}, ${most} are allowed`
    );
  }

  // Where nothing went wrong for a while and there is room, what can run is run soon.
  async #lookForLate(): Promise<string[]> {
    const now = this.#world.elapsed;
    const isCalm = now - this.#disturbedAt > 10_000 &&
      this.#places.every(({ current }) => current !== undefined);
    if (!isCalm) {
      this.#ready = undefined;
      return [];
    }
    const rows = await this.#server.peek<{ id: string; what: string }>(
      `select b.id::text || ' ' || b.attempt::text as id, format('%s %s of queue %s', b.target, b.first_id, b.queue) as what
      from rhythm.batch as b
      where b.worker is null and not b.limited and coalesce(b.run_at, '-infinity') < rhythm.now() - interval '7 seconds'
        and not exists (select from rhythm.queue as q where q.name = b.queue and q.paused_at is not null)
        and not exists (select from rhythm.queue_key as k where k.queue = b.queue and k.key = b.concurrency_key and k.paused_at is not null)
        and not exists (select from rhythm.pause as p where p.type = 'everything' or p.type = b.type and p.target = b.target)
      union all
      select 'parked ' || b.id::text, format('%s %s, which is parked, and nothing pauses it', b.target, b.first_id)
      from rhythm.batch as b
      where b.worker is null and b.run_at = 'infinity' and not b.paused
        and not exists (select from rhythm.pause as p where p.type = b.type and p.target = b.target)
        and not exists (select from rhythm.gate as g where g.id = b.gate)
      union all
      select 'timer ' || t.id::text, format('timer of %s', t.execution_id)
      from rhythm.timer as t join rhythm.execution as e on e.id = t.execution_id and e.state = 0
      where not t.fired and t.fires_at < rhythm.now() - interval '7 seconds'
      union all
      select 'cancelled ' || e.id::text, format('workflow %s, which was cancelled and waits for nothing', e.id)
      from rhythm.execution as e join rhythm.workflow_state as s on s.execution_id = e.id
      where e.state = 0 and e.cancel_reason is not null and e.paused_at is null and s.batch_id is null
        and not exists (select from rhythm.execution as c where c.parent_id = e.id and c.state = 0)`,
    );
    const before = this.#ready;
    this.#ready = { at: now, ids: new Set(rows.map(({ id }) => id)) };
    const isFull = this.#places.some(({ current }) => current!.worker.inFlight > 3);
    if (before === undefined || isFull || now - before.at < 8_000) return [];
    return rows.filter(({ id }) => before.ids.has(id)).map(({ what }) =>
      `nobody takes ${what}, which is due`
    );
  }

  async #lookAtBooked(): Promise<string[]> {
    const rows = await this.#server.peek<{ what: string }>(
      `select format('%s wrote %s rows and is %s', b.execution, count(*), coalesce(max(e.state)::text, 'gone')) as what
      from public.booked as b left join rhythm.execution as e on e.id = b.execution
      group by b.execution having count(*) > 1 or max(e.state) is not null and max(e.state) <> 1
      union all
      select format('%s completed and wrote nothing', e.id) from rhythm.execution as e
      where e.target = 'book' and e.state = 1 and e.type = 'task' and not exists (select from public.booked as b where b.execution = e.id)`,
    );
    return rows.map(({ what }) => what);
  }

  // What was seen at the moment when it happened; and whatever the last chores have left undone.
  async #lookAtTimeouts(): Promise<string[]> {
    const rows = await this.#server.peek<{ what: string }>(
      `select b.what from public.broken as b
      union all
      select format('%s was sent the signal %s %s times', g.execution_id, g.payload, count(*)) from rhythm.signal as g
      where g.name = 'go' group by g.execution_id, g.payload having count(*) > 1
      union all
      select format('%s answered %s to %s', a.execution_id, a.answer, a.payload) from rhythm.asks as a
      where a.status = 'rejected' or a.answer is distinct from to_jsonb((a.payload #>> '{}')::integer + 1) and a.status = 'answered'
      union all
      select format('%s is completed, has taken the question %s, and has not answered it', a.execution_id, a.id)
      from rhythm.asks as a join rhythm.execution as e on e.id = a.execution_id and e.state = 1
      where a.taken and a.status = 'unanswered'
      union all
      select format('%s %s has a timeout of %s ms, was claimed at %s, and goes on at %s', b.target, b.first_id, b.timeout_ms, b.claimed_at, c.at)
      from rhythm.batch as b cross join (select s.value::timestamptz as at from rhythm.setting as s where s.name = 'chored_at') as c
      where b.worker is not null and b.timeout_ms is not null and b.claimed_at + b.timeout_ms * interval '1 millisecond' < c.at - interval '1500 milliseconds'
      union all
      select format('workflow %s should have ended at %s, and goes on at %s', t.execution_id, t.fires_at, c.at)
      from rhythm.timer as t cross join (select s.value::timestamptz as at from rhythm.setting as s where s.name = 'chored_at') as c
      where t.deadline and not t.fired and t.fires_at < c.at - interval '1 second'`,
    );
    return rows.map(({ what }) => what);
  }

  // Nothing is claimed of what is paused.
  async #lookAtPauses(): Promise<string[]> {
    const rows = await this.#server.peek<{ what: string }>(
      `select format('%s of %s %s is paused since %s, and was claimed at %s', m.id, b.type, b.target, x.paused_at, b.claimed_at) as what
      from rhythm.batch as b cross join lateral unnest(rhythm.members(b)) as m (id)
      cross join lateral (
        select p.paused_at from rhythm.pause as p where p.type = 'everything' or p.type = b.type and p.target = b.target
        union all
        select q.paused_at from rhythm.queue as q where q.name = b.queue
        union all
        select k.paused_at from rhythm.queue_key as k where k.queue = b.queue and k.key = b.concurrency_key
        union all
        select e.paused_at from rhythm.execution as e where e.id = m.id
      ) as x
      where b.worker is not null and x.paused_at < b.claimed_at`,
    );
    return rows.map(({ what }) => what);
  }

  // Nothing of a task begins that a flow has started behind a gate.
  async #lookAtGates(): Promise<string[]> {
    const rows = await this.#server.peek<{ what: string }>(
      `select format('%s %s of %s is behind gate %s, and was claimed', c.target, c.id, g.flow, g.id) as what
      from rhythm.gate as g
      join rhythm.execution as c on c.target = g.before and c.type = 'task' and c.state = 0
      join rhythm.execution as p on p.id = c.parent_id and p.target = g.flow and p.cancel_reason is null
      join rhythm.batch as b on b.id = c.batch_id and b.worker is not null
      where rhythm.created_at(c.id) > g.set_at + interval '3 seconds'`,
    );
    return rows.map(({ what }) => what);
  }

  // Of a queue that has a rate, no more begins in any period.
  async #countBeginnings(params: readonly unknown[], rows: readonly Row[]): Promise<void> {
    const { parcels } = (rows[0] as unknown as { answer: AnswerOfExchange }).answer;
    if (parcels.some(({ common }) => common.queue in LIMITS)) {
      const broken = await this.#lookAtLimits();
      if (broken.length > 0) this.#world.fail(new Broken(broken.join("; ")));
    }
    const size = parcels.reduce((sum, { common, ids }) => common.queue === RATED ? sum + ids.length : sum, 0);
    if (size === 0) return;
    const [row] = await this.#server.peek<{ rate: number | null; perMs: number }>(
      `select q.rate, q.per_ms::integer as "perMs" from rhythm.queue as q where q.name = '${RATED}'`,
    );
    const { rate = null, perMs = 0 } = row ?? {};
    if (rate === null) return;
    const atMs = this.#world.elapsed;
    const wrong = this.#rates.began(`${params[0]} ${params[1]}`, { atMs, size, rate, perMs });
    if (wrong !== undefined) this.#world.fail(new Broken(`queue ${RATED}: ${wrong}`));
  }

  // Nothing begins where nobody has said that it may.
  async #lookAtMove(): Promise<string[]> {
    if (this.#movedAt === undefined) return [];
    const rows = await this.#server.peek<{ what: string }>(
      `select format('%s %s was claimed at %s, in a copy', b.type, b.target, b.claimed_at) as what from rhythm.batch as b
      where b.claimed_at > $1::text::timestamptz and exists (select from rhythm.home as h where h.system_identifier = '1')`,
      [new Date(BEGINNING + this.#movedAt + 100).toISOString()],
    );
    return rows.map(({ what }) => what);
  }

  // What a workflow starts once it knows that it is cancelled runs, whatever is cancelled again.
  async #lookAtCleanUp(rows: readonly Seen[]): Promise<string[]> {
    const found = await this.#server.peek<{ id: string }>(
      `select c.id from rhythm.execution as c join rhythm.execution as p on p.id = c.parent_id
      where c.state = 3 and c.target = 'echo' and c.inputs ->> 'ms' = '0' and (p.state = 0 or c.completed_at < p.completed_at)
        and not exists (select from rhythm.base as b where b.execution_id = p.id)
        and (exists (
          select from rhythm.step as k join rhythm.step as s on s.execution_id = k.execution_id
          where k.execution_id = p.id and k.name = '#cancelled' and s.wait_id = c.id and s.started_at > k.ended_at)
        or exists (
          select from rhythm.journal as j
          where j.execution_id = p.id and p.id = any (j.items) and c.id > rhythm.uuid7_floor(j.moment + interval '1 millisecond')))`,
    );
    const ids = new Set(found.map(({ id }) => id));
    return this.#model!.lookAtCleanUp(rows.filter(({ id }) => ids.has(id)));
  }

  // Nothing goes wrong any more; whatever stands still is set going, as an operator would.
  async #heal(): Promise<void> {
    this.#world.tell("faults stop");
    this.#weather.isCalm = true;
    this.#night = 0;
    this.#server.start();
    await this.#server.setWriting("on");
    for (const place of this.#places) {
      place.current?.process.wake();
      if (place.current !== undefined) place.current.process.skewMs = 0;
      this.#start(place);
    }
    await this.#until(this.#world.elapsed + MINUTE, () => this.#clients!.busy === 0);
    if (this.#clients!.busy > 0) throw new Broken(`${this.#clients!.busy} clients still wait for an answer`);
    let isResumed = false;
    void this.#clients!.resumeAll().then(() => isResumed = true, (error) => this.#world.fail(error));
    await this.#until(this.#world.elapsed + MINUTE, () => isResumed);
    if (!isResumed) throw new Broken("what is paused cannot be resumed");
    const forks = await this.#server.peek<{ id: string; taken: number }>(
      "select b.execution_id as id, substring(b.note from 'taken (\\d+)$')::integer as taken from rhythm.base as b where b.act = 'forked'",
    );
    const taken = new Map(forks.map((fork) => [fork.id, fork.taken]));
    // What was begun anew, or twice, wants its signals, too.
    for (const row of await this.#look()) {
      const { n } = row.metadata;
      const item = n === undefined ? undefined : this.#clients!.records.get(n)?.item;
      if (row.parent_id === null && item?.kind === "workflow" && row.type === "workflow") {
        void this.#clients!.sendAll(row.id, item, taken.get(row.id));
      }
    }
  }

  // Everything that can end does, and something is seen to go on every minute.
  async #finish(): Promise<void> {
    let last = "";
    let lastAt = this.#world.elapsed;
    for (let live = Infinity; live > 0;) {
      await this.#until(this.#world.elapsed + 10_000);
      const [row] = await this.#server.peek<{
        live: number;
        progress: string;
        example: string;
        later: boolean;
      }>(
        `select count(*)::integer as live, exists (select from rhythm.batch as b where b.run_at between rhythm.now() and '9999-01-01') as later, concat_ws(' ', count(*), (select count(*) from rhythm.execution), (select count(*) from rhythm.journal),
          (select count(*) from rhythm.step), (select count(*) from rhythm.timer where fired), (select sum(b.attempt) from rhythm.batch as b)) as progress,
          min(format('%s %s %s is %s', e.type, e.target, e.id, e.status)) as example
        from rhythm.executions as e where e.status not in ('completed', 'failed', 'cancelled')`,
      );
      live = row!.live;
      // A pause before another attempt may take more than a minute.
      if (row!.progress !== last || row!.later) lastAt = this.#world.elapsed;
      last = row!.progress;
      if (this.#world.elapsed - lastAt > MINUTE) {
        throw new Broken(
          `nothing goes on for a minute, and ${live} executions are not over: ${row!.example}`,
        );
      }
      if (this.#world.elapsed > this.#plan.healAt + 20 * MINUTE) {
        throw new Broken(`it does not come to an end: ${row!.example}`);
      }
    }
    this.#checkedAt = -Infinity;
    await this.#lookAtEnds();
    const wrong = await this.#lookAtHistories(await this.#look());
    if (wrong.length > 0) throw new Broken(wrong.join("; "));
    for (
      const line of await this.#server.peek<{ line: string }>(
        "select concat_ws(' ', e.id, e.target, e.status, e.output::text, e.attempt) as line from rhythm.executions as e order by e.id",
      )
    ) this.#world.tell(line.line);
  }

  // What was told of the ends, what they are found by, and where they went on.
  async #lookAtEnds(): Promise<void> {
    const moved = this.#clients!.moved.map(({ id, version, at }) => ({
      id,
      version,
      at: new Date(BEGINNING + at + 1_000).toISOString(),
    }));
    const rows = await this.#server.peek<{ what: string }>(
      `select format('%s %s failed, and the hook was called %s times', e.target, e.id, count(t.id)) as what
      from rhythm.executions as e
      left join rhythm.executions as t on t.target = 'told' and t.inputs -> 'execution' ->> 'id' = e.id::text
      where e.target = 'boom' and e.status = 'failed' and $2::text::boolean group by e.id, e.target having count(t.id) = 0
      union all
      select format('%s failed once, and the hook was called %s times', t.inputs -> 'execution' ->> 'id', count(*))
      from rhythm.executions as t where t.target = 'told' and $3::text::boolean
      group by t.inputs -> 'execution' ->> 'id' having count(*) > 1
      union all
      select format('the kind of failures %s was counted %s times, and there are %s', f.fingerprint, f.count, n.size)
      from rhythm.failures as f
      join (select e.fingerprint, count(*) as size from rhythm.execution as e where e.state = 2 group by e.fingerprint) as n on n.fingerprint = f.fingerprint
      where f.count < n.size or f.count > n.size and $3::text::boolean
      union all
      select format('%s %s is not found by n = %s', e.target, e.id, e.inputs ->> 'n') from rhythm.executions as e
      join rhythm.flow as f on f.name = e.target join rhythm.flow_version as v on v.program = f.program and v.code <> '{"language": "typescript"}'
      where e.type = 'workflow' and e.status = 'completed'
        and not exists (select from rhythm.find(jsonb_build_object('n', e.inputs ->> 'n')) as x (id) where x.id = e.id)
      union all
      select format('%s %s was moved to version %s and went on in version %s', e.target, e.id, m.version, e.version)
      from jsonb_to_recordset($1::text::jsonb) as m (id uuid, version integer, at timestamptz)
      join rhythm.executions as e on e.id = m.id and e.version < m.version
        and not exists (select from rhythm.base as b where b.execution_id = m.id and b.act = 'rewound')
        -- Another operation may have come before it was applied; then it says that it was refused.
        and exists (select from rhythm.operation_act as a join rhythm.operation as o on o.id = a.operation_id
          where a.execution_id = m.id and a.result = 'done' and o.action = 'migrate' and o.args ->> 'to' = m.version::text)
      where (select count(*) from rhythm.journal as j where j.execution_id = m.id and j.moment > m.at) > 1`,
      [
        JSON.stringify(moved),
        String(!this.#clients!.removes),
        String(!this.#clients!.repeats && !this.#clients!.removes),
      ],
    );
    if (rows.length > 0) throw new Broken(rows.map(({ what }) => what).join("; "));
  }

  // Each flow can be rebuilt from what is recorded of it. Nobody notices, and meanwhile nothing goes on.
  async #lookAtHistories(rows: readonly Seen[], most = Infinity): Promise<string[]> {
    const flows = new Set(this.#plan.programs.filter(({ kind }) => kind === "flow").map(({ name }) => name));
    const workflows = rows.filter(({ type, target }) => type === "workflow" && flows.has(target));
    const found: string[] = [];
    for (let left = Math.min(most, workflows.length); left > 0; left--) {
      const { id, target } = workflows[this.#nextHistory++ % workflows.length]!;
      try {
        const wrong = await checkHistory(this.#auditor, id);
        found.push(...wrong.map((text) => `the history of ${target} ${id}: ${text}`));
      } catch (error) {
        // It waits for the owner of its key.
        if (!(error instanceof ExecutionStateError)) {
          throw new Error(`the history of ${target} ${id}: ${error}`, { cause: error });
        }
      }
    }
    return found;
  }

  // Workers that are told to stop take leave and leave nothing.
  async #leave(): Promise<void> {
    this.#isLeaving = true;
    const workers = this.#places.map(({ current }) => current!);
    for (const { worker } of workers) void worker.stop();
    await this.#world.run(this.#world.now + MINUTE, () => workers.every(({ isOver }) => isOver));
    const late = workers.filter(({ isOver }) => !isOver);
    if (late.length > 0) {
      throw new Broken(`${late.map(({ process }) => process.name)} did not stop within a minute`);
    }
  }

  // Tables of live work are empty; after a purge, all are.
  async #clean(): Promise<void> {
    // A worker whose registration was answered too late is given up after its lease, counted while somebody looks.
    for (let second = 0; second < 20; second++) {
      this.#world.now += 1_100;
      await this.#server.run("select rhythm.chores()");
    }
    await this.#expectEmpty(LIVE_TABLES, "after everything is over");
    // The ids of what a worker made whose clock was ahead are of a time to come. A purge leaves them until then.
    this.#world.now += 61_000;
    for (let left = 1; left > 0;) {
      const [row] = await this.#server.run<{ purged: number }>(
        "select rhythm.purge('0 seconds', 10000) as purged",
      );
      left = row!.purged;
    }
    // Lanes and keys are forgotten once they are idle for a minute.
    for (let minute = 0; minute < 3; minute++) {
      this.#world.now += 61_000;
      await this.#server.run("select rhythm.chores()");
    }
    await this.#expectEmpty([...LIVE_TABLES, ...KEPT_TABLES], "after a purge");
  }

  async #expectEmpty(tables: readonly string[], when: string): Promise<void> {
    const counts = tables.map((name) =>
      `select '${name}' as name, count(*)::integer as count, min(t::text) as example from rhythm.${name} as t`
    );
    const rows = await this.#server.peek<{ name: string; count: number; example: string }>(
      `select * from (${counts.join(" union all ")}) as t where t.count > 0`,
    );
    if (rows.length > 0) {
      throw new Broken(
        `${
          rows.map(({ name, count, example }) => `${name} has ${count} rows, ${example}`).join(", ")
        } ${when}`,
      );
    }
  }

  #loggerOf(process: Process): Logger {
    const log = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      const error = fields?.error;
      const text = error instanceof Error ? ` (${error.message})` : "";
      this.#world.tell(`${process.name} ${level}: ${message}${text.slice(0, 200)}`);
    };
    return { level: "warn", debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  }
}

/** What workers have now. */
const LEASES_NOW =
  `select b.worker::text, b.call, b.type, rhythm.members(b)::text[] as ids, s.seq, coalesce(v.code = '{"language": "typescript"}', false) as "isCode"
  from rhythm.batch as b left join rhythm.workflow_state as s on b.type = 'workflow' and s.batch_id = b.id
  left join rhythm.flow_version as v on v.program = s.program
  where b.worker is not null order by b.id limit 10`;

/** What workflows wait for that nobody may go on with but the worker that has leased it, and timers that are not due. */
const WAITS_NOW =
  `select c.id::text, c.parent_id::text as flow, s.seq, s.arrived > 0 as "hasArrived", b.worker::text, b.call, rhythm.now()::text as moment
  from rhythm.batch as b cross join lateral unnest(rhythm.members(b)) as m (id)
  join rhythm.execution as c on c.id = m.id and c.type = 'task'
  join rhythm.execution as p on p.id = c.parent_id and p.parent_id is null and p.state = 0
  join rhythm.workflow_state as s on s.execution_id = c.parent_id and s.batch_id is null
  where b.worker is not null
  union all
  select t.id::text, t.execution_id::text, s.seq, s.arrived > 0, null, null, rhythm.now()::text
  from rhythm.timer as t join rhythm.workflow_state as s on s.execution_id = t.execution_id and s.batch_id is null
  join rhythm.execution as p on p.id = t.execution_id and p.parent_id is null and p.state = 0
  where not t.fired and not t.deadline and t.fires_at > rhythm.now() + interval '4 seconds'
  order by 1`;

/** The states of flows. */
const STATES_NOW =
  `select s.execution_id::text as id, s.seq, s.snapshot::text as snapshot, b.worker::text, b.call
  from rhythm.workflow_state as s join rhythm.execution as e on e.id = s.execution_id and e.state = 0 and e.cancel_reason is null
  join rhythm.flow_version as v on v.program = s.program and v.code <> '{"language": "typescript"}'
  left join rhythm.batch as b on b.id = s.batch_id
  where s.snapshot is not null and s.seq > 0 order by b.worker is null, s.execution_id limit 10`;

/** What one worker has leased. */
const HELD_NOW =
  `select m.id::text, b.call from rhythm.batch as b cross join lateral unnest(rhythm.members(b)) as m (id) where b.worker = $1::text::uuid order by 1`;

/** Where nothing is once everything is over. */
const LIVE_TABLES = ["batch", "worker", "schedule_entry", "pause"];

/** Where something is kept as long as executions are. */
const KEPT_TABLES = [
  "execution",
  "workflow_state",
  "inbox",
  "timer",
  "signal",
  "signal_wait",
  "step",
  "journal",
  "base",
  "taken_end",
  "log_line",
  "idempotency_key",
  "key_waiter",
  "key_state",
  "lane",
  "lane_group",
  "limit_note",
  "queue_head",
];
