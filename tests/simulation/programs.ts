/**
 * Random workflows whose results are known beforehand. The same program is a flow, or code of `@rhythm/core/steps`.
 *
 * @module
 */
import type { Question, WorkflowContext } from "../../src/steps/mod.ts";
import type { Dice } from "./dice.ts";

/** A part of a program. Its value is a number. */
export type Part =
  | { readonly type: "task"; readonly add: number; readonly ms: number; readonly queue: string }
  | { readonly type: "sum"; readonly parts: readonly Part[] }
  | { readonly type: "all"; readonly parts: readonly Part[] }
  | { readonly type: "race"; readonly add: number; readonly ms: number }
  | { readonly type: "caught"; readonly attempts: number }
  | { readonly type: "retried"; readonly throws: number }
  | { readonly type: "finally"; readonly body: Part; readonly step: number }
  | { readonly type: "timer"; readonly ms: number }
  | { readonly type: "signal"; readonly count: number }
  | { readonly type: "silence"; readonly ms: number }
  | { readonly type: "hasty"; readonly ms: number }
  | { readonly type: "child"; readonly program: number; readonly add: number }
  | { readonly type: "loop"; readonly count: number; readonly body: Part }
  | { readonly type: "book"; readonly step: number }
  | { readonly type: "keyed"; readonly key: number }
  | { readonly type: "sql"; readonly add: number }
  | { readonly type: "step"; readonly add: number; readonly throws: number };

/** A program: a flow or code, with a name. */
export interface Program {
  readonly name: string;
  readonly kind: "flow" | "code";
  readonly body: Part;
  /** How many signals one run takes. */
  readonly signals: number;
}

/** How long a timer lasts at most; a run is over soon after it can be. */
export const LONGEST_TIMER_MS = 20_000;

/** So many programs; each may run those before it. */
export function makePrograms(dice: Dice, count: number): Program[] {
  const programs: Program[] = [];
  let steps = 0;
  for (let nth = 0; nth < count; nth++) {
    const kind = dice.happens(0.35) ? "code" : "flow";
    const part = (depth: number, top: "top" | "inside"): Part => {
      const leaf: readonly (readonly [number, () => Part])[] = [
        [
          6,
          () => ({
            type: "task",
            add: dice.whole(0, 99),
            ms: dice.pick([0, 0, 5, 50, 800, 4_000]),
            queue: dice.pick(["default", "default", "default", "narrow", "keyed", "rated"]),
          }),
        ],
        [1, () => ({ type: "race", add: dice.whole(0, 99), ms: dice.whole(1, 3_000) })],
        [1, () => ({ type: "caught", attempts: dice.whole(1, 3) })],
        [1, () => ({ type: "retried", throws: dice.whole(1, 3) })],
        [2, () => ({ type: "timer", ms: dice.pick([1, 20, 300, 2_000, LONGEST_TIMER_MS]) })],
        [top === "top" ? 2 : 0, () => ({ type: "signal", count: dice.whole(1, 3) })],
        [1, () => ({ type: "silence", ms: dice.pick([10, 500, 5_000]) })],
        [0.6, () => ({ type: "hasty", ms: dice.pick([10, 500, 5_000]) })],
        [nth > 0 ? 1.5 : 0, () => {
          const quiet = programs.map((one, index) => ({ one, index })).filter(({ one }) => one.signals === 0);
          if (quiet.length === 0) return { type: "timer", ms: 5 };
          return { type: "child", program: dice.pick(quiet).index, add: dice.whole(0, 9) };
        }],
        [1.5, () => ({ type: "book", step: steps++ })],
        [1, () => ({ type: "keyed", key: dice.whole(0, 3) })],
        [1, () => ({ type: "sql", add: dice.whole(0, 99) })],
        [
          kind === "code" ? 3 : 0,
          () => ({ type: "step", add: dice.whole(0, 99), throws: dice.pick([0, 0, 1]) }),
        ],
      ];
      if (depth === 0 || dice.happens(0.4)) return dice.weighted(leaf)();
      return dice.weighted<() => Part>([
        [3, () => ({ type: "sum", parts: list(dice.whole(2, 4), () => part(depth - 1, top)) })],
        [2, () => ({ type: "all", parts: list(dice.pick([2, 3, 5]), () => part(depth - 1, "inside")) })],
        [1, () => ({ type: "loop", count: dice.whole(2, 4), body: part(depth - 1, top) })],
        [1, () => ({ type: "finally", body: part(depth - 1, top), step: steps++ })],
      ])();
    };
    const body = nth === 0 ? everyday(dice) : part(2, "top");
    programs.push({ name: `sim_${nth}`, kind: nth === 0 ? "flow" : kind, body, signals: signalsOf(body) });
  }
  return programs;
}

