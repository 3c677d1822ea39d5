/**
 * The instructions, as one function: V8 compiles a switch over small numbers to a jump table, and keeps what the
 * instructions share in registers. What takes more than a few lines is in `operators.ts`, `iteration.ts` and `machine.ts`.
 *
 * @module
 */

import { OPERANDS } from "../compile/opcodes.ts";
import type { Frame } from "./frame.ts";
import { drain, iteratorOf, keysIterator, nextKey, spread, spreadArguments } from "./iteration.ts";
import type { FlowMachine } from "./machine.ts";
import {
  add,
  compare,
  copyMembers,
  equals,
  getComputed,
  isIn,
  isInstance,
  notDestructurable,
  numbers,
  remove,
  restMembers,
  setComputed,
} from "./operators.ts";
import { strictEquals } from "./convert.ts";
import { getMember, setMember } from "./members.ts";
import { FlowThrow } from "./throw.ts";
import { typeOf } from "./tag.ts";
import {
  Box,
  FlowFunction,
  type FlowIterator,
  NativeFunction,
  PlainObject,
  UNSET,
  type Value,
} from "./value.ts";

const LENGTH = OPERANDS.map((count) => count + 1);

/** Tells {@linkcode execute} to throw into the top frame before anything else. */
export interface Injected {
  readonly error: Value;
}

/**
 * Run the top frame until the frame that the host waits for returns, throws or awaits.
 *
 * @param vm the machine
 * @param injected what to throw first, where the top frame stands
 * @returns what the frame returned; the promise, if it is async
 */
export function execute(vm: FlowMachine, injected?: Injected): Value {
  let pending = injected;
  for (;;) {
    if (pending !== undefined) {
      // Outside the `try`: an error that no frame of this machine handles reaches the host.
      const left = vm.unwind(pending.error);
      if (left !== undefined) return left.value;
      pending = undefined;
    }
    try {
      return run(vm);
    } catch (thrown) {
      pending = { error: vm.caught(thrown) };
    }
  }
}

const NONE: (Value | Box)[] = [];

/** The program is damaged: a register holds something that our compiler never puts there. */
function unfit(wanted: string): never {
  throw new Error(`a register does not hold ${wanted}`);
}

/** Give a new function what it captures from the frame that makes it. */
function fill(vm: FlowMachine, made: FlowFunction, captures: (Value | Box)[], bp: number): void {
  const from = vm.functions[made.index]!.captures;
  const list = from.length === 0 ? NONE : new Array<Value | Box>(from.length);
  if (from.length > 16) vm.charge(from.length >>> 3);
  for (let index = 0; index < from.length; index++) {
    const at = from[index]!;
    list[index] = at >= 0 ? vm.stack[bp + at] : captures[-1 - at];
  }
  made.captures = list;
}

