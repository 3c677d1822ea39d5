import type { Clients, Record } from "./clients.ts";
import { HOOK_TASK } from "../../src/app/hook_task.ts";
import type { Ledger } from "./ledger.ts";
import { BEGINNING } from "./world.ts";
import { MARK, NO_MARK, type Part, type Program, stagesOf, valueOf, VERSIONS } from "./programs.ts";

/** An execution as the database has it. */
export interface Seen {
  readonly id: string;
  readonly type: "task" | "workflow";
  readonly target: string;
  readonly status: string;
  readonly inputs: Readonly<{
    n?: number;
    v?: number;
    ms?: number;
    throws?: number;
    label?: string;
    frail?: number;
    execution?: { id: string };
  }>;
  readonly output: unknown;
  readonly error: { readonly type: string; readonly message: string; readonly code?: string } | null;
  readonly version: number | null;
  /** When it was started, in milliseconds since 1970. */
  readonly created_ms: number;
  /** When it ended, in milliseconds since 1970. */
  readonly completed_ms: number | null;
  /** It was cancelled, and its worker is still to be told. */
  readonly is_stopping: boolean;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly max_crashes: number;
  readonly metadata: Readonly<{ n?: number; schedule?: string; scheduled_for?: string }>;
  readonly parent_id: string | null;
  readonly on_parent_cancel: "cancel" | "abandon" | null;
  readonly root_id: string;
  readonly timeout_ms: number | null;
  readonly tags: readonly string[] | null;
  /** The key that no other live one of its target may have. */
  readonly held: string | null;
  /** It ended before its time because of that time, or first began after it; null: it has none. */
  readonly odd_expiry: boolean | null;
}

/** What is read of each. */
export const SEEN =
  `select e.id, e.type, e.target, e.status, e.inputs, e.output, e.error, e.version, e.attempt, e.max_attempts, e.max_crashes, e.metadata, e.cancel_reason is not null as is_stopping,
  (1000 * extract(epoch from e.created_at))::float8 as created_ms, (1000 * extract(epoch from e.completed_at))::float8 as completed_ms, e.parent_id, e.root_id, e.on_parent_cancel, e.timeout_ms::float8 as timeout_ms, e.tags,
  case when e.unique_while = 'active' and e.cancel_reason is null then e.unique_key end as held,
  case when e.error ->> 'code' = 'EXPIRED' then e.completed_at < e.expires_at else e.attempt = 1 and e.claimed_at >= e.expires_at end as odd_expiry
  from rhythm.executions as e order by e.id`;

const FINAL = new Set(["completed", "failed", "cancelled"]);

/** What the promises of the engine allow. */
export class Model {
  /** How many executions were over at some time. */
  readonly ended: Map<string, Seen> = new Map<string, Seen>();
  /** How many there were. */
  readonly known: Set<string> = new Set<string>();
  /** How many executions were seen in all. */
  all = 0;
  readonly #clients: Clients;
  readonly #programs: readonly Program[];
  readonly #ledger: Ledger;

  /** @param parts what was asked for, and what handlers did */
  constructor(parts: { clients: Clients; programs: readonly Program[]; ledger: Ledger }) {
    this.#clients = parts.clients;
    this.#programs = parts.programs;
    this.#ledger = parts.ledger;
  }

