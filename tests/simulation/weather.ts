import type { Dice } from "./dice.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** What may become of a call. */
export const FATES = [
  "slow there",
  "slow back",
  "lost before",
  "silent before",
  "lost after",
  "silent after",
  "late",
  "twice",
] as const;

/** What becomes of a call. */
export interface Fate {
  /** What it is; `fine`: nothing in particular. */
  readonly kind: "fine" | typeof FATES[number];
  /** How long something takes, where it does. */
  readonly ms: number;
}

/** What goes wrong, and when; times are milliseconds since the beginning. */
export type Fault =
  /** Calls meet a fate for a while. */
  | {
    readonly kind: "calls";
    readonly at: number;
    readonly forMs: number;
    readonly fate: typeof FATES[number];
    readonly rate: number;
    readonly whose: number | "all";
  }
  /** Notifications are lost, late or doubled for a while. */
  | {
    readonly kind: "notifications";
    readonly at: number;
    readonly forMs: number;
    readonly how: "lost" | "late" | "twice";
    readonly rate: number;
  }
  /** Transactions are cut in the middle for a while. */
  | { readonly kind: "cuts"; readonly at: number; readonly forMs: number; readonly rate: number }
  /** A worker is killed or frozen at its next call of a name. */
  | {
    readonly kind: "strike";
    readonly at: number;
    readonly worker: number;
    readonly act: "kill" | "freeze";
    readonly call: string;
    readonly when: "sent" | "executed";
    readonly forMs: number;
  }
  /** All connections of a worker are cut. */
  | { readonly kind: "cut"; readonly at: number; readonly worker: number }
  /** A worker is told to stop, and another starts in its place. */
  | { readonly kind: "stop"; readonly at: number; readonly worker: number; readonly forMs: number }
  /** No worker lives for a while. */
  | { readonly kind: "night"; readonly at: number; readonly forMs: number }
  /** The server dies and comes back. */
  | { readonly kind: "restart"; readonly at: number; readonly forMs: number }
  /** The server does not write for a while. */
  | { readonly kind: "read only"; readonly at: number; readonly forMs: number }
  /** The clock of a worker goes ahead or back. */
  | { readonly kind: "clock"; readonly at: number; readonly worker: number; readonly ms: number };