function run(vm: FlowMachine): Value {
  const stack = vm.stack;
  const constants = vm.constants;
  let frame: Frame = vm.frame;
  let code = frame.code.code;
  let captures = frame.fn.captures;
  let bp = frame.base;
  let pc = frame.pc;
  try {
    for (;;) {
      switch (code[pc]) {
        case 0: { // LOADK
          stack[bp + code[pc + 1]!] = constants[code[pc + 2]!];
          pc += 3;
          continue;
        }
        case 1: { // LOADI
          stack[bp + code[pc + 1]!] = code[pc + 2];
          pc += 3;
          continue;
        }
        case 2: { // UNDEF
          stack[bp + code[pc + 1]!] = undefined;
          pc += 2;
          continue;
        }
        case 3: { // NULL
          stack[bp + code[pc + 1]!] = null;
          pc += 2;
          continue;
        }
        case 4: { // TRUE
          stack[bp + code[pc + 1]!] = true;
          pc += 2;
          continue;
        }
        case 5: { // FALSE
          stack[bp + code[pc + 1]!] = false;
          pc += 2;
          continue;
        }
        case 6: { // UNSET
          stack[bp + code[pc + 1]!] = UNSET;
          pc += 2;
          continue;
        }
        case 7: { // MOVE
          stack[bp + code[pc + 1]!] = stack[bp + code[pc + 2]!];
          pc += 3;
          continue;
        }
        case 8: { // CAP
          stack[bp + code[pc + 1]!] = captures[code[pc + 2]!] as Value;
          pc += 3;
          continue;
        }
        case 9: { // CAPBOX
          stack[bp + code[pc + 1]!] = (captures[code[pc + 2]!] as Box).value;
          pc += 3;
          continue;
        }
        case 10: { // CAPBOXC
          const value = (captures[code[pc + 2]!] as Box).value;
          if (value === UNSET) vm.unset(constants[code[pc + 3]!]);
          stack[bp + code[pc + 1]!] = value;
          pc += 4;
          continue;
        }
        case 11: { // SETCAPBOX
          (captures[code[pc + 1]!] as Box).value = stack[bp + code[pc + 2]!];
          pc += 3;
          continue;
        }
        case 12: { // SETCAPBOXC
          const box = captures[code[pc + 1]!] as Box;
          if (box.value === UNSET) vm.unset(constants[code[pc + 3]!]);
          box.value = stack[bp + code[pc + 2]!];
          pc += 4;
          continue;
        }
        case 13: { // BOX
          stack[bp + code[pc + 1]!] = new Box(stack[bp + code[pc + 1]!]) as unknown as Value;
          pc += 2;
          continue;
        }
        case 14: { // BOXGET
          stack[bp + code[pc + 1]!] = (stack[bp + code[pc + 2]!] as unknown as Box).value;
          pc += 3;
          continue;
        }
        case 15: { // BOXGETC
          const value = (stack[bp + code[pc + 2]!] as unknown as Box).value;
          if (value === UNSET) vm.unset(constants[code[pc + 3]!]);
          stack[bp + code[pc + 1]!] = value;
          pc += 4;
          continue;
        }
        case 16: { // BOXSET
          (stack[bp + code[pc + 1]!] as unknown as Box).value = stack[bp + code[pc + 2]!];
          pc += 3;
          continue;
        }
        case 17: { // BOXSETC
          const box = stack[bp + code[pc + 1]!] as unknown as Box;
          if (box.value === UNSET) vm.unset(constants[code[pc + 3]!]);
          box.value = stack[bp + code[pc + 2]!];
          pc += 4;
          continue;
        }
        case 18: { // COPYBOX
          stack[bp + code[pc + 1]!] = new Box(
            (stack[bp + code[pc + 1]!] as unknown as Box).value,
          ) as unknown as Value;
          pc += 2;
          continue;
        }
        case 19: { // CHECK
          if (stack[bp + code[pc + 1]!] === UNSET) vm.unset(constants[code[pc + 2]!]);
          pc += 3;
          continue;
        }
        case 20: { // GLOBAL
          stack[bp + code[pc + 1]!] = vm.global(constants[code[pc + 2]!] as string);
          pc += 3;
          continue;
        }
        case 21: { // ADD
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          stack[bp + code[pc + 1]!] = typeof x === "number" && typeof y === "number" ? x + y : add(vm, x, y);
          pc += 4;
          continue;
        }
        case 22: { // SUB
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x - y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left - right;
          }
          pc += 4;
          continue;
        }
        case 23: { // MUL
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x * y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left * right;
          }
          pc += 4;
          continue;
        }
        case 24: { // DIV
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x / y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left / right;
          }
          pc += 4;
          continue;
        }
        case 25: { // MOD
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x % y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left % right;
          }
          pc += 4;
          continue;
        }
        case 26: { // EXP
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x ** y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left ** right;
          }
          pc += 4;
          continue;
        }
        case 27: { // BAND
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x & y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left & right;
          }
          pc += 4;
          continue;
        }
        case 28: { // BOR
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x | y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left | right;
          }
          pc += 4;
          continue;
        }
        case 29: { // BXOR
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x ^ y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left ^ right;
          }
          pc += 4;
          continue;
        }
        case 30: { // SHL
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x << y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left << right;
          }
          pc += 4;
          continue;
        }
        case 31: { // SHR
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x >> y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left >> right;
          }
          pc += 4;
          continue;
        }
        case 32: { // USHR
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          if (typeof x === "number" && typeof y === "number") stack[bp + code[pc + 1]!] = x >>> y;
          else {
            const [left, right] = numbers(vm, x, y);
            stack[bp + code[pc + 1]!] = left >>> right;
          }
          pc += 4;
          continue;
        }
        case 33: { // EQ
          stack[bp + code[pc + 1]!] = equals(vm, stack[bp + code[pc + 2]!], stack[bp + code[pc + 3]!]);
          pc += 4;
          continue;
        }
        case 34: { // NE
          stack[bp + code[pc + 1]!] = !equals(vm, stack[bp + code[pc + 2]!], stack[bp + code[pc + 3]!]);
          pc += 4;
          continue;
        }
        case 35: { // SEQ
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          stack[bp + code[pc + 1]!] = typeof x === "string" ? strictEquals(vm, x, y) : x === y;
          pc += 4;
          continue;
        }
        case 36: { // SNE
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          stack[bp + code[pc + 1]!] = typeof x === "string" ? !strictEquals(vm, x, y) : x !== y;
          pc += 4;
          continue;
        }
        case 37: { // LT
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          stack[bp + code[pc + 1]!] = typeof x === "number" && typeof y === "number"
            ? x < y
            : compare(vm, "<", x, y);
          pc += 4;
          continue;
        }
        case 38: { // LE
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          stack[bp + code[pc + 1]!] = typeof x === "number" && typeof y === "number"
            ? x <= y
            : compare(vm, "<=", x, y);
          pc += 4;
          continue;
        }
        case 39: { // GT
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          stack[bp + code[pc + 1]!] = typeof x === "number" && typeof y === "number"
            ? x > y
            : compare(vm, ">", x, y);
          pc += 4;
          continue;
        }
        case 40: { // GE
          const x = stack[bp + code[pc + 2]!];
          const y = stack[bp + code[pc + 3]!];
          stack[bp + code[pc + 1]!] = typeof x === "number" && typeof y === "number"
            ? x >= y
            : compare(vm, ">=", x, y);
          pc += 4;
          continue;
        }
        case 41: { // IN
          stack[bp + code[pc + 1]!] = isIn(vm, stack[bp + code[pc + 2]!], stack[bp + code[pc + 3]!]);
          pc += 4;
          continue;
        }
        case 42: { // INSTANCEOF
          stack[bp + code[pc + 1]!] = isInstance(vm, stack[bp + code[pc + 2]!], stack[bp + code[pc + 3]!]);
          pc += 4;
          continue;
        }
        case 43: { // ADDI
          const x = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = typeof x === "number" ? x + code[pc + 3]! : add(vm, x, code[pc + 3]);
          pc += 4;
          continue;
        }
        case 44: { // SUBI
          const x = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = (typeof x === "number" ? x : vm.toNumber(x)) - code[pc + 3]!;
          pc += 4;
          continue;
        }
        case 45: { // NEG
          const x = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = -(typeof x === "number" ? x : vm.toNumber(x));
          pc += 3;
          continue;
        }
        case 46: { // PLUS
          const x = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = typeof x === "number" ? x : vm.toNumber(x);
          pc += 3;
          continue;
        }
        case 47: { // NOT
          const x = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = x === false || (x !== true && !x);
          pc += 3;
          continue;
        }
        case 48: { // BNOT
          const x = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = ~(typeof x === "number" ? x : vm.toNumber(x));
          pc += 3;
          continue;
        }
        case 49: { // TYPEOF
          stack[bp + code[pc + 1]!] = typeOf(stack[bp + code[pc + 2]!]);
          pc += 3;
          continue;
        }
        case 50: { // INC
          const x = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = (typeof x === "number" ? x : vm.toNumber(x)) + 1;
          pc += 3;
          continue;
        }
        case 51: { // DEC
          const x = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = (typeof x === "number" ? x : vm.toNumber(x)) - 1;
          pc += 3;
          continue;
        }
        case 52: { // JMP
          pc = code[pc + 1]!;
          continue;
        }
        case 53: { // LOOP
          vm.budget -= code[pc + 2]!;
          if (vm.budget < 0) vm.exhausted();
          pc = code[pc + 1]!;
          continue;
        }
        case 54: { // JT
          const x = stack[bp + code[pc + 1]!];
          pc = x === true || (x !== false && !!x) ? code[pc + 2]! : pc + 3;
          continue;
        }
        case 55: { // JF
          const x = stack[bp + code[pc + 1]!];
          pc = x === false || (x !== true && !x) ? code[pc + 2]! : pc + 3;
          continue;
        }
        case 56: { // JNULLISH
          const x = stack[bp + code[pc + 1]!];
          pc = x === undefined || x === null ? code[pc + 2]! : pc + 3;
          continue;
        }
        case 57: { // JNOTNULLISH
          const x = stack[bp + code[pc + 1]!];
          pc = x !== undefined && x !== null ? code[pc + 2]! : pc + 3;
          continue;
        }
        case 58: { // JDEFINED
          pc = stack[bp + code[pc + 1]!] !== undefined ? code[pc + 2]! : pc + 3;
          continue;
        }
        case 59: { // JNLT
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "number" && typeof y === "number" ? x < y : compare(vm, "<", x, y))
            ? pc + 4
            : code[pc + 3]!;
          continue;
        }
        case 60: { // JNLE
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "number" && typeof y === "number" ? x <= y : compare(vm, "<=", x, y))
            ? pc + 4
            : code[pc + 3]!;
          continue;
        }
        case 61: { // JNGT
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "number" && typeof y === "number" ? x > y : compare(vm, ">", x, y))
            ? pc + 4
            : code[pc + 3]!;
          continue;
        }
        case 62: { // JNGE
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "number" && typeof y === "number" ? x >= y : compare(vm, ">=", x, y))
            ? pc + 4
            : code[pc + 3]!;
          continue;
        }
        case 63: { // JLT
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "number" && typeof y === "number" ? x < y : compare(vm, "<", x, y))
            ? code[pc + 3]!
            : pc + 4;
          continue;
        }
        case 64: { // JLE
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "number" && typeof y === "number" ? x <= y : compare(vm, "<=", x, y))
            ? code[pc + 3]!
            : pc + 4;
          continue;
        }
        case 65: { // JGT
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "number" && typeof y === "number" ? x > y : compare(vm, ">", x, y))
            ? code[pc + 3]!
            : pc + 4;
          continue;
        }
        case 66: { // JGE
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "number" && typeof y === "number" ? x >= y : compare(vm, ">=", x, y))
            ? code[pc + 3]!
            : pc + 4;
          continue;
        }
        case 67: { // JSEQ
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "string" ? strictEquals(vm, x, y) : x === y) ? code[pc + 3]! : pc + 4;
          continue;
        }
        case 68: { // JSNE
          const x = stack[bp + code[pc + 1]!];
          const y = stack[bp + code[pc + 2]!];
          pc = (typeof x === "string" ? !strictEquals(vm, x, y) : x !== y) ? code[pc + 3]! : pc + 4;
          continue;
        }
        case 69: { // JNLTI
          const x = stack[bp + code[pc + 1]!];
          pc = (typeof x === "number" ? x < code[pc + 2]! : compare(vm, "<", x, code[pc + 2]))
            ? pc + 4
            : code[pc + 3]!;
          continue;
        }
        case 70: { // JLTI
          const x = stack[bp + code[pc + 1]!];
          pc = (typeof x === "number" ? x < code[pc + 2]! : compare(vm, "<", x, code[pc + 2]))
            ? code[pc + 3]!
            : pc + 4;
          continue;
        }
        case 71: { // JSEQI
          pc = stack[bp + code[pc + 1]!] === code[pc + 2] ? code[pc + 3]! : pc + 4;
          continue;
        }
        case 72: { // JSNEI
          pc = stack[bp + code[pc + 1]!] !== code[pc + 2] ? code[pc + 3]! : pc + 4;
          continue;
        }
        case 73: { // GET
          const object = stack[bp + code[pc + 2]!];
          const key = constants[code[pc + 3]!] as string;
          if (object instanceof PlainObject) {
            const value = object[key];
            stack[bp + code[pc + 1]!] = value !== undefined ? value : getMember(vm, object, key);
          } else stack[bp + code[pc + 1]!] = getMember(vm, object, key);
          pc += 4;
          continue;
        }
        case 74: { // GETI
          const object = stack[bp + code[pc + 2]!];
          const key = stack[bp + code[pc + 3]!];
          if (
            typeof key === "number" && Array.isArray(object) && key >= 0 && key < object.length &&
            key === (key | 0)
          ) {
            stack[bp + code[pc + 1]!] = object[key];
          } else stack[bp + code[pc + 1]!] = getComputed(vm, object, key);
          pc += 4;
          continue;
        }
        case 75: { // SET
          const object = stack[bp + code[pc + 1]!];
          const key = constants[code[pc + 2]!] as string;
          if (object instanceof PlainObject) object[key] = stack[bp + code[pc + 3]!];
          else setMember(vm, object, key, stack[bp + code[pc + 3]!]);
          pc += 4;
          continue;
        }
        case 76: { // SETI
          const object = stack[bp + code[pc + 1]!];
          const key = stack[bp + code[pc + 2]!];
          if (
            typeof key === "number" && Array.isArray(object) && key >= 0 && key < object.length &&
            key === (key | 0)
          ) {
            object[key] = stack[bp + code[pc + 3]!];
          } else setComputed(vm, object, key, stack[bp + code[pc + 3]!]);
          pc += 4;
          continue;
        }
        case 77: { // DELETE
          stack[bp + code[pc + 1]!] = remove(vm, stack[bp + code[pc + 2]!], stack[bp + code[pc + 3]!]);
          pc += 4;
          continue;
        }
        case 78: { // KEY
          stack[bp + code[pc + 1]!] = vm.toKey(stack[bp + code[pc + 2]!]);
          pc += 3;
          continue;
        }
        case 79: { // NEWOBJ
          stack[bp + code[pc + 1]!] = new PlainObject();
          pc += 2;
          continue;
        }
        case 80: { // NEWARR
          const first = bp + code[pc + 2]!;
          stack[bp + code[pc + 1]!] = stack.slice(first, first + code[pc + 3]!);
          pc += 4;
          continue;
        }
        case 81: { // PUSH
          (stack[bp + code[pc + 1]!] as Value[]).push(stack[bp + code[pc + 2]!]);
          pc += 3;
          continue;
        }
        case 82: { // SPREAD
          spread(
            vm,
            stack[bp + code[pc + 1]!] as Value[],
            stack[bp + code[pc + 2]!],
            constants[code[pc + 3]!] as string,
          );
          pc += 4;
          continue;
        }
        case 83: { // SPREADARG
          spreadArguments(
            vm,
            stack[bp + code[pc + 1]!] as Value[],
            stack[bp + code[pc + 2]!],
            constants[code[pc + 3]!] as string,
          );
          pc += 4;
          continue;
        }
        case 84: { // PUT
          const object = stack[bp + code[pc + 1]!];
          if (!(object instanceof PlainObject)) unfit("an object");
          object[constants[code[pc + 2]!] as string] = stack[bp + code[pc + 3]!];
          pc += 4;
          continue;
        }
        case 85: { // PUTI
          const object = stack[bp + code[pc + 1]!];
          if (!(object instanceof PlainObject)) unfit("an object");
          object[stack[bp + code[pc + 2]!] as string] = stack[bp + code[pc + 3]!];
          pc += 4;
          continue;
        }
        case 86: { // PUTALL
          const object = stack[bp + code[pc + 1]!];
          if (!(object instanceof PlainObject)) unfit("an object");
          copyMembers(vm, object, stack[bp + code[pc + 2]!]);
          pc += 3;
          continue;
        }
        case 87: { // REST
          stack[bp + code[pc + 1]!] = restMembers(
            vm,
            stack[bp + code[pc + 2]!],
            stack[bp + code[pc + 3]!] as string[],
          );
          pc += 4;
          continue;
        }
        case 88: { // TEXT
          const value = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = typeof value === "string" ? value : vm.toString(value);
          pc += 3;
          continue;
        }
        case 89: { // CLOSURE
          const made = new FlowFunction(code[pc + 2]!, NONE);
          stack[bp + code[pc + 1]!] = made;
          fill(vm, made, captures, bp);
          pc += 3;
          continue;
        }
        case 90: { // BAREFN
          stack[bp + code[pc + 1]!] = new FlowFunction(code[pc + 2]!, NONE);
          pc += 3;
          continue;
        }
        case 91: { // FILLFN
          const made = stack[bp + code[pc + 1]!];
          if (!(made instanceof FlowFunction)) unfit("a function");
          fill(vm, made, captures, bp);
          pc += 2;
          continue;
        }
        case 92: { // SETNAME
          const made = stack[bp + code[pc + 1]!];
          if (!(made instanceof FlowFunction)) unfit("a function");
          made.name = stack[bp + code[pc + 2]!] as string;
          pc += 3;
          continue;
        }
        case 93: { // CALL
          const at = bp + code[pc + 2]!;
          const callee = stack[at];
          const count = code[pc + 3]!;
          if (callee instanceof FlowFunction) {
            if (vm.depth >= vm.maxDepth) vm.tooDeep();
            vm.budget -= 8;
            if (vm.budget < 0) vm.exhausted();
            frame.pc = pc;
            frame = vm.enter(callee, at + 1, count);
            code = frame.code.code;
            captures = callee.captures;
            bp = frame.base;
            pc = 0;
            continue;
          }
          frame.pc = pc;
          stack[bp + code[pc + 1]!] = vm.callNative(callee, undefined, stack.slice(at + 1, at + 1 + count));
          pc += 4;
          continue;
        }
        case 94: { // CALLM
          const at = bp + code[pc + 2]!;
          const object = stack[at];
          const key = constants[code[pc + 3]!] as string;
          const count = code[pc + 4]!;
          frame.pc = pc;
          const callee = object instanceof PlainObject && object[key] !== undefined
            ? object[key]
            : getMember(vm, object, key);
          if (callee instanceof FlowFunction) {
            if (vm.depth >= vm.maxDepth) vm.tooDeep();
            vm.budget -= 8;
            if (vm.budget < 0) vm.exhausted();
            frame.pc = pc;
            frame = vm.enter(callee, at + 1, count);
            code = frame.code.code;
            captures = callee.captures;
            bp = frame.base;
            pc = 0;
            continue;
          }
          stack[bp + code[pc + 1]!] = callee instanceof NativeFunction
            ? callee.call(vm, object, stack.slice(at + 1, at + 1 + count))
            : vm.callNative(callee, object, stack.slice(at + 1, at + 1 + count));
          pc += 5;
          continue;
        }
        case 95: { // CALLS
          const at = bp + code[pc + 2]!;
          const callee = stack[at];
          const count = code[pc + 3]!;
          if (callee instanceof FlowFunction) {
            if (vm.depth >= vm.maxDepth) vm.tooDeep();
            vm.budget -= 8;
            if (vm.budget < 0) vm.exhausted();
            frame.pc = pc;
            frame = vm.enter(callee, at + 2, count);
            code = frame.code.code;
            captures = callee.captures;
            bp = frame.base;
            pc = 0;
            continue;
          }
          frame.pc = pc;
          stack[bp + code[pc + 1]!] = vm.callNative(
            callee,
            stack[at + 1],
            stack.slice(at + 2, at + 2 + count),
          );
          pc += 4;
          continue;
        }
        case 96: { // CALLX
          const callee = stack[bp + code[pc + 2]!];
          const list = stack[bp + code[pc + 4]!] as Value[];
          const count = list.length;
          if (callee instanceof FlowFunction) {
            const first = vm.place(list);
            if (vm.depth >= vm.maxDepth) vm.tooDeep();
            vm.budget -= 8;
            if (vm.budget < 0) vm.exhausted();
            frame.pc = pc;
            frame = vm.enter(callee, first, count);
            code = frame.code.code;
            captures = callee.captures;
            bp = frame.base;
            pc = 0;
            continue;
          }
          frame.pc = pc;
          stack[bp + code[pc + 1]!] = vm.callNative(callee, stack[bp + code[pc + 3]!], list);
          pc += 5;
          continue;
        }
        case 97: { // NEW
          const at = bp + code[pc + 2]!;
          frame.pc = pc;
          stack[bp + code[pc + 1]!] = vm.construct(stack[at], stack.slice(at + 1, at + 1 + code[pc + 3]!));
          pc += 4;
          continue;
        }
        case 98: { // NEWX
          frame.pc = pc;
          stack[bp + code[pc + 1]!] = vm.construct(
            stack[bp + code[pc + 2]!],
            stack[bp + code[pc + 3]!] as Value[],
          );
          pc += 4;
          continue;
        }
        case 99: { // REGEXP
          frame.pc = pc;
          stack[bp + code[pc + 1]!] = vm.library.createRegExp(
            vm,
            constants[code[pc + 2]!] as string,
            constants[code[pc + 3]!] as string,
          );
          pc += 4;
          continue;
        }
        case 100: { // ITER
          frame.pc = pc;
          stack[bp + code[pc + 1]!] = iteratorOf(
            vm,
            stack[bp + code[pc + 2]!],
            constants[code[pc + 3]!] as string,
          );
          pc += 4;
          continue;
        }
        case 101: { // NEXT
          const value = vm.next(stack[bp + code[pc + 2]!] as FlowIterator);
          if (value === vm.END) pc = code[pc + 3]!;
          else {
            stack[bp + code[pc + 1]!] = value;
            pc += 4;
          }
          continue;
        }
        case 102: { // STEP
          const value = vm.next(stack[bp + code[pc + 2]!] as FlowIterator);
          stack[bp + code[pc + 1]!] = value === vm.END ? undefined : value;
          pc += 3;
          continue;
        }
        case 103: { // ITERREST
          stack[bp + code[pc + 1]!] = drain(vm, stack[bp + code[pc + 2]!] as FlowIterator);
          pc += 3;
          continue;
        }
        case 104: { // KEYS
          stack[bp + code[pc + 1]!] = keysIterator(vm, stack[bp + code[pc + 2]!]);
          pc += 3;
          continue;
        }
        case 105: { // NEXTKEY
          const key = nextKey(vm, stack[bp + code[pc + 2]!] as FlowIterator, stack[bp + code[pc + 3]!]);
          if (key === undefined) pc = code[pc + 4]!;
          else {
            stack[bp + code[pc + 1]!] = key;
            pc += 5;
          }
          continue;
        }
        case 106: { // OBJECT
          const value = stack[bp + code[pc + 1]!];
          if (value === undefined || value === null) {
            notDestructurable(vm, value, { key: constants[code[pc + 2]!], shown: constants[code[pc + 3]!] });
          }
          pc += 4;
          continue;
        }
        case 107: { // AWAIT
          frame.pc = pc;
          const left = vm.suspend(stack[bp + code[pc + 2]!], code[pc + 3]!, code[pc + 1]!);
          if (left !== undefined) return left.value;
          frame = vm.frame;
          code = frame.code.code;
          captures = frame.fn.captures;
          bp = frame.base;
          pc = frame.pc + LENGTH[code[frame.pc]!]!;
          continue;
        }
        case 108: { // RET
          const result = stack[bp + code[pc + 1]!];
          if (frame.fibre !== undefined || frame.entry) {
            const left = vm.leave(result);
            if (left !== undefined) return left.value;
            frame = vm.frame;
          } else {
            frame = vm.pop();
            stack[frame.base + frame.code.code[frame.pc + 1]!] = result;
          }
          code = frame.code.code;
          captures = frame.fn.captures;
          bp = frame.base;
          pc = frame.pc + LENGTH[code[frame.pc]!]!;
          continue;
        }
        case 109: { // RETU
          const result = undefined;
          if (frame.fibre !== undefined || frame.entry) {
            const left = vm.leave(result);
            if (left !== undefined) return left.value;
            frame = vm.frame;
          } else {
            frame = vm.pop();
            stack[frame.base + frame.code.code[frame.pc + 1]!] = result;
          }
          code = frame.code.code;
          captures = frame.fn.captures;
          bp = frame.base;
          pc = frame.pc + LENGTH[code[frame.pc]!]!;
          continue;
        }
        case 110: { // THROW
          frame.pc = pc;
          throw new FlowThrow(stack[bp + code[pc + 1]!]);
        }
        case 111: { // RETHROW
          if (stack[bp + code[pc + 1]!] === 1) throw new FlowThrow(stack[bp + code[pc + 2]!]);
          pc += 3;
          continue;
        }
        case 112: { // KEEP
          if (stack[bp + code[pc + 1]!] === 1 && vm.isCancellation(stack[bp + code[pc + 2]!])) {
            throw new FlowThrow(stack[bp + code[pc + 2]!]);
          }
          pc += 3;
          continue;
        }
        case 113: { // CONST
          vm.fail("TypeError", "Assignment to constant variable.");
          pc += 2;
          continue;
        }
        case 114: { // SELF
          stack[bp + code[pc + 1]!] = frame.fn;
          pc += 2;
          continue;
        }
        case 115: { // TONUM
          const x = stack[bp + code[pc + 2]!];
          stack[bp + code[pc + 1]!] = typeof x === "number" ? x : vm.toNumber(x);
          pc += 3;
          continue;
        }
        default:
          throw new Error(`there is no instruction ${code[pc]}`);
      }
    }
  } catch (thrown) {
    // Only calls store where they stand; everything else that throws is found here.
    frame.pc = pc;
    throw thrown;
  }
}
