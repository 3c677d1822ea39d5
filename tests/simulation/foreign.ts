import type { Database } from "../../src/db/database.ts";
import { errorKind } from "../../src/db/error_kind.ts";
import type { Dice } from "./dice.ts";
import type { Process } from "./process.ts";

/** What somebody else has leased. */
interface Lease {
  readonly worker: string;
  readonly call: number;
  readonly type: "task" | "workflow";
  readonly ids: readonly string[];
  readonly seq: number | null;
  readonly isCode: boolean;
}

/** A child, or a timer, that is all that its workflow waits for, and what a worker has to know to go on with it. */
interface Wait {
  readonly id: string;
  readonly flow: string;
  readonly seq: number;
  /** Something else has arrived, too: nobody may go on from memory. */
  readonly hasArrived: boolean;
  /** Who has leased it; nobody: it is a timer, which is not due for some seconds. */
  readonly worker: string | null;
  readonly call: number | null;
  /** The time at which this was looked at. */
  readonly moment: string;
}

/** A state of a flow that people could change. */
interface State {
  readonly id: string;
  readonly seq: number;
  readonly snapshot: string;
  /** Who has leased the flow; nobody: it waits. */
  readonly worker: string | null;
  readonly call: number | null;
}

/** Whatever must be refused, and why. */
interface Wrong {
  readonly id: string;
  readonly why: string;
  readonly end: object;
}

/** What comes with an answer. */
interface Answer {
  readonly refused: readonly { readonly id: string }[];
  readonly declined: readonly string[];
  readonly parcels: readonly {
    readonly common: { readonly type: string };
    readonly ids: readonly string[];
    readonly inputs: readonly { readonly v: number }[];
    readonly states?: readonly { readonly seq: number }[];
  }[];
}

/** A worker that somebody wrote from the page of the protocol, in another language: it runs `echo`, and no library is in it. */
export interface ForeignParts {
  readonly process: Process;
  readonly database: Database;
  readonly dice: Dice;
  /** What workers have leased now; nothing: a transaction is open. */
  readonly leases: () => Promise<readonly Lease[]>;
  /** What workflows wait for, that a worker may not go on with; nothing: a transaction is open. */
  readonly waits: () => Promise<readonly Wait[]>;
  /** What a worker has leased, with the numbers of its calls; nothing: nobody can tell now. */
  readonly held: (
    worker: string,
  ) => Promise<readonly { readonly id: string; readonly call: number }[] | undefined>;
  /** The states of some flows; nothing: a transaction is open. */
  readonly states: () => Promise<readonly State[]>;
  /** Keeps others from working, so that what is ready comes to this one: all of them, or who takes from the queue abroad. */
  readonly alone: (ms: number, how: "everywhere" | "abroad") => void;
  /** Told of a promise that was not kept. */
  readonly onBroken: (what: string) => void;
}

/**
 * Works for a while. It knows less than our workers, so that other branches of the engine are taken: all its ends are `done`,
 * children, too. Now and then it says of what others have leased that it is over, with the very numbers of their calls. That
 * must be refused: a lease belongs to one worker.
 */
export class Foreign {
  readonly #parts: ForeignParts;
  readonly #held = new Map<string, { readonly call: number; readonly output: number }>();
  /** What it has leased and does not name any more, by its call, and since when. */
  readonly #forgotten = new Map<number, number>();
  #flows: { readonly id: string; readonly call: number; readonly seq: number }[] = [];
  #id = "";
  #calls = 0;

  /** @param parts where it is */
  constructor(parts: ForeignParts) {
    this.#parts = parts;
  }

