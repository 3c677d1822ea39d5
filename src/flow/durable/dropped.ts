import { Fibre } from "../vm/fibre.ts";
import { offsetAt, placeOf } from "../vm/loaded.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { type Observer, Observers } from "../vm/observers.ts";
import { FlowFunction } from "../vm/value.ts";

/** More of them are counted. */
const MAX_NAMED = 5;

/** How the warning begins. */
export const DROPPED = "The flow ended and nobody awaits";

/** Warn in the log of code that would still have done something: with the flow it ends. */
export function warnOfDropped(vm: FlowMachine): void {
  const places = [...new Observers(vm, vm.pending.values()).found].flatMap((one) => placed(vm, one));
  const [first] = places;
  if (first === undefined) return;
  const named = [...new Set(places.map(({ name, line }) => `${name} (line ${line})`))];
  const more = named.length > MAX_NAMED ? ` and ${named.length - MAX_NAMED} more` : "";
  const message = `${DROPPED} ${
    named.slice(0, MAX_NAMED).join(", ")
  }${more}: what is left to do there is dropped`;
  const { line, column } = first;
  vm.outbox.warn(message, { line, column });
}

function placed(vm: FlowMachine, one: Observer): { name: string; line: number; column: number }[] {
  const fn = one instanceof Fibre ? one.fn : one;
  if (!(fn instanceof FlowFunction)) return [];
  const code = vm.functions[fn.index]!;
  const offset = one instanceof Fibre ? offsetAt(code, one.pc) : code.span[0];
  return [{ name: (fn.name ?? code.name) || "<anonymous>", ...placeOf(vm.program.program, offset) }];
}
