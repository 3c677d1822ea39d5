import type { FunctionCode } from "../compile/program.ts";
import { Op, OPERANDS, type OpName, SIGNATURES } from "../compile/opcodes.ts";

/** Instructions that others can see, or that run code which they can see: calls, and changes of what is shared. */
const SEEN: ReadonlySet<number> = new Set(
  ([
    ...["SETCAPBOX", "SETCAPBOXC", "BOXSET", "BOXSETC", "SET", "SETI", "DELETE", "SPREAD", "SPREADARG"],
    ...["CALL", "CALLM", "CALLS", "CALLX", "NEW", "NEWX", "ITER", "NEXT", "STEP", "ITERREST"],
  ] as OpName[]).map((name) => Op[name]),
);
const ENDS: ReadonlySet<number> = new Set([Op.RET, Op.RETU, Op.THROW]);

const known = new WeakMap<FunctionCode, Map<number, boolean>>();

/**
 * Whether a function has no effect besides what it returns or throws: it calls nothing and changes nothing that is shared.
 *
 * @param code the function
 * @param from the instruction that waits, or -1: the function is called
 */
export function isQuiet(code: FunctionCode, from: number): boolean {
  let answers = known.get(code);
  if (answers === undefined) known.set(code, answers = new Map());
  let answer = answers.get(from);
  if (answer === undefined) answers.set(from, answer = walk(code, from));
  return answer;
}

function walk({ code, handlers }: FunctionCode, from: number): boolean {
  const walked = new Set<number>();
  const ahead = from < 0 ? [0] : [];
  const follow = (pc: number): void => {
    const number = code[pc]!;
    const letters = SIGNATURES[number]!;
    for (let at = 0; at < letters.length; at++) if (letters[at] === "t") ahead.push(code[pc + 1 + at]!);
    if (!ENDS.has(number) && number !== Op.JMP && number !== Op.LOOP) ahead.push(pc + 1 + OPERANDS[number]!);
    for (let at = 0; at < handlers.length; at += 5) {
      if (pc >= handlers[at]! && pc < handlers[at + 1]!) ahead.push(handlers[at + 2]!);
    }
  };
  if (from >= 0) follow(from);
  for (let pc = ahead.pop(); pc !== undefined; pc = ahead.pop()) {
    if (walked.has(pc)) continue;
    walked.add(pc);
    if (SEEN.has(code[pc]!)) return false;
    follow(pc);
  }
  return true;
}
