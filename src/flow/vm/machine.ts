import type { FailOptions, Library, Machine, MemberTable } from "../builtins/builtin.ts";
import type { JsonValue } from "../../shared/json.ts";
import type { FunctionCode } from "../compile/program.ts";
import { OPERANDS } from "../compile/opcodes.ts";
import { looseEquals, payFor, show, toKey, toNumber, toPrimitive, toText } from "./convert.ts";
import { describeCallee, functionLength, functionName } from "./describe.ts";
import { Fibre } from "./fibre.ts";
import { Heat } from "./heat.ts";
import { Cancellation, Frame } from "./frame.ts";
import { execute } from "./interpret.ts";
import { iteratorOf, spread, stepIterator } from "./iteration.ts";
import { defaultLimits, type FlowLimits } from "./limits.ts";
import type { LoadedProgram } from "./loaded.ts";
import { getMember, hasOwn, ownKeys, setMember } from "./members.ts";
import { Outbox } from "./outbox.ts";
import { type FlowHost, Outside } from "./outside.ts";
import { FlowPromise, type Job } from "./promise.ts";
import { addReaction, rejectPromise, resolvePromise, toPromise } from "./promises.ts";
import { describeValue, isCallable, tagOf } from "./tag.ts";
import { FlowThrow, LimitExceeded } from "./throw.ts";
import { renderStack, traceOf } from "./trace.ts";
import {
  BoundNative,
  type ErrorKind,
  FlowError,
  FlowFunction,
  type FlowIterator,
  NativeFunction,
  PlainObject,
  type TypeTag,
  type Value,
} from "./value.ts";

/** What a machine is made of. */
export interface MachineOptions {
  program: LoadedProgram;
  library: Library;
  globals: ReadonlyMap<string, Value>;
  host: FlowHost;
  limits?: Partial<FlowLimits>;
}

/** Leaves the interpreter with a value. */
interface Left {
  value: Value;
}

const LENGTH = OPERANDS.map((count) => count + 1);
const END = new (class End {})() as unknown as Value;

/** V8 reports a spread argument that is not iterable before any other mistake of a call. */
function notA(what: "function" | "constructor", shown: string): string {
  return shown.endsWith(" is not iterable") ? shown : `${shown} is not a ${what}`;
}

/** Runs one execution of a flow. Everything it knows is data, or can be found again by name. */
export class FlowMachine implements Machine {
  readonly program: LoadedProgram;
  readonly functions: readonly FunctionCode[];
  readonly constants: readonly Value[];
  readonly library: Library;
  readonly tables: Partial<Record<TypeTag, MemberTable>>;
  readonly globals: ReadonlyMap<string, Value>;
  readonly host: FlowHost;
  readonly outside: Outside;
  readonly limits: FlowLimits;
  readonly END = END;

  readonly stack: Value[] = [];
  readonly frames: Frame[] = [];
  depth = 0;
  maxDepth: number;
  frame!: Frame;
  hostDepth = 0;
  budget: number;

  jobs: Job[] = [];
  nextJob = 0;
  /** The promise that the running callback of `then` or `finally` will settle. */
  reacting: FlowPromise | undefined = undefined;
  /** Durable operations under way, by id. */
  readonly pending = new Map<string, FlowPromise>();
  /** Rejected promises that have no handler yet. */
  readonly unhandled = new Set<FlowPromise>();
  cancelled: Cancellation | undefined = undefined;
  /** With which inputs the flow starts over when it returns. */
  continued: { readonly inputs: JsonValue } | undefined = undefined;
  /** The last value thrown that is no error, and where; a snapshot does not keep it. */
  thrown: { readonly value: Value; readonly trace: readonly number[] } | undefined = undefined;
  /** The error made last: its place is known exactly only where it is caught. */
  #fresh: FlowError | undefined = undefined;
  /** Where it waits, and for how long. */
  readonly heat = new Heat();
  /** What `console` and the durable API leave for the outside. */
  readonly outbox: Outbox;
  /** `Inputs` and `Context`. */
  given: PlainObject = new PlainObject();

  constructor(options: MachineOptions) {
    this.program = options.program;
    this.functions = options.program.functions;
    this.constants = options.program.constants;
    this.library = options.library;
    this.tables = options.library.members;
    this.globals = options.globals;
    this.host = options.host;
    this.outside = new Outside(options.host);
    this.limits = { ...defaultLimits, ...options.limits };
    this.outbox = new Outbox(this.limits);
    this.maxDepth = this.limits.callDepth;
    this.budget = this.limits.instructions;
  }

  // Frames

