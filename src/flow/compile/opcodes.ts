/**
 * The instructions of the machine. Numbers are for ever: programs are stored and never compiled again, so an instruction
 * is only ever added at the end.
 *
 * Operands: `d` the register that is written, `r` one that is read, `k` a constant, `s` a constant that is text. Further, `t` is a
 * jump target, `n` a count, `i` an immediate integer, `c` a captured value, `f` a function.
 *
 * @module
 */

/** The operands of each instruction, in the order of their numbers. */
const operands = {
  LOADK: "dk",
  LOADI: "di",
  UNDEF: "d",
  NULL: "d",
  TRUE: "d",
  FALSE: "d",
  UNSET: "d",
  MOVE: "dr",
  CAP: "dc", // captured value
  CAPBOX: "dc", // value of a captured box
  CAPBOXC: "dcs", // the same, checked
  SETCAPBOX: "cr",
  SETCAPBOXC: "crs",
  BOX: "r", // wrap
  BOXGET: "dr",
  BOXGETC: "drs",
  BOXSET: "rr",
  BOXSETC: "rrs",
  COPYBOX: "r", // a fresh box with the same value
  CHECK: "rs",
  GLOBAL: "ds",
  ADD: "drr",
  SUB: "drr",
  MUL: "drr",
  DIV: "drr",
  MOD: "drr",
  EXP: "drr",
  BAND: "drr",
  BOR: "drr",
  BXOR: "drr",
  SHL: "drr",
  SHR: "drr",
  USHR: "drr",
  EQ: "drr",
  NE: "drr",
  SEQ: "drr",
  SNE: "drr",
  LT: "drr",
  LE: "drr",
  GT: "drr",
  GE: "drr",
  IN: "drr",
  INSTANCEOF: "drr",
  ADDI: "dri",
  SUBI: "dri",
  NEG: "dr",
  PLUS: "dr",
  NOT: "dr",
  BNOT: "dr",
  TYPEOF: "dr",
  INC: "dr",
  DEC: "dr",
  JMP: "t",
  LOOP: "tn", // a jump back, and what it costs
  JT: "rt",
  JF: "rt",
  JNULLISH: "rt",
  JNOTNULLISH: "rt",
  JDEFINED: "rt", // jump unless undefined
  JNLT: "rrt", // jump unless a < b
  JNLE: "rrt",
  JNGT: "rrt",
  JNGE: "rrt",
  JLT: "rrt", // jump if a < b
  JLE: "rrt",
  JGT: "rrt",
  JGE: "rrt",
  JSEQ: "rrt",
  JSNE: "rrt",
  JNLTI: "rit",
  JLTI: "rit",
  JSEQI: "rit",
  JSNEI: "rit",
  GET: "drs",
  GETI: "drr",
  SET: "rsr",
  SETI: "rrr",
  DELETE: "drr",
  KEY: "dr", // to a property key
  NEWOBJ: "d",
  NEWARR: "drn", // from so many registers
  PUSH: "rr",
  SPREAD: "rrs",
  SPREADARG: "rrs",
  PUT: "rsr", // define a member
  PUTI: "rrr",
  PUTALL: "rr", // object spread
  REST: "drr", // copy without the keys in an array
  TEXT: "dr", // template part to string
  CLOSURE: "df",
  BAREFN: "df", // without captures yet
  FILLFN: "r", // give it its captures
  SETNAME: "rr",
  CALL: "drn", // callee, arguments behind it
  CALLM: "drsn", // object, name, arguments behind it
  CALLS: "drn", // callee, receiver and arguments behind it
  CALLX: "drrr", // callee, receiver, array of arguments
  NEW: "drn", // constructor, arguments behind it
  NEWX: "drr", // constructor, array of arguments
  REGEXP: "dss",
  ITER: "drs",
  NEXT: "drt", // jump at the end
  STEP: "dr", // next or undefined
  ITERREST: "dr",
  KEYS: "dr", // for…in
  NEXTKEY: "drrt",
  OBJECT: "rss", // refuse to destructure undefined and null
  AWAIT: "drn", // the registers below the count are kept
  RET: "r",
  RETU: "",
  THROW: "r",
  RETHROW: "rr", // kind, value: throw value if kind is 1
  KEEP: "rr", // kind, value: a jump out of `finally` may not swallow a cancellation
  CONST: "s", // assignment to a constant
  SELF: "d", // the running function itself
  TONUM: "dr",
} as const;

/** The name of an instruction. */
export type OpName = keyof typeof operands;

/** The number of each instruction. */
export const Op: Readonly<Record<OpName, number>> = Object.fromEntries(
  Object.keys(operands).map((name, index) => [name, index]),
) as Record<OpName, number>;

/** What the operands of an instruction are, by its number: a letter each. */
export const SIGNATURES: readonly string[] = Object.values(operands);

/** How many operands an instruction has, by its number. */
export const OPERANDS: readonly number[] = SIGNATURES.map(({ length }) => length);

/** The instructions whose first operand is the register they write. */
export const WRITES: ReadonlySet<number> = new Set(
  SIGNATURES.flatMap((letters, number) => letters.startsWith("d") ? [number] : []),
);
