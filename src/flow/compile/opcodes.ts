/**
 * The instructions of the machine. Numbers are for ever: programs are stored and never compiled again, so an instruction
 * is only ever added at the end.
 *
 * Operands: `d` destination register, other small letters registers, `k` index of a constant, `t` jump target, `n` a count,
 * `i` an immediate integer.
 *
 * @module
 */

/** How many operands each instruction has, in the order of their numbers. */
const operands = {
  LOADK: 2, // d k
  LOADI: 2, // d i
  UNDEF: 1, // d
  NULL: 1, // d
  TRUE: 1, // d
  FALSE: 1, // d
  UNSET: 1, // d
  MOVE: 2, // d s
  CAP: 2, // d i: captured value
  CAPBOX: 2, // d i: value of a captured box
  CAPBOXC: 3, // d i k: the same, checked
  SETCAPBOX: 2, // i s
  SETCAPBOXC: 3, // i s k
  BOX: 1, // r: wrap
  BOXGET: 2, // d r
  BOXGETC: 3, // d r k
  BOXSET: 2, // r s
  BOXSETC: 3, // r s k
  COPYBOX: 1, // r: a fresh box with the same value
  CHECK: 2, // r k
  GLOBAL: 2, // d k
  ADD: 3, // d a b
  SUB: 3,
  MUL: 3,
  DIV: 3,
  MOD: 3,
  EXP: 3,
  BAND: 3,
  BOR: 3,
  BXOR: 3,
  SHL: 3,
  SHR: 3,
  USHR: 3,
  EQ: 3,
  NE: 3,
  SEQ: 3,
  SNE: 3,
  LT: 3,
  LE: 3,
  GT: 3,
  GE: 3,
  IN: 3,
  INSTANCEOF: 3,
  ADDI: 3, // d a i
  SUBI: 3, // d a i
  NEG: 2, // d s
  PLUS: 2,
  NOT: 2,
  BNOT: 2,
  TYPEOF: 2,
  INC: 2, // d s
  DEC: 2,
  JMP: 1, // t
  LOOP: 2, // t cost: a jump back
  JT: 2, // r t
  JF: 2,
  JNULLISH: 2,
  JNOTNULLISH: 2,
  JDEFINED: 2, // r t: jump unless undefined
  JNLT: 3, // a b t: jump unless a < b
  JNLE: 3,
  JNGT: 3,
  JNGE: 3,
  JLT: 3, // a b t: jump if a < b
  JLE: 3,
  JGT: 3,
  JGE: 3,
  JSEQ: 3,
  JSNE: 3,
  JNLTI: 3, // a i t
  JLTI: 3,
  JSEQI: 3,
  JSNEI: 3,
  GET: 3, // d o k
  GETI: 3, // d o r
  SET: 3, // o k v
  SETI: 3, // o r v
  DELETE: 3, // d o r
  KEY: 2, // d s: to a property key
  NEWOBJ: 1, // d
  NEWARR: 3, // d r n: from n registers
  PUSH: 2, // a v
  SPREAD: 3, // a v k
  SPREADARG: 3, // a v k
  PUT: 3, // o k v: define a member
  PUTI: 3, // o r v
  PUTALL: 2, // o v: object spread
  REST: 3, // d s r: copy of s without the keys in array r
  TEXT: 2, // d s: template part to string
  CLOSURE: 2, // d f
  BAREFN: 2, // d f: without captures yet
  FILLFN: 1, // r: give it its captures
  SETNAME: 2, // r s
  CALL: 3, // d r n: callee at r, arguments behind it
  CALLM: 4, // d r k n: object at r, arguments behind it
  CALLS: 3, // d r n: callee at r, receiver at r + 1, arguments behind
  CALLX: 4, // d f s a: callee, receiver, array of arguments
  NEW: 3, // d r n
  NEWX: 3, // d f a
  REGEXP: 3, // d k k
  ITER: 3, // d s k
  NEXT: 3, // d r t: jump at the end
  STEP: 2, // d r: next or undefined
  ITERREST: 2, // d r
  KEYS: 2, // d s: for…in
  NEXTKEY: 4, // d r s t
  OBJECT: 3, // s k k: refuse to destructure undefined and null
  AWAIT: 3, // d s top
  RET: 1, // r
  RETU: 0,
  THROW: 1, // r
  RETHROW: 2, // kind value: throw value if kind is 1
  KEEP: 2, // kind value: a jump out of `finally` may not swallow a cancellation
  CONST: 1, // k: assignment to a constant
  SELF: 1, // d: the running function itself
  TONUM: 2, // d s
} as const;

/** The name of an instruction. */
export type OpName = keyof typeof operands;

/** The number of each instruction. */
export const Op: Readonly<Record<OpName, number>> = Object.fromEntries(
  Object.keys(operands).map((name, index) => [name, index]),
) as Record<OpName, number>;

/** How many operands an instruction has, by its number. */
export const OPERANDS: readonly number[] = Object.values(operands);

const reading: ReadonlySet<OpName> = new Set<OpName>([
  ...([
    "SETCAPBOX",
    "SETCAPBOXC",
    "BOX",
    "BOXSET",
    "BOXSETC",
    "COPYBOX",
    "CHECK",
    "JMP",
    "LOOP",
    "JT",
    "JF",
  ] as const),
  ...([
    "JNULLISH",
    "JNOTNULLISH",
    "JDEFINED",
    "JNLT",
    "JNLE",
    "JNGT",
    "JNGE",
    "JLT",
    "JLE",
    "JGT",
    "JGE",
  ] as const),
  ...([
    "JSEQ",
    "JSNE",
    "JNLTI",
    "JLTI",
    "JSEQI",
    "JSNEI",
    "SET",
    "SETI",
    "PUSH",
    "SPREAD",
    "PUT",
    "PUTI",
  ] as const),
  ...(["PUTALL", "FILLFN", "SETNAME", "OBJECT", "RET", "RETU", "THROW", "RETHROW", "KEEP", "CONST"] as const),
]);

/** The instructions whose first operand is the register they write. */
export const WRITES: ReadonlySet<number> = new Set(
  (Object.keys(operands) as OpName[]).filter((name) => !reading.has(name)).map((name) => Op[name]),
);