/** How often each fault met each call. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  /** Counts one. */
  count(fault: string, call: string): void {
    const key = `${fault}\t${call}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** What was counted, for another to add. */
  entries(): readonly (readonly [string, number])[] {
    return [...this.#counts];
  }

  /** Adds what another has counted. */
  add(entries: readonly (readonly [string, number])[]): void {
    for (const [key, count] of entries) this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  /** The counts by fault and call. */
  table(): Map<string, Map<string, number>> {
    const table = new Map<string, Map<string, number>>();
    for (const [key, count] of [...this.#counts].sort()) {
      const [fault, call] = key.split("\t") as [string, string];
      if (!table.has(fault)) table.set(fault, new Map());
      table.get(fault)!.set(call, count);
    }
    return table;
  }
}

/** A strike that waits for its call. */
interface Strike {
  readonly fault: Fault & { readonly kind: "strike" };
  isOver: boolean;
}

/** Says what happens to calls and notifications: what the plan of faults has for now. */
export class Weather {
  /** Does a strike. */
  onStrike: (process: Process, fault: Fault & { readonly kind: "strike" }) => void = () => {};
  /** Told that something goes wrong. */
  onTrouble: () => void = () => {};
  /** What met what. */
  readonly coverage: Coverage = new Coverage();
  readonly #world: World;
  readonly #dice: Dice;
  readonly #faults: readonly Fault[];
  readonly #strikes: Strike[] = [];
  readonly #numbers = new Map<Process, number>();
  readonly #calls = new Map<string, number>();
  #isCalm = true;

  /** @param parts the time, its chance, and the plan */
  constructor(parts: { world: World; dice: Dice; faults: readonly Fault[] }) {
    this.#world = parts.world;
    this.#dice = parts.dice;
    this.#faults = parts.faults;
  }

  /** Lets faults happen, or none. */
  set isCalm(calm: boolean) {
    this.#isCalm = calm;
    if (calm) { for (const strike of this.#strikes) strike.isOver = true; }
  }

  /** Says which worker a process is. */
  know(process: Process, worker: number): void {
    this.#numbers.set(process, worker);
  }

  /** Makes a strike wait for its call. */
  arm(fault: Fault & { readonly kind: "strike" }): void {
    this.#strikes.push({ fault, isOver: false });
  }

  /** What becomes of a call. */
  fateOf(process: Process, call: string): Fate {
    const times = (this.#calls.get(call) ?? 0) + 1;
    this.#calls.set(call, times);
    if (this.#isCalm) return FINE;
    for (const fault of this.#active()) {
      if (fault.kind !== "calls") continue;
      if (fault.whose !== "all" && fault.whose !== this.#numbers.get(process)) continue;
      if (fault.fate === "twice" && !REPEATABLE.has(call)) continue;
      // What is called seldom would meet nothing.
      const rate = times <= SELDOM ? Math.min(0.8, 4 * fault.rate) : fault.rate;
      if (!this.#dice.happens(rate)) continue;
      this.coverage.count(fault.fate, call);
      this.onTrouble();
      return { kind: fault.fate, ms: this.#dice.between(50, 3_000) };
    }
    return FINE;
  }

  /** Whether the connection of a transaction is cut now. */
  cuts(process: Process): boolean {
    if (this.#isCalm) return false;
    const isCut = this.#active().some((fault) => fault.kind === "cuts" && this.#dice.happens(fault.rate));
    if (isCut) {
      this.coverage.count("cut", "transaction");
      this.onTrouble();
    }
    return isCut && process.lives;
  }

  /** After how many milliseconds a notification comes; none: it is lost. */
  notifyAfter(_process: Process, channel: string): readonly number[] {
    if (this.#isCalm) return [0];
    for (const fault of this.#active()) {
      if (fault.kind !== "notifications" || !this.#dice.happens(fault.rate)) continue;
      this.coverage.count(`notification ${fault.how}`, channel);
      this.onTrouble();
      if (fault.how === "lost") return [];
      return fault.how === "late" ? [this.#dice.between(100, 8_000)] : [0, this.#dice.between(0, 500)];
    }
    return [0];
  }

  /** Strikes whoever makes a call that a strike waits for. */
  struck(process: Process, call: string, when: "sent" | "executed"): void {
    if (this.#strikes.length === 0) return;
    const worker = this.#numbers.get(process);
    for (const strike of this.#strikes) {
      const { fault } = strike;
      if (strike.isOver || fault.worker !== worker || fault.when !== when || fault.call !== call) continue;
      strike.isOver = true;
      this.coverage.count(`${fault.act} ${when === "sent" ? "before" : "after"}`, call);
      this.#world.after(0, () => this.onStrike(process, fault));
    }
  }

  #active(): readonly Fault[] {
    const now = this.#world.elapsed;
    return this.#faults.filter((fault) =>
      fault.at <= now && "forMs" in fault && now < fault.at + fault.forMs
    );
  }
}

/** What may be sent again by whoever heard no answer: the engine says so. */
const REPEATABLE = new Set([
  "exchange",
  "beat",
  "due",
  "chores",
  "sql_tasks",
  "cancel",
  "unserved",
  "stop_worker",
]);

/** A call that was made so often at most is rare. */
const SELDOM = 10;

const FINE: Fate = { kind: "fine", ms: 0 };

/** The calls at which workers are struck. */
export const STRUCK = [
  "exchange",
  "exchange",
  "exchange",
  "beat",
  "due",
  "chores",
  "sql_tasks",
  "register_worker",
  "stop_worker",
  "report",
  "checkpoint",
  "save_steps",
  "load_steps",
  "begin",
  "settle_one in transaction",
  "commit",
] as const;

/** A day: work and faults, then work in peace, then a night without workers. Times are milliseconds since the beginning. */
export interface Day {
  readonly from: number;
  readonly calmFrom: number;
  readonly until: number;
  /** When the next begins; nothing: it is the last. */
  readonly nextFrom?: number;
}

/** So many days, the last of which ends at a time. Nights are cheap: nothing is called while nobody works. */
export function planDays(dice: Dice, { count, end }: { count: number; end: number }): Day[] {
  const lengths = Array.from({ length: count }, () => dice.between(20_000, 40_000));
  const work = lengths.reduce((sum, length) => sum + length + CALM_MS, 0);
  const nightMs = (end - BEGIN_MS - work) / Math.max(1, count - 1);
  const days: Day[] = [];
  let from = BEGIN_MS;
  for (const [nth, length] of lengths.entries()) {
    const calmFrom = from + length;
    const until = calmFrom + CALM_MS;
    const isLast = nth === count - 1;
    days.push({ from, calmFrom, until, ...(isLast ? {} : { nextFrom: until + nightMs }) });
    from = until + nightMs;
  }
  return days;
}

const BEGIN_MS = 5_000;
const CALM_MS = 26_000;
const WATCH_MS = 30_000;

/** What goes wrong in one seed: some faults often and others never, so that each has seeds of its own. */
export interface Climate {
  /** How often each kind of fault happens, compared with the others. */
  readonly weights: Readonly<Record<Fault["kind"], number>>;
  /** What becomes of calls. */
  readonly fates: readonly typeof FATES[number][];
}

/** A climate. */
export function planClimate(dice: Dice): Climate {
  const some = (weight: number): number => weight * dice.pick([0, 1, 1, 3]);
  return {
    weights: {
      calls: 6,
      notifications: some(2),
      cuts: some(1),
      strike: 5 * dice.pick([1, 1, 2]),
      cut: some(1),
      stop: some(1),
      night: 0,
      restart: some(1),
      "read only": some(1),
      clock: some(1),
    },
    fates: FATES.filter(() => dice.happens(0.5)).concat(dice.pick(FATES)),
  };
}

/** The faults of a day, and its night. */
export function planFaults(
  dice: Dice,
  { from, calmFrom, until, nextFrom, workers, climate }: Day & {
    readonly workers: number;
    readonly climate: Climate;
  },
): Fault[] {
  const faults: Fault[] = [];
  for (let left = dice.whole(4, 12); left > 0; left--) {
    const at = dice.between(from, calmFrom);
    faults.push(
      fault(dice, {
        at,
        forMs: dice.between(1_000, Math.min(30_000, calmFrom - at + 1_000)),
        workers,
        climate,
      }),
    );
  }
  if (nextFrom !== undefined) {
    const forMs = nextFrom - until - 500;
    const how = dice.happens(0.5) ? "kill" : "stop";
    if (how === "stop") {
      for (let worker = 0; worker < workers; worker++) {
        faults.push({ kind: "stop", at: until - 8_000, worker, forMs });
      }
    }
    // Somebody looks after things for a while.
    const watch = until + dice.between(0.2, 0.8) * forMs;
    faults.push({ kind: "night", at: until, forMs: watch - until });
    faults.push({ kind: "night", at: watch + WATCH_MS, forMs: until + forMs - watch - WATCH_MS });
  }
  return faults.sort((one, other) => one.at - other.at);
}

function fault(
  dice: Dice,
  { at, forMs, workers, climate: { weights, fates } }: {
    at: number;
    forMs: number;
    workers: number;
    climate: Climate;
  },
): Fault {
  const worker = dice.whole(0, workers - 1);
  const make = dice.weighted<() => Fault>([
    [weights.calls, () => {
      const whose = dice.happens(0.5) ? worker : "all";
      const rate = dice.pick([0.02, 0.1, 0.3, 0.6]);
      return { kind: "calls", at, forMs, fate: dice.pick(fates), rate, whose };
    }],
    [weights.notifications, () => {
      const how = dice.pick(["lost", "late", "twice"] as const);
      return { kind: "notifications", at, forMs, how, rate: dice.pick([0.1, 0.5, 1]) };
    }],
    [weights.cuts, () => ({ kind: "cuts", at, forMs, rate: dice.pick([0.1, 0.4]) })],
    [weights.strike, () => {
      const act = dice.pick(["kill", "freeze"] as const);
      const when = dice.pick(["sent", "executed"] as const);
      return {
        kind: "strike",
        at,
        worker,
        act,
        call: dice.pick(STRUCK),
        when,
        forMs: dice.between(500, 40_000),
      };
    }],
    [weights.cut, () => ({ kind: "cut", at, worker })],
    [weights.stop, () => ({ kind: "stop", at, worker, forMs: dice.between(100, 20_000) })],
    [weights.restart, () => ({ kind: "restart", at, forMs: dice.between(200, 20_000) })],
    [weights["read only"], () => ({ kind: "read only", at, forMs: Math.min(forMs, 20_000) })],
    [
      weights.clock,
      () => ({ kind: "clock", at, worker, ms: dice.pick([-60_000, -3_000, -200, 200, 3_000, 60_000, 0]) }),
    ],
  ]);
  return make();
}