  /** Works, and dies or takes leave. */
  async run(forMs: number, end: "dies" | "leaves"): Promise<void> {
    const { process: { clock }, dice } = this.#parts;
    const until = clock.monotonic() + forMs;
    const pace = dice.pick([0.1, 1]);
    await this.#register();
    if (dice.happens(0.3)) this.#parts.alone(dice.between(1_000, 3_000), "everywhere");
    else if (dice.happens(0.8)) this.#parts.alone(dice.between(3_000, 7_000), "abroad");
    while (clock.monotonic() < until) {
      const { thieving, ends } = await this.#ends();
      const wrong = [...thieving, ...await this.#steps()];
      const answer = await this.#exchange([...ends, ...wrong.map(({ end }) => end)]);
      if (answer !== undefined) this.#expectRefused(answer, wrong);
      if (dice.happens(0.2)) await this.#write();
      if (dice.happens(0.3)) await this.#edit();
      if (dice.happens(0.5)) await this.#beat();
      // Sometimes longer than its lease.
      const pauseMs = pace * dice.pick([20, 100, 400, 1_500]);
      await clock.sleep(dice.happens(0.04) ? LEASE_MS + 1_000 : pauseMs);
    }
    if (end === "dies") return;
    await this.#insist("select rhythm.stop_worker($1::text::uuid)", [this.#id]);
    const left = await this.#parts.held(this.#id);
    if (left !== undefined && left.length > 0) {
      this.#parts.onBroken(`a worker took leave, and has ${left[0]!.id}`);
    }
  }

  async #register(): Promise<void> {
    this.#held.clear();
    this.#forgotten.clear();
    this.#flows = [];
    this.#calls = 0;
    const [row] = await this.#insist<{ id: string }>(
      `select rhythm.register_worker(null, p_queues => '{default,other,narrow,keyed,rated,abroad}'::text[], p_name => 'foreign',
        p_lease => $1::text::interval, p_info => '{"tasks": ["echo"]}') as id`,
      [`${LEASE_MS}ms`],
    );
    this.#id = row!.id;
  }

  // Its own, some of them with the number of another call; and those of others.
  async #ends(): Promise<{ ends: object[]; thieving: Wrong[] }> {
    const { dice, leases } = this.#parts;
    const byCall = new Map<number, string[]>();
    for (const [id, { call }] of this.#held) {
      if (dice.happens(0.4)) byCall.set(call, [...byCall.get(call) ?? [], id]);
    }
    const ends: object[] = [];
    const thieving: Wrong[] = [];
    for (const flow of this.#flows.splice(0)) {
      const { id, call, seq } = flow;
      // Before it gives it back, it ends another step than the one that it was given.
      if (dice.happens(0.5)) {
        const end = {
          kind: "outcome",
          id,
          call,
          status: "completed",
          output: -1,
          seq: seq + dice.pick([-1, 1]),
        };
        if (end.seq >= 0) thieving.push({ id, why: `is at step ${seq}`, end });
        this.#flows.push(flow);
      } else ends.push(releaseOf(id, call, seq));
    }
    for (const [call, ids] of byCall) {
      ids.sort();
      const outputs = ids.map((id) => this.#held.get(id)!.output);
      ends.push({ kind: "done", call, ids, outputs });
      for (const id of ids) this.#held.delete(id);
    }
    for (const [id, { call }] of this.#held) {
      if (!dice.happens(0.3)) continue;
      const end = { kind: "done", call: call + dice.pick([-1, 1]), ids: [id], outputs: [-1] };
      thieving.push({ id, why: "it has leased in another call", end });
    }
    if (dice.happens(0.6)) {
      for (const { worker, call, type, ids, seq } of await leases()) {
        if (worker === this.#id || thieving.length > 10) continue;
        for (const id of ids.slice(0, 3)) {
          const isPlain = type === "task" && dice.happens(0.5);
          const end = isPlain ? { kind: "done", call, ids: [id], outputs: [-1] } : {
            kind: "outcome",
            id,
            call,
            status: "completed",
            output: -1,
            ...(seq === null ? {} : { seq }),
          };
          thieving.push({ id, why: "another has leased", end });
        }
      }
    }
    return { ends, thieving };
  }

  // Lets workflows go on as if it had them in memory, where that is not so.
  async #steps(): Promise<Wrong[]> {
    const { dice, waits } = this.#parts;
    if (!dice.happens(0.6)) return [];
    const wrong: Wrong[] = [];
    const flows = new Set<string>();
    for (const { id, flow, seq, hasArrived, worker, call, moment } of await waits()) {
      // Two of one workflow are refused for that alone.
      if (flows.has(flow)) continue;
      const isMine = worker === this.#id && this.#held.get(id)?.call === call;
      // It has forgotten that.
      if (worker === this.#id && !isMine) continue;
      let at = seq;
      let why: string;
      if (worker === null) why = "is a timer that is not due";
      else if (!isMine) why = "another has leased";
      else if (hasArrived) why = "belongs to a workflow that has something in its inbox";
      else {
        at += dice.pick([-1, 1]);
        if (at < 0) continue;
        why = `belongs to a workflow at step ${seq}`;
      }
      flows.add(flow);
      const what = worker === null ? { timer: true, moment } : { call };
      const step = { id, ...what, output: -1, flow, seq: at, next: "completed", result: -1 };
      wrong.push({ id, why, end: { kind: "steps", ends: [step] } });
      if (wrong.length > 4) break;
    }
    return wrong;
  }

  async #exchange(ends: readonly object[]): Promise<Answer | undefined> {
    const { dice } = this.#parts;
    const call = ++this.#calls;
    const want = { limit: dice.pick([0, 2, 6, 40]), targets: ["echo"] };
    const send = async (number: number): Promise<Answer> => {
      const [row] = await this.#insist<{ answer: Answer }>(
        `select rhythm.exchange(p_worker => $1::text::uuid, p_call => $2::text::integer, p_ends => $3::text::jsonb,
          p_want => $4::text::jsonb) as answer`,
        [this.#id, String(number), JSON.stringify(ends), JSON.stringify(want)],
      );
      return row!.answer;
    };
    try {
      const answer = await send(call);
      // A call that does nothing is not counted.
      const isCounted = ends.length > 0 || answer.parcels.length > 0;
      if (isCounted && dice.happens(0.15)) await this.#expectSame(answer, await send(call));
      if (isCounted && call > 2 && dice.happens(0.1)) await this.#expectLate(() => send(call - 2));
      for (const { common, ids, inputs, states } of answer.parcels) {
        // Its answer was lost on the way, as far as this worker knows.
        if (common.type === "task" && dice.happens(0.2)) {
          this.#forgotten.set(call, this.#parts.process.clock.monotonic());
          continue;
        }
        for (const [nth, id] of ids.entries()) {
          if (common.type === "task") this.#held.set(id, { call, output: inputs[nth]!.v });
          else this.#flows.push({ id, call, seq: states![nth]!.seq });
        }
      }
      // What came with the same call has the same number.
      if (this.#forgotten.has(call)) {
        for (const [id, held] of this.#held) if (held.call === call) this.#held.delete(id);
      }
      return answer;
    } catch (error) {
      // It was silent for too long.
      if (!String(error).includes("counts as dead")) throw error;
      await this.#register();
      return undefined;
    }
  }

  #expectRefused({ refused, declined }: Answer, wrong: readonly Wrong[]): void {
    const not = new Set([...refused.map(({ id }) => id), ...declined]);
    for (const { id, why } of wrong) {
      if (!not.has(id)) this.#parts.onBroken(`a worker ended ${id}, which ${why}`);
    }
  }

  // The answer to a call that is made again has nothing else in it, and all that is still leased.
  async #expectSame(first: Answer, second: Answer): Promise<void> {
    const idsOf = ({ parcels }: Answer): Set<string> => new Set(parcels.flatMap(({ ids }) => ids));
    const [before, after] = [idsOf(first), idsOf(second)];
    for (const id of after) {
      if (!before.has(id)) this.#parts.onBroken(`the same call was answered with ${id}, and was not before`);
    }
    const refused = new Set(second.refused.map(({ id }) => id));
    for (const { id } of first.refused) {
      if (!refused.has(id)) {
        this.#parts.onBroken(`the same call was answered without refusing ${id}, and was not before`);
      }
    }
    const held = new Set((await this.#parts.held(this.#id))?.map(({ id }) => id));
    for (const id of before) {
      if (held.has(id) && !after.has(id)) {
        this.#parts.onBroken(`the same call was answered without ${id}, which it has leased`);
      }
    }
  }

  // A call that was overtaken by a later one.
  async #expectLate(send: () => Promise<Answer>): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (/is too late|counts as dead/.test(String(error))) return;
      throw error;
    }
    this.#parts.onBroken("a call was carried out after a later one");
  }

  async #beat(): Promise<void> {
    const { process: { clock } } = this.#parts;
    const beganAt = clock.monotonic();
    const holds = [...this.#held].map(([id, { call }]) => ({ call, ids: [id] }));
    const [row] = await this.#insist<{ answer: { alive: boolean; lost: readonly string[] } }>(
      "select rhythm.beat(p_worker => $1::text::uuid, p_holds => $2::text::jsonb) as answer",
      [this.#id, JSON.stringify(holds)],
    );
    for (const id of row!.answer.lost) this.#held.delete(id);
    if (!row!.answer.alive) return await this.#register();
    const named = new Set(holds.map(({ call }) => call));
    const now = clock.monotonic();
    for (const { id, call } of await this.#parts.held(this.#id) ?? []) {
      const since = this.#forgotten.get(call);
      // It was claimed before the answer came, so half a lease is over.
      if (since !== undefined && !named.has(call) && beganAt - since > LEASE_MS / 2) {
        this.#parts.onBroken(
          `${id} is leased, and its worker has not named it for ${Math.round(now - since)} ms`,
        );
      }
    }
  }

  // A state that has gone on since it was read, or that a worker has. What is written is what is there.
  async #edit(): Promise<void> {
    const { dice, states } = this.#parts;
    const all = await states();
    const leased = all.filter(({ worker }) => worker !== null);
    const chosen = leased.length > 0 && dice.happens(0.7) ? leased : all;
    if (chosen.length === 0) return;
    const { id, seq, snapshot, worker, call } = dice.pick(chosen);
    const stale = worker === null ? seq - 1 : seq;
    try {
      await this.#insist(
        `select rhythm.edit_state(p_execution => $1::text::uuid, p_seq => $2::text::integer, p_snapshot => $3::text::json)`,
        [id, String(stale), snapshot],
      );
    } catch (error) {
      if (errorKind(error) !== "passing" && /^Cannot edit/.test((error as Error).message)) return;
      throw error;
    }
    const now = (await states()).find((one) => one.id === id);
    if (worker === null) {
      this.#parts.onBroken(`the state of ${id} at step ${stale} was edited, and it was at step ${seq}`);
    } else if (now?.worker === worker && now.call === call) {
      this.#parts.onBroken(`the state of ${id} was edited while a worker had it`);
    }
  }

  // A step of code that another worker runs.
  async #write(): Promise<void> {
    const lease = (await this.#parts.leases()).find((one) => one.isCode && one.worker !== this.#id);
    if (lease === undefined) return;
    const id = lease.ids[0]!;
    const step = {
      execution_id: id,
      name: "stolen",
      kind: "step",
      status: "completed",
      seq: 1_000,
      output: -1,
    };
    const [row] = await this.#insist<{ refused: readonly { readonly execution_id: string }[] }>(
      "select rhythm.save_steps($1::text::uuid, $2::text::jsonb) as refused",
      [this.#id, JSON.stringify([step])],
    );
    if (row!.refused.length === 0) {
      this.#parts.onBroken(`a worker wrote a step of ${id}, which another has leased`);
    }
  }

  async #insist<R>(text: string, params: readonly unknown[]): Promise<R[]> {
    const { database, process: { clock } } = this.#parts;
    for (;;) {
      try {
        return await database.query<R>(text, params);
      } catch (error) {
        if (errorKind(error) !== "passing") throw error;
        await clock.sleep(100 + 900 * clock.random());
      }
    }
  }
}

// It does not know how to run workflows, which are given to every worker.
function releaseOf(id: string, call: number, seq: number): object {
  return { kind: "outcome", id, call, seq, status: "released", reason: "it runs tasks only", delay_ms: 200 };
}

const LEASE_MS = 6_000;