  /**
   * Looks at all executions.
   *
   * @param rows all that are there
   * @param elapsed the time
   * @returns what no promise allows
   */
  look(rows: readonly Seen[], elapsed: number): string[] {
    const wrong: string[] = [];
    const sinceMs = elapsed - this.#lookedAt;
    this.#lookedAt = elapsed;
    const byId = new Map(rows.map((row) => [row.id, row]));
    // A clock that is behind gives children ids before that of their root.
    for (const row of rows) if (row.metadata.n !== undefined) this.#roots.set(row.id, row.metadata.n);
    for (const row of rows) {
      if (!this.known.has(row.id)) this.all++;
      this.known.add(row.id);
      const before = this.ended.get(row.id);
      const isRetried = this.#clients.mayBeginAgain(this.#recordOf(row));
      if (before !== undefined && !isRetried && digestOf(before) !== digestOf(row)) {
        wrong.push(`${nameOf(row)} was ${digestOf(before)} and is now ${digestOf(row)}`);
      }
      if (!FINAL.has(row.status)) continue;
      const problem = before === undefined || isRetried ? this.#judge(row, byId) : undefined;
      if (problem !== undefined) wrong.push(`${nameOf(row)} ${problem}`);
      this.ended.set(row.id, row);
    }
    for (const id of this.known) {
      if (byId.has(id)) continue;
      this.known.delete(id);
      const last = this.#last.get(id)!;
      // Whatever is started may be deleted by those who started it.
      if (this.#recordOf(last)?.isDeleteAsked) continue;
      // It may have ended and been removed since the last look, but only if that was long ago.
      const overMs = last.completed_ms === null ? sinceMs : BEGINNING + elapsed - last.completed_ms;
      if (overMs + MOMENT_MS < this.#clients.purgedAfterMs) {
        wrong.push(`${nameOf(last)} was ${last.status}, is gone, and nobody removed it`);
      }
    }
    this.#last = byId;
    wrong.push(...this.#doubled(rows), ...this.#lookAtStages(rows));
    return wrong;
  }

  /** What handlers did that no promise allows. */
  lookAtHandlers(rows: readonly Seen[]): string[] {
    const wrong: string[] = [];
    for (const row of rows) {
      if (row.type !== "task" || this.#clients.mayBeginAgain(this.#recordOf(row))) continue;
      const attempts = this.#ledger.of(row.id);
      if (row.odd_expiry === true && row.error?.code !== "EXPIRED") {
        wrong.push(`${nameOf(row)} began after it had expired`);
      }
      const item = this.#recordOf(row)?.item;
      if (
        row.parent_id === null && item?.kind === "task" && item.options.delay !== undefined &&
        !item.later.some(({ delayMs }) => delayMs !== undefined) && attempts.length > 0
      ) {
        const early = BEGINNING + item.at + Number.parseInt(item.options.delay) - attempts[0]!.at;
        if (early > 0) wrong.push(`${nameOf(row)} began ${Math.round(early)} ms early`);
      }
      const waits = this.#recordOf(row)?.waits;
      if (row.parent_id === null && waits !== undefined) {
        const early = attempts.find(({ at }) => at - BEGINNING > waits.from && at - BEGINNING < waits.until);
        if (early !== undefined) {
          wrong.push(
            `${nameOf(row)} began ${
              Math.round(waits.until + BEGINNING - early.at)
            } ms before the time that a change gave it`,
          );
        }
      }
      const threw = attempts.filter(({ threwAt }) => threwAt !== undefined);
      // Some ends were lost on the way, but not so many.
      if (threw.length > row.max_attempts + MOST_LOST) {
        wrong.push(`${nameOf(row)} threw ${threw.length} times, ${row.max_attempts} are allowed`);
      }
      // An attempt whose end was lost with its worker is repeated as lost, not as thrown.
      if (row.status === "failed" && row.error?.message === "boom" && row.attempt < row.max_attempts) {
        wrong.push(`${nameOf(row)} failed after ${row.attempt} of ${row.max_attempts} attempts`);
      }
      if (
        row.status === "failed" && threw.length > 0 && threw.length < row.max_attempts &&
        row.error?.message === "boom"
      ) {
        wrong.push(`${nameOf(row)} threw ${threw.length} times and failed, ${row.max_attempts} are allowed`);
      }
      for (const [nth, attempt] of attempts.entries()) {
        const before = attempts[nth - 1];
        if (before?.threwAt === undefined || attempt.attempt !== before.attempt + 1) continue;
        // It was given up, and its process woke later.
        if (before.threwAt > attempt.at) continue;
        const paused = attempt.at - before.threwAt;
        if (paused < SHORTEST_BACKOFF_MS) {
          wrong.push(`${nameOf(row)} was tried again after ${Math.round(paused)} ms`);
        }
      }
    }
    for (const record of this.#clients.records.values()) {
      if (record.item.kind === "flurry") wrong.push(...this.#lookAtFlurry(rows, record));
      if (record.item.kind === "drip") wrong.push(...this.#lookAtDrip(rows, record));
    }
    return wrong;
  }

  // Every start is in one execution, which begins some time after the last of them.
  #lookAtFlurry(rows: readonly Seen[], { item, starts }: Record): string[] {
    if (item.kind !== "flurry") return [];
    const wrong: string[] = [];
    const mine = rows.filter(({ metadata: { n } }) => n === item.n);
    const valuesOf = ({ inputs }: Seen): number[] =>
      (inputs as unknown as readonly { v: number }[]).map(({ v }) => v);
    const waiting = mine.filter(({ status, attempt }) => status === "pending" && attempt === 0);
    if (waiting.length > 1) wrong.push(`${waiting.length} of item ${item.n} wait with one debounce key`);
    const there = new Set(mine.flatMap(valuesOf));
    for (const [v, { isAnswered }] of starts.entries()) {
      if (isAnswered && !there.has(v) && !this.#clients.removes) {
        wrong.push(`start ${v} of item ${item.n} is in no execution`);
      }
    }
    for (const row of mine) {
      const [first] = this.#ledger.of(row.id);
      const last = Math.max(...valuesOf(row));
      if (first === undefined || item.maxDelayMs !== null) continue;
      const early = BEGINNING + starts[last]!.at + item.delayMs - first.at;
      if (early > 0) wrong.push(`${nameOf(row)} began ${Math.round(early)} ms early, after start ${last}`);
    }
    return wrong;
  }

  // In any period, no more begin than may.
  #lookAtDrip(rows: readonly Seen[], { item }: Record): string[] {
    if (item.kind !== "drip") return [];
    const mine = rows.filter(({ metadata: { n } }) => n === item.n);
    return mine.flatMap((row, nth) => {
      const before = mine[nth - item.limit];
      const began = this.#ledger.of(row.id)[0];
      if (before === undefined) return [];
      // What is dropped is not there; what is delayed begins later.
      const at = item.else === "drop" ? row.created_ms : began?.at;
      if (at === undefined || at - before.created_ms > item.perMs - 1) return [];
      return [
        `${nameOf(row)} began ${
          Math.round(at - before.created_ms)
        } ms after ${before.id}, ${item.limit} may in ${item.perMs} ms`,
      ];
    });
  }

  /** What was started to clean up, and was cancelled. */
  lookAtCleanUp(rows: readonly Seen[]): string[] {
    return rows.filter((row) => !this.#clients.mayBeginAgain(this.#recordOf(row))).map((row) =>
      `${nameOf(row)} was cancelled, and its workflow started it to clean up`
    );
  }

  #recordOf(row: Seen): ReturnType<Clients["records"]["get"]> {
    const n = row.metadata.n ?? this.ended.get(row.root_id)?.metadata.n ?? this.#roots.get(row.root_id);
    return n === undefined ? undefined : this.#clients.records.get(n);
  }

  readonly #roots = new Map<string, number>();
  #last: ReadonlyMap<string, Seen> = new Map<string, Seen>();
  #lookedAt = 0;

  // Rows come in the order of ids, so a root comes before what it started.
  #judge(row: Seen, byId: ReadonlyMap<string, Seen>): string | undefined {
    const record = this.#recordOf(row);
    if (row.status === "completed") return this.#judgeOutput(row);
    if (row.status === "cancelled") {
      if (row.error?.code === "EXPIRED") return this.#judgeExpiry(row);
      const isAsked = record !== undefined &&
        (record.item.kind === "schedule" || record.item.kind === "crowd" ||
          this.#clients.isAsked(record, "cancel") ||
          // A rewind cancels what was begun since.
          record.isRewindAsked && row.parent_id !== null);
      const root = byId.get(row.root_id);
      const isEndOfParent = row.on_parent_cancel === "cancel" &&
        (root === undefined || root.timeout_ms !== null ||
          FINAL.has(byId.get(row.parent_id ?? "")?.status ?? "completed"));
      return isAsked || isEndOfParent ? undefined : "was cancelled, and nobody asked for it";
    }
    return this.#judgeFailure(row, byId);
  }

  #judgeExpiry(row: Seen): string | undefined {
    // What its worker gave back, because it stopped or lost its transaction, counts as not begun.
    if (row.attempt > 0 && this.#ledger.of(row.id).length > 0) return "expired, and had begun";
    if (row.odd_expiry === null) return "expired, and nobody asked for it";
    return row.odd_expiry ? "expired early" : undefined;
  }

  #judgeOutput(row: Seen): string | undefined {
    if (row.target === HOOK_TASK) {
      return this.#ledger.taken.has(row.id) ? undefined : "completed, and its address has not taken it";
    }
    let expected = this.#outputOf(row);
    const record = row.type === "workflow" && row.parent_id === null ? this.#recordOf(row) : undefined;
    if (record !== undefined && (record.marks.size > 1 || !record.marks.has(0))) {
      const mark = Number(row.output) - Number(expected);
      const isRight = record.mark === undefined || record.id !== row.id
        ? record.marks.has(mark)
        : record.mark === mark;
      if (isRight) expected = row.output;
      else expected = `${expected} and a mark of ${record.mark ?? [...record.marks]}`;
    }
    const mark = row.tags?.find((tag) => tag.startsWith(`${MARK}=`))?.slice(MARK.length + 1);
    if (
      mark !== undefined &&
      Number(row.output) % VERSIONS - Number(mark) !== Number(this.#outputOf(row)) % VERSIONS
    ) {
      return `gave ${row.output}, and is found by the mark ${mark}`;
    }
    if (JSON.stringify(row.output) === JSON.stringify(expected)) return undefined;
    return `gave ${JSON.stringify(row.output)}, expected ${JSON.stringify(expected)}`;
  }

  #outputOf({ type, target, inputs, attempt, version }: Seen): unknown {
    if (type === "workflow") {
      const program = this.#programs.find(({ name }) => name === target)!;
      const added = program.kind === "flow" ? (version! - 1) * VERSIONS : 0;
      return valueOf(this.#programs, program, inputs.n!) + added;
    }
    switch (target) {
      case "numbered":
        return attempt;
      case "sim_double":
        return 2 * inputs.v!;
      case "book":
        return 1;
      case "fragile":
        return "whole";
      case "gather":
        return (inputs as unknown as readonly { v: number }[]).map(({ v }) => v);
      case "told":
        return inputs.execution!.id;
      case "boom":
      case "slow":
        return "no output at all";
      default:
        return inputs.v;
    }
  }

  #judgeFailure(row: Seen, byId: ReadonlyMap<string, Seen>): string | undefined {
    const text = `failed: ${row.error?.type}: ${row.error?.message}`;
    const root = byId.get(row.root_id);
    // A retry gives one more attempt, which may throw.
    const isAgain = this.#clients.mayBeginAgain(this.#recordOf(row));
    switch (row.target) {
      case "boom":
        return row.error?.message === "boom" ? undefined : text;
      case "flaky":
        return isAgain || row.max_attempts <= row.inputs.throws! ? undefined : text;
      case "slow":
        return row.error?.type === "TimeoutError" ? undefined : text;
      case "echo":
        return row.timeout_ms !== null && row.error?.type === "TimeoutError" ? undefined : text;
      case HOOK_TASK:
        return row.attempt > row.max_crashes || /answered|cannot be reached/.test(row.error?.message ?? "")
          ? undefined
          : text;
      case "fragile":
        return this.#ledger.of(row.id).length > row.max_crashes || row.attempt > row.max_crashes
          ? undefined
          : text;
    }
    if (row.type === "workflow") {
      if (row.timeout_ms !== null && row.error?.type === "TimeoutError") return undefined;
      if (row.inputs.frail === 1 && row.error?.message === NO_MARK) {
        const { id, mark, repairedWith } = this.#recordOf(row) ?? {};
        const isRepaired = id === row.id && mark !== undefined && mark === repairedWith;
        return isRepaired ? `${text}, and was repaired with ${mark}` : undefined;
      }
      if (isAgain && /attempt \d+ throws/.test(row.error?.message ?? "")) return undefined;
      // What it shares by a key with another workflow ends as that says.
      const program = this.#programs.find(({ name }) => name === row.target)!;
      const isShared = this.#shares(program.body);
      const isCancel = /cancel/i.test(`${row.error?.type} ${row.error?.message}`);
      if (isCancel && (isShared || root === undefined || root.timeout_ms !== null)) return undefined;
      const record = this.#recordOf(row);
      if (
        isCancel && record !== undefined && (record.isRewindAsked || this.#clients.isAsked(record, "cancel"))
      ) return undefined;
    }
    return text;
  }

  #shares(part: Part): boolean {
    if (part.type === "keyed") return true;
    if ("parts" in part) return part.parts.some((one) => this.#shares(one));
    if ("body" in part) return this.#shares(part.body);
    return part.type === "child" && this.#shares(this.#programs[part.program]!.body);
  }

  // What an everyday flow runs at one time belongs to one part of it: what was begun before it was put back is cancelled.
  #lookAtStages(rows: readonly Seen[]): string[] {
    const program = this.#programs[0]!;
    const adds = new Map<string, number[]>();
    const flows = new Map(
      rows.filter(({ target, status }) => target === program.name && !FINAL.has(status)).map((
        row,
      ) => [row.id, row]),
    );
    for (const { parent_id: parent, inputs, status, is_stopping: isStopping, target } of rows) {
      const flow = parent === null ? undefined : flows.get(parent);
      if (flow === undefined || FINAL.has(status) || isStopping || target !== "echo") continue;
      adds.set(parent!, [...adds.get(parent!) ?? [], inputs.v! - flow.inputs.n!]);
    }
    return [...adds].flatMap(([flow, all]) => {
      const stages = stagesOf(program, all);
      return stages.size > 1 ? [`${flow} runs ${all} at one time, which belong to parts ${[...stages]}`] : [];
    });
  }