/** A queue from which one of our workers takes, and every foreign one. */
export const ABROAD = "abroad";

// What every seed has: tasks side by side, a timer, signals.
function everyday(dice: Dice): Part {
  let tasks = 0;
  const task = (): Part => ({
    type: "task",
    // Each has another. Most are cancelled with their workflow.
    add: 8 * tasks++ + 1,
    ms: dice.pick([0, 100, 1_500]),
    queue: dice.pick(["default", ABROAD, ABROAD]),
  });
  return {
    type: "sum",
    parts: [
      { type: "all", parts: list(dice.pick([3, 6]), task) },
      { type: "signal", count: 2 },
      { type: "timer", ms: dice.pick([300, 6_000]) },
      task(),
      { type: "signal", count: 1 },
      task(),
    ],
  };
}

/** Of some tasks of the everyday program, which part of it starts them: parts are taken one after another. */
export function stagesOf(program: Program, adds: readonly number[]): Set<number> {
  const { body } = program;
  if (body.type !== "sum") return new Set();
  const isIn = (part: Part, add: number): boolean =>
    part.type === "task" ? part.add === add : part.type === "all" && part.parts.some((one) => isIn(one, add));
  return new Set(adds.map((add) => body.parts.findIndex((part) => isIn(part, add))));
}

/** What a run gives. */
export function valueOf(programs: readonly Program[], program: Program, n: number): number {
  let heard = 0;
  const value = (part: Part): number => {
    switch (part.type) {
      case "task":
      case "race":
      case "step":
        return n + part.add;
      case "sum":
      case "all":
        return part.parts.reduce((sum, one) => sum + value(one), 0);
      case "caught":
        return 7;
      case "retried":
        return n + part.throws;
      case "finally":
        return value(part.body);
      case "timer":
        return 0;
      case "signal": {
        let sum = 0;
        for (let nth = 0; nth < part.count; nth++) sum = (sum * 31 + payloadOf(n, heard++)) % 1_000_003;
        return sum;
      }
      case "silence":
        return 3;
      case "hasty":
        return 4;
      case "child":
        return valueOf(programs, programs[part.program]!, n + part.add);
      case "loop": {
        let sum = 0;
        for (let turn = 0; turn < part.count; turn++) sum += value(part.body);
        return sum;
      }
      case "book":
        return 1;
      case "keyed":
        return keyedValue(part.key);
      case "sql":
        return 2 * (n + part.add);
    }
  };
  return value(program.body);
}

/** What the nth signal to a run says. */
export function payloadOf(n: number, nth: number): number {
  return (n * 17 + nth * 101 + 5) % 1_000;
}

/** What a workflow answers to a signal that is a question. */
export function answerTo(payload: number): number {
  return payload + 1;
}

/** What whoever has a key gives. */
export function keyedValue(key: number): number {
  return 1_000 + key;
}

function signalsOf(part: Part): number {
  switch (part.type) {
    case "signal":
      return part.count;
    case "sum":
    case "all":
      return part.parts.reduce((sum, one) => sum + signalsOf(one), 0);
    case "finally":
      return signalsOf(part.body);
    case "loop":
      return part.count * signalsOf(part.body);
    default:
      return 0;
  }
}

/** A program in the language of flows, as a version of it: what a version adds to the result says which it was. */
export function flowSource(programs: readonly Program[], program: Program, version = 1): string {
  return `\`\`\`
index: [${MARK}, n]
\`\`\`
// Version ${version}.
let ${MARK} = 0
const value = ${source(programs, program.body)}
if (Inputs.frail === 1 && ${MARK} === 0) throw new Error("${NO_MARK}")
return value + ${MARK} + ${(version - 1) * VERSIONS}`;
}

