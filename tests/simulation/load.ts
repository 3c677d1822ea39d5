import type { Dice } from "./dice.ts";
import { payloadOf, type Program } from "./programs.ts";

/** What a client does later with what it started. */
export interface Later {
  /** What; `look` reads the history, and a state of the past. */
  readonly act: "cancel" | "retry" | "delete" | "pause" | "change" | "edit" | "rewind" | "fork" | "look";
  /** How long after the act before it. */
  readonly afterMs: number;
  /** How long it lasts, if it does. */
  readonly forMs?: number;
  /** Which of the steps, between 0 and 1. */
  readonly which?: number;
  /** How long what is changed waits from then on; nothing: as long as before. */
  readonly delayMs?: number;
  /** The new value of the variable of flows. */
  readonly mark?: number;
}

/** What is stopped for a while. */
export type Halted =
  | { readonly kind: "task" | "flow" | "queue"; readonly name: string }
  | { readonly kind: "key"; readonly name: string; readonly key: string }
  /** The first worker takes nothing new. */
  | { readonly kind: "worker" }
  | { readonly kind: "everything" };

/** How something is started. */
export interface LoadOptions {
  readonly queue?: string;
  readonly priority?: number;
  readonly delay?: string;
  readonly timeout?: string;
  readonly expires?: string;
  readonly concurrencyKey?: string;
  readonly retry?: { readonly maxAttempts?: number; readonly crashes?: number; readonly initial?: string };
}

/** What a client does, and when; times are milliseconds since the beginning. */
export type Item =
  /** Starts a workflow, sends it the signals it needs, and does something with it later. */
  | {
    readonly kind: "workflow";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly program: number;
    readonly options: LoadOptions;
    /** A flow that fails at its end, unless its variable was set meanwhile. */
    readonly isFrail: boolean;
    readonly signalEveryMs: number;
    readonly later: readonly Later[];
  }
  /** Queues a task. */
  | {
    readonly kind: "task";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly task: string;
    readonly input: Readonly<Record<string, number | string>>;
    readonly options: LoadOptions;
    readonly isKeyed: boolean;
    readonly later: readonly Later[];
  }
  /** Queues many tasks in one call. */
  | {
    readonly kind: "many";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly size: number;
    readonly queue: string;
    readonly expires?: string;
    readonly timeout?: string;
  }
  /** Many starts soon after another, of which one execution is made. */
  | {
    readonly kind: "flurry";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly delayMs: number;
    readonly maxDelayMs: number | null;
    readonly pausesMs: readonly number[];
  }
  /** Many starts, of which no more than a few may begin in any period. */
  | {
    readonly kind: "drip";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly limit: number;
    readonly perMs: number;
    readonly else: "drop" | "delay";
    readonly pausesMs: readonly number[];
  }
  /** A task that is lost with its workers until it has failed. */
  | { readonly kind: "losses"; readonly n: number; readonly at: number; readonly client: number }
  /** Two clients start the same thing at once. */
  | { readonly kind: "same"; readonly n: number; readonly at: number; readonly client: number }
  /** Two clients start the same thing again and again, of which one at a time may be there. */
  | {
    readonly kind: "crowd";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly unique: {
      readonly key: string;
      readonly while: "queued" | "active";
      readonly onConflict: "existing" | "reject" | "replace" | "cancel_existing";
    };
    readonly queue: string;
    readonly pausesMs: readonly number[];
  }
  /** A schedule begins, and ends later. */
  | {
    readonly kind: "schedule";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly cron: string;
    readonly overlap: "skip" | "queue" | "allow" | "cancel";
    readonly catchUp: "none" | "one" | "all";
    readonly jitter: number;
    readonly forMs: number;
  }
  /** Something is paused for a while. */
  | {
    readonly kind: "pause";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly what: Halted;
    readonly forMs: number;
  }
  /** Something is done to all that one client started of a group; what was paused is resumed in the same way. */
  | {
    readonly kind: "operation";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly action: "cancel" | "retry" | "signal" | "pause" | "change";
    readonly group: number;
    readonly isDry: boolean;
    /** It is stopped after a while, and continues after another. */
    readonly stopAfterMs: number | null;
    readonly forMs: number;
  }
  /** Another version of a flow is registered; what is under way moves to it, or what starts goes back to an old one. */
  | {
    readonly kind: "deploy";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    /** Which of the programs that are flows, between 0 and 1. */
    readonly which: number;
    readonly how: "register" | "migrate" | "back";
    readonly stopAfterMs: number | null;
  }
  /** Frail flows of a group that failed are given their variable, and go on. */
  | {
    readonly kind: "repair";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly group: number;
    readonly mark: number;
    readonly then: "retry" | "resume";
    readonly stopAfterMs: number | null;
  }
  /** What people look at: what is found by a variable, kinds of failures, rates, places. */
  | {
    readonly kind: "read";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly of: number;
  }
  /** A worker that somebody wrote in another language, who got the protocol right, or not. */
  | {
    readonly kind: "foreign";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly forMs: number;
    /** It dies without a word, or takes leave. */
    readonly end: "dies" | "leaves";
  }
  /** All workers die, and the database is restored somewhere else, where it is adopted after a while. */
  | {
    readonly kind: "move";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly forMs: number;
  }
  /** Executions of a flow stop at a place for a while. */
  | {
    readonly kind: "gate";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    /** Which of the programs that are flows, between 0 and 1. */
    readonly which: number;
    /** Before this task, or in the line where a flow does all of its work. */
    readonly before: string | null;
    readonly forMs: number;
  }
  /** What one item started is written to a file, and read again. */
  | {
    readonly kind: "export";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly of: number;
  }
  /** A queue is given its limits again, or none for a while. */
  | {
    readonly kind: "limits";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly queue: string;
    readonly forMs: number;
  }
  /** The schema is brought up to the next version: functions that are not the same, and new columns. */
  | {
    readonly kind: "upgrade";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    /** Which of the files, between 0 and 1. */
    readonly changed: readonly number[];
  }
  /** What ended long ago is removed. */
  | {
    readonly kind: "purge";
    readonly n: number;
    readonly at: number;
    readonly client: number;
    readonly olderThanSeconds: number;
  };

