import { fromJson } from "../builtins/json.ts";
import { RhythmError } from "../../shared/error.ts";
import type { JsonValue } from "../../shared/json.ts";
import { encode } from "../snapshot/encode.ts";
import { Kind } from "../snapshot/format.ts";
import { setVariable } from "../snapshot/inspect.ts";
import { machineOf, open } from "../durable/rebuild.ts";
import type { FlowStart, Program, Snapshot } from "../types.ts";
import type { Fibre } from "../vm/fibre.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { Box, type FlowError, FlowFunction, UNSET, type Value } from "../vm/value.ts";
import {
  type AwaitPair,
  chosen,
  numbers,
  type PairChoice,
  type Pairing,
  pairPrograms,
  refusal,
} from "./pair.ts";
import { type Kept, Places } from "./places.ts";

/** Thrown when a workflow cannot go on in another version of its flow. */
export class MigrationError extends RhythmError {
  /** The name of the class. */
  override readonly name = "MigrationError";

  /**
   * Says why.
   *
   * @param problem why not
   */
  constructor(problem: string) {
    super(`Cannot migrate: ${problem}`, { code: "FLOW_MIGRATION" });
  }
}

/** Into what a state is migrated. */
export interface MigrationTo extends PairChoice {
  /** The other program. */
  readonly program: Program;
  /** The version of the other program. */
  readonly version: number;
  /** What the execution was started with. */
  readonly start: FlowStart;
}

/** Where a state stands, and where it would go on. */
export function standsOf(program: Program, snapshot: Snapshot): string[] {
  return open(program, snapshot).fibres.filter(({ awaiting }) => awaiting !== undefined)
    .map(({ fn, pc }) => `${fn.index}:${pc}`);
}

/**
 * The state of a workflow in another program of its flow.
 *
 * @throws {MigrationError} it stands where that is not sure, or what it holds has no counterpart
 */
export function migrateFlow(from: Program, snapshot: Snapshot, to: MigrationTo): Snapshot {
  if (snapshot.b !== undefined) throw new MigrationError("it was paused in the middle of a step");
  const pairing = chosen(pairPrograms(from, to.program), from, to.program, to);
  const result = new Migration(from, snapshot, { ...to, pairing }).run();
  // Reading it back checks that it fits.
  open(to.program, result);
  return result;
}

class Migration {
  readonly #to: MigrationTo;
  readonly #pairing: Pairing;
  readonly #places: Places;
  readonly #old: ReturnType<typeof open>;
  readonly #machine: FlowMachine;
  /** What was captured, and kept, before. */
  readonly #captures = new Map<FlowFunction, readonly (Value | Box)[]>();
  readonly #indexes = new Map<FlowFunction, number>();
  /** What the body keeps, in the other program. */
  #body: Kept | undefined;
  /** Functions that are new: what they capture is filled in last. */
  readonly #made: { fibre: Fibre; fn: FlowFunction; index: number }[] = [];

  constructor(from: Program, snapshot: Snapshot, to: MigrationTo & { pairing: Pairing }) {
    this.#to = to;
    this.#pairing = to.pairing;
    this.#places = new Places(from, to.program, to.pairing.names);
    this.#old = open(from, snapshot);
    this.#machine = machineOf(to.program);
  }