/** The line of a flow in which it does all of its work. */
export const WORK_LINE = 6;

/** A variable that every flow adds to its result: 0, unless somebody edits it. */
export const MARK = "mark";

/** How a frail flow fails whose variable nobody has set. */
export const NO_MARK = "no mark";

/** What each version of a flow adds to its result, once for each version before it. More than any result. */
export const VERSIONS = 1e12;

/** Whether a task goes on when its workflow is cancelled. */
function isKept(add: number): boolean {
  return add % 4 === 0;
}

function source(programs: readonly Program[], part: Part): string {
  const inside = (one: Part): string => source(programs, one);
  switch (part.type) {
    case "task":
      return `(await Task.run("echo", { v: Inputs.n + ${part.add}, ms: ${part.ms} }, { queue: "${part.queue}", concurrencyKey: "k" + Inputs.n % 3${
        isKept(part.add) ? ', onParentCancel: "abandon"' : ""
      } }))`;
    case "sum":
      return `(${part.parts.map(inside).join(" + ")})`;
    case "all":
      return `(await Promise.all([${
        part.parts.map((one) => `(async () => ${inside(one)})()`).join(", ")
      }])).reduce((sum, one) => sum + one, 0)`;
    case "race":
      return `(await Promise.race([Task.run("echo", { v: Inputs.n + ${part.add}, ms: ${part.ms} }), Task.run("echo", { v: Inputs.n + ${part.add}, ms: 100 })]))`;
    case "caught":
      return `(await (async () => { try { await Task.run("boom", {}, { retry: { maxAttempts: ${part.attempts}, initial: "200ms", crashes: 1000 } }); return 0 } catch (error) { return error.message === "boom" ? 7 : 0 } })())`;
    case "retried":
      return `(await Task.run("flaky", { v: Inputs.n + ${part.throws}, throws: ${part.throws} }, { retry: { maxAttempts: ${
        part.throws + 1
      }, initial: "300ms", crashes: 1000 } }))`;
    case "finally":
      return `(await (async () => { try { return ${
        inside(part.body)
      } } finally { await Task.run("echo", { v: ${part.step}, ms: 0 }) } })())`;
    case "timer":
      return `(await (async () => { const began = Date.now(); await Timer.delay("${part.ms}ms"); return Date.now() - began < ${part.ms} ? 1000000 : 0 })())`;
    case "signal":
      return `(await (async () => { let sum = 0; for (let nth = 0; nth < ${part.count}; nth++) { let payload = await Signal.next("go"); if (typeof payload === "object") { const call = payload; payload = call.payload; call.reply(payload + 1) } sum = (sum * 31 + payload) % 1000003 } return sum })())`;
    case "silence":
      return `(await (async () => { try { await Signal.next("never", { timeout: "${part.ms}ms" }); return 0 } catch (error) { return error.name === "TimeoutError" ? 3 : 0 } })())`;
    case "hasty":
      return `(await (async () => { try { await Promise.all([Signal.next("never", { timeout: "${part.ms}ms" }), Signal.next("nothing")]); return 0 } catch (error) { return error.name === "TimeoutError" ? 4 : 0 } })())`;
    case "child":
      return `(await Workflow.run("${
        programs[part.program]!.name
      }", { n: Inputs.n + ${part.add} }, { retry: { crashes: 1000 } }) % ${VERSIONS})`;
    case "loop":
      return `(await (async () => { let sum = 0; for (let turn = 0; turn < ${part.count}; turn++) sum += ${
        inside(part.body)
      }; return sum })())`;
    case "book":
      return `(await Task.run("book", { label: Inputs.n + "/${part.step}" }))`;
    case "keyed":
      return `(await Task.run("echo", { v: ${
        keyedValue(part.key)
      }, ms: 30 }, { idempotencyKey: "shared ${part.key}" }))`;
    case "sql":
      return `(await Task.run("sim_double", { v: Inputs.n + ${part.add} }))`;
    case "step":
      return `(Inputs.n + ${part.add})`;
  }
}