/** The limits of the queues that have any. */
export const LIMITS: Readonly<
  Record<
    string,
    { concurrency?: number; perKeyConcurrency?: number; rate?: number; per?: string; fair?: "key" }
  >
> = {
  narrow: { concurrency: 3 },
  keyed: { perKeyConcurrency: 1, concurrency: 6, fair: "key" },
  rated: { rate: 6, per: "2s" },
};

/** The queues there are. */
export const QUEUES: readonly string[] = ["default", "other", ...Object.keys(LIMITS)];

/** The load of a day. */
export function planLoad(dice: Dice, { from, calmFrom, nextFrom, nth: day, programs }: DayOf): Item[] {
  const always = ALWAYS[day % ALWAYS.length]!;
  const size = dice.whole(12, 20);
  const items = Array.from({ length: size }, (_, nth) => {
    const place = { n: day * 1_000 + nth, at: dice.between(from, calmFrom), nextFrom, programs };
    let made = item(dice, place);
    while (nth < always.length && made.kind !== always[nth]) made = item(dice, place);
    return made;
  });
  // Whoever works wrongly finds workflows that wait.
  for (const { kind, at } of items.slice()) {
    if (kind !== "foreign") continue;
    for (let left = 3; left > 0; left--) {
      const place = {
        n: day * 1_000 + items.length,
        at: at + dice.between(0, 4_000),
        nextFrom: undefined,
        programs,
      };
      let made = item(dice, place);
      while (made.kind !== "workflow") made = item(dice, place);
      const signalEveryMs = dice.pick([200, 1_500]);
      const later = dice.happens(0.5) ? again(dice) : made.later;
      items.push(dice.happens(0.7) ? { ...made, program: 0, signalEveryMs, later } : made);
    }
  }
  // However little the rest starts, there are enough executions.
  for (let started = items.reduce((sum, one) => sum + startedBy(one), 0); started < FEWEST;) {
    const at = dice.between(from, calmFrom);
    const made = many(dice, { n: day * 1_000 + items.length, at, client: dice.whole(0, 1) });
    items.push(made);
    started += made.size;
  }
  return items.sort((one, other) => one.at - other.at);
}

/** How many executions a day starts at least. */
const FEWEST = 160;

