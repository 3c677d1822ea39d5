import type { Session } from "./session.ts";

/** An execution that is leased to us. */
export interface Lease {
  /** Which. */
  readonly id: string;
  /** What the protocol tells leases apart by: the number of the call that leased it, or of the attempt. */
  readonly mark: number;
  /** For a workflow: how often it was suspended. */
  readonly seq?: number;
}

/** What became of a lease, for what is not simply completed. */
export interface Outcome extends Record<string, unknown> {
  /** `completed`, `suspended`, … */
  readonly status: string;
}

/** A worker's part of the engine, in whichever protocol the database speaks. */
export interface Engine {
  /** Its connection. */
  readonly session: Session;
  /** The id of the worker. */
  readonly worker: string;
  /** Queues as many tasks that differ in nothing, or in their keys; `from` is the number of the first. */
  create(options: Creation): Promise<void>;
  /** Ends completed tasks that no workflow started, and leases up to so many others. */
  next(done: readonly Lease[], limit: number): Promise<Lease[]>;
  /** Settles one execution. */
  settle(lease: Lease, outcome: Outcome): Promise<void>;
  /** Settles many in one call, all in one way. */
  settleAll(leases: readonly Lease[], outcome: Outcome): Promise<void>;
  /** Deletes up to a thousand of what is over; gives how many. */
  purge(): Promise<number>;
}

/** What is created. */
export interface Creation {
  /** How many. */
  readonly count: number;
  /** In which queue. */
  readonly queue: string;
  /** The concurrency key of each, as an expression of SQL over its number `n`, from 1 on. */
  readonly key?: string;
}

const CHUNK = 5_000;

/** Registers a worker for a queue, and gives what it can do. */
export async function openEngine(session: Session, queue: string): Promise<Engine> {
  const { sql } = session;
  const [registered] = await sql<{ id: string }[]>`
    select rhythm.register_worker(null, p_queues => array[${queue}]::text[], p_lease => '1h') as id`;
  const worker = registered!.id;
  const [speaks] = await sql<{ exchange: boolean }[]>`
    select exists (
      select from pg_proc as p where p.proname = 'exchange' and p.pronamespace = 'rhythm'::regnamespace) as exchange`;
  const calls = speaks!.exchange ? byExchange(session, worker) : byClaims(session, worker);
  return {
    session,
    worker,
    ...calls,
    async create({ count, queue, key }): Promise<void> {
      const keyed = key === undefined ? "" : `, 'concurrency_key', ${key}`;
      for (let from = 0; from < count; from += CHUNK) {
        await sql.unsafe(
          `select count(*) from rhythm.create_many((
            select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'noop', 'queue', $1::text, 'inputs', '{"n": 1}'::jsonb${keyed}))
            from generate_series($2::integer, $3::integer) as n))`,
          [queue, from + 1, Math.min(from + CHUNK, count)],
          { prepare: true },
        );
      }
    },
    async purge(): Promise<number> {
      const [row] = await sql<{ count: number }[]>`select rhythm.purge(interval '0', 1000) as count`;
      return row!.count;
    },
  };
}

type Calls = Pick<Engine, "next" | "settle" | "settleAll">;

/** `claim_packed`, `settle_tasks`, `settle`: an attempt is what is leased. */
function byClaims({ sql }: Session, worker: string): Calls {
  const settleAll = async (leases: readonly Lease[], outcome: Outcome): Promise<void> => {
    const outcomes = leases.map(({ id, mark, seq }) => ({ id, attempt: mark, seq, ...outcome }));
    const [row] = await sql<{ answer: { refused: unknown[] } }[]>`
      select rhythm.settle(${worker}::uuid, ${JSON.stringify(outcomes)}::jsonb) as answer`;
    refuse(row!.answer.refused);
  };
  return {
    settleAll,
    settle: (lease, outcome) => settleAll([lease], outcome),
    async next(done, limit): Promise<Lease[]> {
      if (done.length > 0) {
        const sorted = [...done].sort((a, b) => a.id < b.id ? -1 : 1);
        const [row] = await sql<{ refused: unknown[] }[]>`
          select rhythm.settle_tasks(${worker}::uuid, ${sorted.map(({ id }) => id)}::uuid[],
            ${sorted.map(({ mark }) => mark)}::integer[], ${
          JSON.stringify(done.map(() => null))
        }::jsonb) as refused`;
        refuse(row!.refused);
      }
      if (limit === 0) return [];
      const rows = await sql<{ id: string; attempt: number; seq: number; many: { ids: string[] } | null }[]>`
        select (c.one).id, (c.one).attempt, (c.one).seq, c.many
        from rhythm.claim_packed(${worker}::uuid, null, ${limit}, null, false) as c`;
      return rows.flatMap(({ id, attempt, seq, many }) =>
        many === null ? [{ id, mark: attempt, seq }] : many.ids.map((one) => ({ id: one, mark: 1 }))
      );
    },
  };
}

interface Parcel {
  ids: string[];
  states?: { seq: number }[] | null;
}

/** `exchange`: a call is what leases. */
function byExchange({ sql }: Session, worker: string): Calls {
  let call = 0;
  const exchange = async (ends: unknown[], limit: number): Promise<Lease[]> => {
    const mark = ++call;
    const [row] = await sql<{ answer: { refused: unknown[]; parcels: Parcel[] } }[]>`
      select rhythm.exchange(${worker}::uuid, ${mark}, ${JSON.stringify(ends)}::jsonb,
        ${JSON.stringify({ limit })}::jsonb) as answer`;
    refuse(row!.answer.refused);
    return row!.answer.parcels.flatMap(({ ids, states }) =>
      ids.map((id, nth) => ({ id, mark, seq: states?.[nth]?.seq }))
    );
  };
  const settleAll = async (leases: readonly Lease[], outcome: Outcome): Promise<void> => {
    await exchange(
      leases.map(({ id, mark, seq }) => ({ kind: "outcome", id, call: mark, seq, ...outcome })),
      0,
    );
  };
  return {
    settleAll,
    settle: (lease, outcome) => settleAll([lease], outcome),
    next: (done, limit) => exchange(byCall(done), limit),
  };
}

/** Ends of tasks go by the call that leased them. */
function byCall(done: readonly Lease[]): unknown[] {
  const calls = new Map<number, string[]>();
  for (const { id, mark } of done) (calls.get(mark) ?? calls.set(mark, []).get(mark)!).push(id);
  return [...calls].map(([call, ids]) => ({ kind: "done", call, ids, outputs: ids.map(() => null) }));
}

function refuse(refused: readonly unknown[]): void {
  if (refused.length > 0) throw new Error(`Refused: ${JSON.stringify(refused.slice(0, 3))}`);
}