/** Runs a program as code. */
export async function runCode(
  programs: readonly Program[],
  program: Program,
  given: { ctx: WorkflowContext; n: number; began: (step: string) => number },
): Promise<number> {
  const { ctx, n, began } = given;
  const run = async (part: Part, place: string): Promise<number> => {
    const key = { key: place };
    switch (part.type) {
      case "task": {
        const onParentCancel = isKept(part.add) ? "abandon" as const : "cancel" as const;
        const options = { ...key, queue: part.queue, concurrencyKey: `k${n % 3}`, onParentCancel };
        return await ctx.run<number>({ task: "echo" }, { v: n + part.add, ms: part.ms }, options);
      }
      case "sum": {
        let sum = 0;
        for (const [nth, one] of part.parts.entries()) sum += await run(one, `${place}.${nth}`);
        return sum;
      }
      case "all": {
        const all = part.parts.map((one, nth) => run(one, `${place}.${nth}`));
        return (await Promise.all(all)).reduce((sum, one) => sum + one, 0);
      }
      case "race": {
        const one = ctx.run<number>({ task: "echo" }, { v: n + part.add, ms: part.ms }, { key: `${place}a` });
        const two = ctx.run<number>({ task: "echo" }, { v: n + part.add, ms: 100 }, { key: `${place}b` });
        return await Promise.race([one, two]);
      }
      case "caught": {
        const retry = { maxAttempts: part.attempts, initial: "200ms", crashes: 1_000 };
        try {
          await ctx.run({ task: "boom" }, {}, { ...key, retry });
          return 0;
        } catch (error) {
          if ((error as Error).message.includes("boom")) return 7;
          throw error;
        }
      }
      case "retried": {
        const retry = { maxAttempts: part.throws + 1, initial: "300ms", crashes: 1_000 };
        return await ctx.run<number>({ task: "flaky" }, { v: n + part.throws, throws: part.throws }, {
          ...key,
          retry,
        });
      }
      case "finally":
        try {
          return await run(part.body, `${place}.b`);
        } finally {
          await ctx.run({ task: "echo" }, { v: part.step, ms: 0 }, key);
        }
      case "timer":
        await ctx.sleep(`${part.ms}ms`, key);
        return 0;
      case "signal": {
        let sum = 0;
        for (let nth = 0; nth < part.count; nth++) {
          const got = await ctx.nextSignal<number | Question<number>>("go", { key: `${place}.${nth}` });
          if (typeof got === "object") await got.reply(answerTo(got.payload));
          sum = (sum * 31 + (typeof got === "object" ? got.payload : got)) % 1_000_003;
        }
        return sum;
      }
      case "silence":
        try {
          await ctx.nextSignal("never", { ...key, timeout: `${part.ms}ms` });
          return 0;
        } catch (error) {
          if ((error as Error).name === "TimeoutError") return 3;
          throw error;
        }
      case "hasty":
        try {
          const never = ctx.nextSignal("never", { key: `${place}n`, timeout: `${part.ms}ms` });
          await Promise.all([never, ctx.nextSignal("nothing", { key: `${place}m` })]);
          return 0;
        } catch (error) {
          if ((error as Error).name === "TimeoutError") return 4;
          throw error;
        }
      case "child": {
        const options = { ...key, retry: { crashes: 1_000 } };
        const { name } = programs[part.program]!;
        return await ctx.run<number>({ workflow: name }, { n: n + part.add }, options) % VERSIONS;
      }
      case "loop": {
        let sum = 0;
        for (let turn = 0; turn < part.count; turn++) sum += await run(part.body, `${place}.${turn}`);
        return sum;
      }
      case "book":
        return await ctx.run<number>({ task: "book" }, { label: `${n}/${part.step}` }, key);
      case "keyed": {
        const options = { ...key, idempotencyKey: `shared ${part.key}` };
        return await ctx.run<number>({ task: "echo" }, { v: keyedValue(part.key), ms: 30 }, options);
      }
      case "sql":
        return await ctx.run<number>({ task: "sim_double" }, { v: n + part.add }, key);
      case "step": {
        const retry = { maxAttempts: 50, initial: "100ms" };
        return await ctx.step(`s${place}`, { retry }, () => {
          if (began(place) <= part.throws) throw new Error("a step that is tried again");
          return n + part.add;
        });
      }
    }
  };
  return await run(program.body, "p");
}

function list<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