function startedBy(one: Item): number {
  if (one.kind === "many") return one.size;
  return one.kind === "workflow" || one.kind === "task" || one.kind === "same" ? 1 : 0;
}

// What has to wait for its turn is asked for again and again: of that, a few tell as much as many.
function many(
  dice: Dice,
  head: { readonly n: number; readonly at: number; readonly client: number },
): Item & { readonly kind: "many" } {
  const queue = dice.happens(0.6) ? dice.pick(["default", "other"]) : dice.pick(Object.keys(LIMITS));
  const size = queue in LIMITS ? dice.pick([4, 8, 12, 30]) : dice.pick([5, 80, 100, 150]);
  const expires = dice.happens(0.3) ? { expires: `${dice.pick([1, 200, 1_000, 4_000])}ms` } : {};
  const timeout = dice.happens(0.4) ? { timeout: dice.pick(["300ms", "2s"]) } : {};
  return { kind: "many", ...head, size, queue, ...expires, ...timeout };
}

/** A day, and what is in it. */
interface DayOf {
  readonly from: number;
  readonly calmFrom: number;
  /** When the next begins, after a night; nothing: it is the last. */
  readonly nextFrom?: number | undefined;
  readonly nth: number;
  readonly programs: readonly Program[];
}

/** What is in every load, because little else can show some faults. */
const ALWAYS: readonly (readonly Item["kind"][])[] = [
  ["foreign", "deploy", "many", "schedule", "losses"],
  ["repair", "many", "pause", "foreign"],
];