  // Two of what there may be one of.
  #doubled(rows: readonly Seen[]): string[] {
    const wrong: string[] = [];
    const slots = new Map<string, string>();
    for (const { id, metadata: { schedule, scheduled_for } } of rows) {
      if (schedule === undefined) continue;
      const slot = `${schedule} at ${scheduled_for}`;
      if (slots.has(slot)) wrong.push(`${slot} was started twice: ${slots.get(slot)} and ${id}`);
      slots.set(slot, id);
    }
    const holders = new Map<string, string>();
    for (const { id, target, status, held } of rows) {
      if (held === null || FINAL.has(status)) continue;
      const key = `${target} ${held}`;
      if (holders.has(key)) wrong.push(`${holders.get(key)} and ${id} have the unique key ${key}`);
      holders.set(key, id);
    }
    for (const { item, told } of this.#clients.records.values()) {
      const [one, other] = told;
      if (one === undefined || other === undefined || Math.abs(one.at - other.at) > 8_000) continue;
      if (one.id !== other.id) wrong.push(`the key of item ${item.n} stands for ${one.id} and ${other.id}`);
    }
    return wrong;
  }
}

function digestOf({ status, output, error }: Seen): string {
  return `${status} ${JSON.stringify(output)} ${error?.message ?? ""}`;
}

function nameOf({ type, target, id, metadata: { n } }: Seen): string {
  return `${type} ${target} ${id}${n === undefined ? "" : ` of item ${n}`}`;
}

/** How far the moment of an end may be from the time of the database. */
const MOMENT_MS = 8_000;

/** How many attempts of one task may throw without anybody hearing of it. */
const MOST_LOST = 12;

// The shortest pause of a retry policy in the load, less its jitter.
const SHORTEST_BACKOFF_MS = 200 * 0.9 - 2;