  run(): Snapshot {
    const { machine: old, main, fibres, functions, errors } = this.#old;
    for (const fn of functions) {
      this.#captures.set(fn, fn.captures);
      this.#indexes.set(fn, fn.index);
    }
    const pairs = fibres.map((fibre) => fibre.awaiting === undefined ? undefined : this.#pairOf(fibre));
    fibres.forEach((fibre, nth) => {
      const pair = pairs[nth];
      if (pair !== undefined) this.#move(fibre, numbers(pair.to!));
    });
    for (const fn of functions) this.#carry(fn);
    for (const { fibre, fn, index } of this.#made) {
      fn.captures = this.#to.program.functions[index]!.captures.map((from) =>
        from >= 0 ? fibre.registers[from] : fibre.fn.captures[-1 - from]
      );
    }
    for (const error of errors) this.#place(error);
    this.#takeOver(old);
    for (const [name, value] of Object.entries(this.#to.set ?? {})) {
      setVariable(this.#machine, main, name, fromJson(value));
    }
    const { snapshot } = encode(this.#machine, main);
    this.#checkFunctions(snapshot);
    return snapshot;
  }

  #pairOf(fibre: Fibre): AwaitPair {
    const pair = this.#pairing.awaits.get(`${fibre.fn.index}:${fibre.pc}`);
    const why = refusal(pair, this.#to);
    if (why !== undefined) throw new MigrationError(why);
    return pair!;
  }

  /** Variables by name, all else in order. */
  #move(fibre: Fibre, [fn, pc]: [number, number]): void {
    const places = this.#places;
    const { set = {} } = this.#to;
    const [was, is] = [places.from.keptAt([fibre.fn.index, fibre.pc]), places.to.keptAt([fn, pc])];
    const old = fibre.registers;
    const registers: (Value | Box)[] = Array.from({ length: is.size }, () => undefined);
    is.others.forEach((register, nth) => registers[register] = old[was.others[nth]!]);
    for (const { local, was: register } of places.variables(was, is)) {
      const made = register >= 0 ? undefined : places.to.functionIn(fn, local);
      if (made !== undefined) {
        const value = new FlowFunction(made, []);
        this.#made.push({ fibre, fn: value, index: made });
        registers[local.register] = this.#held(value, local);
        continue;
      }
      const held = register >= 0
        ? old[register]
        : fn === 0 && Object.hasOwn(set, local.name)
        ? fromJson(set[local.name]!)
        : UNSET;
      registers[local.register] = this.#held(held, local);
    }
    fibre.registers = registers;
    fibre.pc = pc;
    if (fibre === this.#old.main) this.#body = is;
  }

  /** A variable as the other program keeps it: in a box, or not. */
  #held(held: Value | Box, { boxed }: { boxed: boolean }): Value | Box {
    if (boxed) return held instanceof Box ? held : new Box(held);
    return held instanceof Box ? held.value as Value : held;
  }

  #carry(fn: FlowFunction): void {
    const was = this.#indexes.get(fn)!;
    const index = this.#pairing.functions[was]!;
    (fn as { index: number }).index = index;
    if (index < 0) return;
    const old = this.#captures.get(fn)!;
    fn.captures = this.#to.program.functions[index]!.captureNames.map((name, nth) => {
      const owner = this.#places.to.ownerOf(index, nth);
      const at = this.#places.capture(was, name);
      const held = at >= 0 ? old[at] : undefined;
      if (at >= 0 && (!owner.boxed || held instanceof Box)) return this.#held(held as Value, owner);
      if (owner.fn !== 0) {
        throw new MigrationError(`a function uses "${name}", which it did not before`);
      }
      const local = this.#body?.variables.find((one) => one.name === name);
      if (local === undefined) {
        throw new MigrationError(`a function uses "${name}", which the body does not have there`);
      }
      return this.#old.main.registers[local.register] as Value | Box;
    });
  }

  /** Where an error was made: what has no counterpart is left out. */
  #place(error: FlowError): void {
    const trace: number[] = [];
    for (let index = 0; index < error.trace.length; index += 2) {
      const [fn, at] = [error.trace[index]!, error.trace[index + 1]!];
      if (fn < 0) trace.push(fn, at);
      else if (at < 0) {
        const to = this.#pairing.awaits.get(`${fn}:${~at}`)?.to;
        if (to) trace.push(numbers(to)[0], ~numbers(to)[1]);
      } else {
        const to = this.#pairing.functions[fn]!;
        const isAlike = to >= 0 &&
          this.#to.program.functions[to]!.code.length ===
            this.#places.from.program.functions[fn]!.code.length;
        if (isAlike) trace.push(to, at);
      }
    }
    error.trace = trace;
  }

  #takeOver(old: FlowMachine): void {
    const machine = this.#machine;
    for (const [id, promise] of old.pending) machine.pending.set(id, promise);
    for (const promise of old.unhandled) machine.unhandled.add(promise);
    machine.jobs = old.jobs.slice(old.nextJob);
    machine.cancelled = old.cancelled;
    machine.outside.restore(old.outside.state);
    const { globals } = this.#to.program;
    const { start, version } = this.#to;
    const given = { ...old.given } as Record<string, Value>;
    if (globals.includes("Inputs")) given.Inputs ??= fromJson(start.inputs);
    if (globals.includes("Context")) {
      given.Context ??= fromJson(start.context as unknown as JsonValue);
      (given.Context as Record<string, Value>).version = version;
    }
    Object.assign(machine.given, given);
  }

  #checkFunctions(snapshot: Snapshot): void {
    for (const entry of snapshot.h as JsonValue[][]) {
      if ((entry[0] === Kind.function || entry[0] === Kind.namedFunction) && entry[1] === -1) {
        throw new MigrationError("it holds a function that is gone");
      }
    }
  }
}