function item(
  dice: Dice,
  { n, at, nextFrom, programs }: {
    n: number;
    at: number;
    nextFrom: number | undefined;
    programs: readonly Program[];
  },
): Item {
  const client = dice.whole(0, 1);
  const head = { n, at, client };
  // Some things are for the next morning, or go on over the night.
  const lastsOverNight = nextFrom !== undefined && dice.happens(0.3);
  const untilMorning = (): number => dice.between(nextFrom! - at - 60_000, nextFrom! - at + 5_000);
  return dice.weighted<() => Item>([
    [8, () => {
      const options: LoadOptions = {
        retry: { crashes: 1_000, initial: "200ms" },
        ...(dice.happens(0.2) ? { priority: dice.whole(-5, 5) } : {}),
        ...(dice.happens(0.1)
          ? { delay: `${lastsOverNight ? Math.floor(untilMorning()) : dice.whole(1, 15_000)}ms` }
          : {}),
        ...(dice.happens(0.1) ? { queue: "other" } : {}),
        ...(dice.happens(0.08) ? { timeout: `${dice.whole(50, 20_000)}ms` } : {}),
      };
      const program = dice.whole(0, programs.length - 1);
      return {
        kind: "workflow",
        ...head,
        program,
        options,
        isFrail: programs[program]!.kind === "flow" && dice.happens(0.25),
        signalEveryMs: dice.pick([0, 10, 500, 4_000]),
        later: dice.happens(0.5)
          ? changesOf(dice)
          : dice.happens(0.3)
          ? [{ act: "cancel", afterMs: dice.between(5, 100) }]
          : laterOf(dice),
      };
    }],
    [8, () => taskItem(dice, head, lastsOverNight ? untilMorning() : undefined)],
    [2, () => many(dice, head)],
    [1, () => ({ kind: "same", ...head })],
    [0.3, () => ({ kind: "losses", ...head })],
    [0.6, () => ({
      kind: "flurry",
      ...head,
      delayMs: dice.pick([300, 1_000, 4_000]),
      maxDelayMs: dice.pick([null, 4_000, 8_000]),
      pausesMs: Array.from({ length: dice.whole(2, 8) }, () => dice.pick([0, 50, 800, 3_000])),
    })],
    [0.6, () => ({
      kind: "drip",
      ...head,
      limit: dice.whole(1, 3),
      perMs: dice.pick([500, 2_000]),
      else: dice.pick(["drop", "delay"] as const),
      pausesMs: Array.from({ length: dice.whole(4, 10) }, () => dice.pick([0, 0, 100, 700])),
    })],
    [0.8, () => ({
      kind: "crowd",
      ...head,
      unique: {
        key: dice.pick(["x", "y"]),
        while: dice.pick(["queued", "active"] as const),
        onConflict: dice.pick(["existing", "reject", "replace", "cancel_existing"] as const),
      },
      queue: dice.pick(QUEUES),
      pausesMs: Array.from({ length: dice.whole(2, 8) }, () => dice.pick([0, 10, 300, 3_000])),
    })],
    [0.7, () => ({
      kind: "schedule",
      ...head,
      cron: lastsOverNight ? "* * * * *" : dice.pick(["*/15 * * * * *", "*/7 * * * * *", "* * * * *"]),
      overlap: dice.pick(["skip", "queue", "allow", "cancel"] as const),
      catchUp: dice.pick(["none", "one", "all"] as const),
      jitter: dice.pick([0, 0, 3]),
      forMs: lastsOverNight ? untilMorning() : dice.between(10_000, 60_000),
    })],
    [
      1.4,
      () => ({ kind: "pause", ...head, what: haltedOf(dice, programs), forMs: dice.between(500, 20_000) }),
    ],
    [0.8, () => ({
      kind: "operation",
      ...head,
      action: dice.pick(["cancel", "retry", "signal", "pause", "change"] as const),
      group: dice.whole(0, GROUPS - 1),
      isDry: dice.happens(0.2),
      stopAfterMs: dice.happens(0.4) ? dice.between(0, 500) : null,
      forMs: dice.between(100, 10_000),
    })],
    [
      0.5,
      () => ({
        kind: "limits",
        ...head,
        queue: dice.pick(Object.keys(LIMITS)),
        forMs: dice.between(500, 20_000),
      }),
    ],
    [0.6, () => ({
      kind: "deploy",
      ...head,
      which: dice.next(),
      how: dice.pick(["register", "migrate", "migrate", "migrate", "back"] as const),
      stopAfterMs: dice.happens(0.3) ? dice.between(0, 500) : null,
    })],
    [0.8, () => ({
      kind: "repair",
      ...head,
      group: dice.whole(0, GROUPS - 1),
      mark: markOf(1_000 + n, 0),
      then: dice.pick(["retry", "resume"] as const),
      stopAfterMs: dice.happens(0.3) ? dice.between(0, 500) : null,
    })],
    [0.8, () => ({
      kind: "gate",
      ...head,
      which: dice.next(),
      before: dice.pick([null, "echo", "book", "flaky", "sim_double"]),
      forMs: dice.between(500, 15_000),
    })],
    [0.4, () => ({ kind: "export", ...head, of: n - dice.whole(1, 8) })],
    [0.5, () => ({ kind: "read", ...head, of: dice.whole(0, n) })],
    [0.8, () => ({
      kind: "foreign",
      ...head,
      forMs: dice.between(2_000, 20_000),
      end: dice.pick(["dies", "leaves"] as const),
    })],
    [0.25, () => ({ kind: "move", ...head, forMs: dice.between(100, 10_000) })],
    [
      0.15,
      () => ({ kind: "upgrade", ...head, changed: [dice.next(), dice.next(), dice.next(), dice.next()] }),
    ],
    [0.4, () => ({ kind: "purge", ...head, olderThanSeconds: dice.pick([300, 60, 25]) })],
  ])();
}

function taskItem(
  dice: Dice,
  head: { n: number; at: number; client: number },
  untilMorning: number | undefined,
): Item {
  const { n } = head;
  const ms = dice.pick([0, 1, 20, 500, 3_000, 8_000]);
  const retry = { maxAttempts: dice.whole(1, 4), initial: "500ms", crashes: 1_000 };
  const [task, input, own] = dice.weighted<[string, Record<string, number | string>, LoadOptions]>([
    [4, ["numbered", { ms }, {}]],
    [3, ["echo", { v: n, ms }, {}]],
    [2, ["flaky", { v: n, throws: dice.whole(1, 3) }, { retry }]],
    [1, ["boom", {}, { retry }]],
    [1, ["slow", { ms: 30_000 }, {
      timeout: `${dice.whole(100, 3_000)}ms`,
      retry: { ...retry, maxAttempts: dice.whole(1, 2) },
    }]],
    [1, ["block", { ms: dice.pick([50, 700, 6_000, 20_000]), v: n }, {}]],
    [1, ["talk", { times: dice.whole(1, 8), v: n }, {}]],
    [3, ["book", { label: `task ${n}` }, {}]],
    [1, ["fragile", { ms }, {}]],
    [1.5, ["sim_double", { v: n }, {}]],
  ]);
  const options: LoadOptions = {
    ...own,
    // SQL tasks are looked for in their own queue only.
    ...(task !== "sim_double" && dice.happens(0.4) ? { queue: dice.pick(QUEUES) } : {}),
    ...(dice.happens(0.3) ? { concurrencyKey: dice.pick(["a", "b", "c"]) } : {}),
    ...(dice.happens(0.2) ? { priority: dice.whole(-5, 5) } : {}),
    ...(dice.happens(0.15) ? { delay: `${Math.floor(untilMorning ?? dice.between(1, 20_000))}ms` } : {}),
    ...(dice.happens(0.25) ? { expires: `${dice.whole(1, 10_000)}ms` } : {}),
  };
  return { kind: "task", ...head, task, input, options, isKeyed: dice.happens(0.6), later: laterOf(dice) };
}