  /** Push a frame whose arguments lie at `base`. */
  enter(fn: FlowFunction, base: number, count: number): Frame {
    const code = this.functions[fn.index]!;
    const { stack } = this;
    const needed = base + code.registers;
    if (stack.length <= needed) this.#grow(needed);
    const { params } = code;
    if (code.rest) stack[base + params] = count > params ? stack.slice(base + params, base + count) : [];
    for (let index = count; index < params; index++) stack[base + index] = undefined;
    let frame = this.frames[this.depth];
    if (frame === undefined) this.frames[this.depth] = frame = new Frame();
    this.depth++;
    frame.fn = fn;
    frame.code = code;
    frame.base = base;
    frame.pc = 0;
    frame.entry = false;
    frame.fibre = code.async ? new Fibre(fn, new FlowPromise()) : undefined;
    this.frame = frame;
    return frame;
  }

  #grow(needed: number): void {
    if (needed > this.limits.arrayLength) this.tooDeep();
    const { stack } = this;
    while (stack.length <= needed) stack.push(undefined);
  }

  /** Drop the top frame; gives the one below. */
  pop(): Frame {
    this.depth--;
    return this.frame = this.frames[this.depth - 1]!;
  }

  /** The first free place of the stack. */
  get free(): number {
    if (this.depth === 0) return 0;
    const { frame } = this;
    return frame.base + frame.code.registers;
  }

  /** Lay arguments out behind the top frame. */
  place(args: readonly Value[]): number {
    const base = this.free;
    const { stack } = this;
    while (stack.length <= base + args.length) stack.push(undefined);
    for (let index = 0; index < args.length; index++) stack[base + index] = args[index];
    return base;
  }

  /** The top frame, async or entered by the host, returned. */
  leave(result: Value): Left | undefined {
    const { fibre, entry } = this.frame;
    this.pop();
    if (fibre === undefined) return { value: result };
    resolvePromise(this, fibre.promise, result);
    return this.#deliver(fibre.promise, entry);
  }

  #deliver(value: Value, entry: boolean): Left | undefined {
    if (entry) return { value };
    const { frame } = this;
    this.stack[frame.base + frame.code.code[frame.pc + 1]!] = value;
    return undefined;
  }

  /** The top frame awaits. */
  suspend(value: Value, top: number, target: number): Left | undefined {
    const { frame } = this;
    const fibre = frame.fibre!;
    fibre.pc = frame.pc;
    if (top > 64) this.charge(top >>> 3);
    const registers = this.stack.slice(frame.base, frame.base + top);
    if (target < top) registers[target] = undefined;
    fibre.registers = registers;
    const awaited = toPromise(this, value);
    fibre.awaiting = awaited;
    fibre.since = this.outside.moment;
    this.heat.came(fibre.fn.index, fibre.pc);
    const { entry } = frame;
    this.pop();
    addReaction(this, awaited, { kind: "await", fibre });
    return this.#deliver(fibre.promise, entry);
  }

  /** Run the body of the flow up to its first wait. */
  begin(main: Fibre): void {
    const frame = this.enter(main.fn, 0, 0);
    frame.fibre = main;
    frame.entry = true;
    execute(this);
  }

  /** Go on with a fibre whose await is over. */
  resume(fibre: Fibre, outcome: "value" | "error", value: Value): void {
    const base = this.place(fibre.registers as Value[]);
    const frame = this.enter(fibre.fn, base, this.functions[fibre.fn.index]!.params);
    const code = this.functions[fibre.fn.index]!;
    // Entering may have touched the register of rest arguments.
    if (code.rest) this.stack[base + code.params] = fibre.registers[code.params] as Value;
    frame.fibre = fibre;
    frame.entry = true;
    fibre.registers = [];
    this.heat.went(fibre.fn.index, fibre.pc, this.outside.moment - (fibre.since ?? beganAt(this, fibre)));
    fibre.awaiting = undefined;
    frame.pc = fibre.pc;
    if (outcome === "error") execute(this, { error: value });
    else {
      this.stack[base + code.code[fibre.pc + 1]!] = value;
      frame.pc = fibre.pc + LENGTH[code.code[fibre.pc]!]!;
      execute(this);
    }
  }

  /** Find who handles a thrown value; frames that do not are dropped. */
  unwind(error: Value): Left | undefined {
    const cancelling = (error as unknown) instanceof Cancellation;
    if (!cancelling && !(error instanceof FlowError)) this.#noteThrown(error);
    for (;;) {
      const { frame } = this;
      const { handlers } = frame.code;
      if (handlers.length > 64) this.charge(handlers.length >>> 4);
      for (let index = 0; index < handlers.length; index += 5) {
        if (frame.pc < handlers[index]! || frame.pc >= handlers[index + 1]!) continue;
        if (cancelling && handlers[index + 4] === 0) continue;
        this.stack[frame.base + handlers[index + 3]!] = error;
        // A `finally` may throw it on.
        if (handlers[index + 4] === 0) this.thrown = undefined;
        frame.pc = handlers[index + 2]!;
        return undefined;
      }
      const { fibre, entry } = frame;
      this.pop();
      if (fibre !== undefined) {
        rejectPromise(this, fibre.promise, error);
        if (entry) return { value: fibre.promise };
        const caller = this.frame;
        this.#deliver(fibre.promise, false);
        caller.pc += LENGTH[caller.code.code[caller.pc]!]!;
        return undefined;
      }
      if (entry) throw new FlowThrow(error);
    }
  }

  /** An error knows where it was made; of any other value only the machine knows where it was thrown. */
  #noteThrown(value: Value): void {
    if (this.thrown !== undefined && Object.is(this.thrown.value, value)) return;
    this.thrown = { value, trace: traceOf(this) };
  }

  /** What a flow may catch of something thrown. Anything else is thrown on to the host. */
  caught(thrown: unknown): Value {
    if (thrown instanceof FlowThrow) {
      // A built-in that is itself the callback of a promise has no frame below it.
      const isFresh = this.#fresh !== undefined && this.#fresh === thrown.value && this.depth > 0;
      if (isFresh) this.#fresh!.trace[1] = this.frame.pc;
      this.#fresh = undefined;
      return thrown.value;
    }
    if (thrown instanceof RangeError && /call stack/i.test(thrown.message)) return this.#stackError();
    throw thrown;
  }

  // Calls

  call(fn: Value, args: Value[], self?: Value): Value {
    if (!(fn instanceof FlowFunction)) return this.#callOther(fn, self, args);
    return this.#run(fn, this.place(args), args.length);
  }

  call1(fn: Value, first: Value): Value {
    if (!(fn instanceof FlowFunction)) return this.#callOther(fn, undefined, [first]);
    const base = this.#room();
    this.stack[base] = first;
    return this.#run(fn, base, 1);
  }

  call2(fn: Value, first: Value, second: Value): Value {
    if (!(fn instanceof FlowFunction)) return this.#callOther(fn, undefined, [first, second]);
    const base = this.#room();
    this.stack[base] = first;
    this.stack[base + 1] = second;
    return this.#run(fn, base, 2);
  }

  call3(fn: Value, first: Value, second: Value, third: Value): Value {
    if (!(fn instanceof FlowFunction)) return this.#callOther(fn, undefined, [first, second, third]);
    const base = this.#room();
    this.stack[base] = first;
    this.stack[base + 1] = second;
    this.stack[base + 2] = third;
    return this.#run(fn, base, 3);
  }

  #room(): number {
    const base = this.free;
    const { stack } = this;
    while (stack.length <= base + 3) stack.push(undefined);
    return base;
  }

  #run(fn: FlowFunction, base: number, count: number): Value {
    if (this.depth >= this.maxDepth || this.hostDepth >= this.limits.callbackDepth) this.tooDeep();
    this.budget -= 8;
    if (this.budget < 0) this.exhausted();
    this.hostDepth++;
    this.enter(fn, base, count).entry = true;
    try {
      return execute(this);
    } finally {
      this.hostDepth--;
    }
  }

  #callOther(fn: Value, self: Value, args: Value[]): Value {
    if (!isCallable(fn)) return this.fail("TypeError", `${describeValue(fn)} is not a function`);
    return this.callNative(fn, self, args);
  }

  callNative(fn: Value, self: Value, args: Value[]): Value {
    if (fn instanceof NativeFunction) return fn.call(this, self, args);
    if (fn instanceof BoundNative) return fn.target.call(this, self, [...fn.data, ...args]);
    if (fn instanceof FlowFunction) return this.call(fn, args);
    return this.fail("TypeError", notA("function", describeCallee(this, fn)));
  }

  construct(fn: Value, args: Value[]): Value {
    if (fn instanceof NativeFunction && fn.construct) return fn.construct(this, args);
    if (fn instanceof FlowFunction && !this.isArrow(fn) && !this.functions[fn.index]!.async) {
      return this.fail("TypeError", "`new` works with built-in constructors only", {
        code: "FLOW_UNSUPPORTED_NEW",
      });
    }
    return this.fail("TypeError", notA("constructor", describeCallee(this, fn)));
  }

  /** Whether a function has no prototype in JavaScript. */
  isArrow(fn: Value): boolean {
    if (!(fn instanceof FlowFunction)) return false;
    const { span } = this.functions[fn.index]!;
    return !/^(async\s+)?function\b/.test(this.program.program.source.slice(span[0], span[0] + 40));
  }

  // Errors

  fail(kind: ErrorKind, message: string, options?: FailOptions): never {
    const error = this.createError(kind, message);
    if (options?.code !== undefined) error.props.code = options.code;
    this.#fresh = error;
    throw new FlowThrow(error);
  }

  createError(kind: ErrorKind, message: string | undefined): FlowError {
    this.charge(8);
    return new FlowError(kind, message, traceOf(this));
  }

  raise(value: Value): never {
    throw new FlowThrow(value);
  }

  unset(name: Value): never {
    return this.fail("ReferenceError", `Cannot access '${String(name)}' before initialization`);
  }

  tooDeep(): never {
    throw new FlowThrow(this.#stackError());
  }

  #stackError(): FlowError {
    const error = this.createError("RangeError", "Maximum call stack size exceeded");
    error.props.code = "FLOW_CALL_DEPTH";
    return error;
  }

  exhausted(): never {
    throw new LimitExceeded(
      "FLOW_INSTRUCTIONS",
      `This flow ran ${this.limits.instructions} instructions without waiting for anything`,
    );
  }

  isCancellation(value: Value): boolean {
    return (value as unknown) instanceof Cancellation;
  }

  // The rest of the contract with built-ins

  isCallable(value: Value): boolean {
    return isCallable(value);
  }
  tag(value: Value): TypeTag {
    return tagOf(value);
  }
  toPrimitive(value: Value, hint: "default" | "number" | "string"): ReturnType<Machine["toPrimitive"]> {
    return toPrimitive(this, value, hint);
  }
  toString(value: Value): string {
    return toText(this, value);
  }
  toNumber(value: Value): number {
    return toNumber(this, value);
  }
  toInteger(value: Value): number {
    const number = Math.trunc(toNumber(this, value));
    return Number.isNaN(number) || number === 0 ? 0 : number;
  }
  toLength(value: Value): number {
    return Math.min(Math.max(this.toInteger(value), 0), Number.MAX_SAFE_INTEGER);
  }
  toBoolean(value: Value): boolean {
    return !!value;
  }
  toKey(value: Value): string {
    return toKey(this, value);
  }
  looseEquals(a: Value, b: Value): boolean {
    return looseEquals(this, a, b);
  }
  show(value: Value): string {
    return show(this, value);
  }
  getMember(object: Value, key: string): Value {
    return getMember(this, object, key);
  }
  setMember(object: Value, key: string, value: Value): void {
    setMember(this, object, key, value);
  }
  ownKeys(object: Value): string[] {
    // There is a text for each element, so the cost is as of the elements.
    if (typeof object === "string" || Array.isArray(object)) {
      this.checkArray(object.length);
      this.charge(object.length);
    }
    return ownKeys(object);
  }
  hasOwn(object: Value, key: string): boolean {
    return hasOwn(object, key);
  }
  iterate(value: Value): FlowIterator {
    return iteratorOf(this, value, "");
  }
  next(iterator: FlowIterator): Value {
    return stepIterator(this, iterator);
  }
  listFrom(value: Value): Value[] {
    const list: Value[] = [];
    spread(this, list, value, "");
    return list;
  }
  payFor(value: Value): void {
    payFor(this, value);
  }
  charge(units: number): void {
    this.budget -= units;
    if (this.budget < 0) this.exhausted();
  }
  checkString(length: number): void {
    if (length > 536_870_888) this.fail("RangeError", "Invalid string length");
    if (length > this.limits.stringLength) {
      throw new LimitExceeded(
        "FLOW_MEMORY",
        `A string of ${length} characters is too long: at most ${this.limits.stringLength} are allowed`,
      );
    }
    this.charge(length >>> 4);
  }
  checkArray(length: number): void {
    if (length <= this.limits.arrayLength) return;
    throw new LimitExceeded(
      "FLOW_MEMORY",
      `An array of ${length} elements is too long: at most ${this.limits.arrayLength} are allowed`,
    );
  }
  now(): number {
    return this.outside.moment;
  }
  random(): number {
    this.charge(4);
    return this.outside.random();
  }
  newId(): string {
    this.charge(16);
    return this.outside.newId();
  }
  sourceOf(fn: Value): string {
    if (!(fn instanceof FlowFunction)) return `function ${functionName(this, fn)}() { [native code] }`;
    const { span } = this.functions[fn.index]!;
    return this.program.program.source.slice(span[0], span[1]);
  }
  stackOf(error: FlowError): string {
    return renderStack(this, error);
  }
  functionName(fn: Value): string {
    return functionName(this, fn);
  }
  functionLength(fn: Value): number {
    return functionLength(this, fn);
  }
  global(name: string): Value {
    if (name === "Inputs" || name === "Context") return this.given[name];
    const value = this.globals.get(name);
    if (value === undefined && !this.globals.has(name)) this.fail("ReferenceError", `${name} is not defined`);
    return value;
  }
}

// An operation's id has the time when it was asked for. Of anything else, a snapshot does not say since when it is awaited.
function beganAt(vm: FlowMachine, { awaiting }: Fibre): number {
  const id = awaiting?.id;
  const at = id === undefined ? Number.NaN : Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  return Math.min(Number.isNaN(at) ? vm.outside.before : at, vm.outside.moment);
}