function laterOf(dice: Dice): Later[] {
  if (dice.happens(0.6)) return [];
  const afterMs = (): number => dice.pick([0, 3, 30, 400, 3_000, 12_000]);
  return dice.pick<Later[]>([
    [{ act: "pause", afterMs: afterMs(), forMs: dice.between(10, 15_000) }],
    [{ act: "pause", afterMs: 0, forMs: dice.between(3_000, 15_000) }],
    [{ act: "change", afterMs: afterMs(), which: dice.between(0, 1) }],
    [{ act: "change", afterMs: 0, which: dice.between(0, 1), delayMs: dice.whole(1_000, 9_000) }],
    [{ act: "cancel", afterMs: afterMs() }],
    [{ act: "cancel", afterMs: afterMs() }, { act: "retry", afterMs: afterMs() }],
    [{ act: "cancel", afterMs: afterMs() }, { act: "delete", afterMs: afterMs() }],
    [{ act: "retry", afterMs: afterMs() }],
    [{ act: "delete", afterMs: 10_000 }],
  ]);
}

// What people do to a workflow. Marks of different items differ, and so do those of one.
function changesOf(dice: Dice): Later[] {
  const base = dice.whole(1, 900);
  return Array.from({ length: dice.whole(1, 5) }, (_, nth) => {
    const act = dice.pick(
      [
        "edit",
        "edit",
        "rewind",
        "rewind",
        "rewind",
        "fork",
        "fork",
        "pause",
        "look",
        "cancel",
        "retry",
      ] as const,
    );
    return {
      act,
      afterMs: dice.pick([0, 3, 30, 400, 1_500, 6_000]),
      forMs: dice.between(10, 8_000),
      which: dice.next(),
      ...(act === "edit" || dice.happens(0.3) ? { mark: markOf(base, nth) } : {}),
    };
  });
}

// Put back while it goes on, with what it has begun since.
function again(dice: Dice): Later[] {
  return Array.from({ length: dice.whole(1, 3) }, () => ({
    act: dice.pick(["rewind", "rewind", "edit", "cancel"] as const),
    afterMs: dice.between(300, 4_000),
    which: dice.next(),
  })).map((later) => later.act === "edit" ? { ...later, mark: markOf(dice.whole(1, 900), 9) } : later);
}

function haltedOf(dice: Dice, programs: readonly Program[]): Halted {
  return dice.weighted<() => Halted>([
    [2, () => ({ kind: "queue", name: dice.pick(QUEUES) })],
    [
      2,
      () => ({ kind: "task", name: dice.pick(["echo", "echo", "numbered", "flaky", "book", "sim_double"]) }),
    ],
    [2, () => ({ kind: "flow", name: dice.pick(programs).name })],
    [1, () => ({ kind: "key", name: dice.pick(QUEUES), key: dice.pick(["a", "k1"]) })],
    [1, () => ({ kind: "everything" })],
    [1, () => ({ kind: "worker" })],
  ])();
}

// More than what programs give, less than what versions add.
function markOf(base: number, nth: number): number {
  return (10 * base + nth) * 10_000_000;
}

/** What is started is one of so many groups, by its number. */
export const GROUPS = 7;

/** The payloads that one run of a program is sent, in their order. */
export function payloadsOf(program: Program, n: number): number[] {
  return Array.from({ length: program.signals }, (_, nth) => payloadOf(n, nth));
}
