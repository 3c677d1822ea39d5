import type { Expression, FunctionNode, Node, Pattern, Program as Tree } from "../parser/ast.ts";
import { analyse, type Analysis } from "./analyse.ts";
import { FunctionBuilder, type Label, ProgramBuilder } from "./builder.ts";
import { expression } from "./expressions.ts";
import { bindPattern } from "./patterns.ts";
import { type FunctionCode, type Program, PROGRAM_FORMAT, PROGRAM_SEMANTICS } from "./program.ts";
import type { Scope, Variable } from "./scope.ts";
import { statements } from "./statements.ts";
import { hashOf } from "./verify.ts";

/** What a jump out of a statement passes on its way. */
export interface Exit {
  /** The labels that name this statement; `undefined` is the unlabelled break. */
  readonly labels: string[];
  readonly breakTo?: Label;
  readonly continueTo?: Label;
  readonly unlabelled: boolean;
  readonly finalizer?: Finalizer;
  /** Set inside a `finally` block: where its completion is. */
  readonly inFinally?: { kind: number; value: number };
}

/** A `finally` block that jumps have to pass. */
export interface Finalizer {
  readonly entry: Label;
  readonly kind: number;
  readonly value: number;
  /** Where to go on behind the block; the kind of jump n is n + 2. */
  readonly targets: (() => void)[];
}

/** The state of compiling one function. */
export class FunctionCompiler {
  readonly analysis: Analysis;
  readonly build: FunctionBuilder;
  readonly outer: FunctionCompiler | undefined;
  scope: Scope;
  exits: Exit[] = [];
  /** The expression that is about to be walked: where it is a call, messages say so. */
  iterated: Expression | undefined = undefined;

  constructor(
    program: ProgramBuilder,
    analysis: Analysis,
    options: { scope: Scope; outer?: FunctionCompiler },
  ) {
    this.analysis = analysis;
    this.build = new FunctionBuilder(program);
    this.scope = options.scope;
    this.outer = options.outer;
  }

  /** Work in the scope that a node opens, and drop its registers at the end. */
  within(node: Node, work: () => void): void {
    const { build } = this;
    const outer = this.scope;
    const mark = build.top;
    this.scope = this.analysis.scopes.get(node)!;
    const live = build.variables.length;
    this.enterScope();
    work();
    this.endVariables(live);
    for (const variable of this.scope.variables.values()) variable.register = -1;
    this.scope = outer;
    build.top = mark;
  }

  /** Give registers to what must exist from the start of the scope. */
  enterScope(): void {
    for (const variable of this.scope.variables.values()) {
      if (variable.register < 0 && variable.early && variable.kind !== "function") this.reserve(variable);
    }
  }

  /** A register for a variable that may be looked at before it is initialised. */
  reserve(variable: Variable): void {
    variable.register = this.build.take();
    this.build.emit("UNSET", variable.register);
    if (variable.boxed) this.build.emit("BOX", variable.register);
    this.announce(variable);
  }

  /** Tell who inspects that the variable lives in its register from here on. */
  announce(variable: Variable): void {
    const { build } = this;
    build.variables.push(build.text(variable.name), variable.register, build.pc, -1);
  }

  /** Close the ranges of variables announced since. */
  endVariables(from: number): void {
    const { variables, pc } = this.build;
    for (let index = from; index < variables.length; index += 4) {
      if (variables[index + 3] === -1) variables[index + 3] = pc;
    }
  }

  /** Initialise a variable of the current function from a register. */
  initialise(variable: Variable, source: number): void {
    const { build } = this;
    if (variable.register < 0) {
      variable.register = build.take();
      this.announce(variable);
    } else if (variable.early) {
      if (variable.boxed) build.emit("BOXSET", variable.register, source);
      else if (variable.register !== source) build.emit("MOVE", variable.register, source);
      return;
    }
    if (variable.register !== source) build.emit("MOVE", variable.register, source);
    if (variable.boxed) build.emit("BOX", variable.register);
  }

  /** The compiler whose function declares the variable, seen from here. */
  owns(variable: Variable): boolean {
    return variable.scope.fn === this.scope.fn;
  }

  /** Emit a function and give its index. */
  functionIndex(node: FunctionNode, name: string, from: number = node.start): number {
    return compileFunction(this, node, { name, from });
  }

  /** Shorthand for an expression into a register. */
  value(node: Expression, into?: number): number {
    return expression(this, node, into);
  }
}

/** Compile a checked tree. */
export function compileTree(tree: Tree, about: { name: string; source: string; index?: string[] }): Program {
  const program = new ProgramBuilder();
  const analysis = analyse(tree);
  const compiler = new FunctionCompiler(program, analysis, { scope: analysis.scopes.get(tree)! });
  program.functions.push(undefined as unknown as FunctionCode);
  compiler.enterScope();
  statements(compiler, tree.body);
  compiler.endVariables(0);
  compiler.build.emit("RETU");
  program.functions[0] = finish(compiler, {
    name: "main",
    length: 0,
    params: 0,
    async: true,
    rest: false,
    span: [tree.start, tree.end],
  });
  const { constants, functions, globals } = program;
  const numbers = { format: PROGRAM_FORMAT, semantics: PROGRAM_SEMANTICS };
  const body = { ...numbers, ...about, constants, globals: [...globals], functions };
  return { hash: hashOf(body), ...body };
}

function finish(
  compiler: FunctionCompiler,
  about: Pick<FunctionCode, "name" | "length" | "params" | "async" | "rest" | "span">,
): FunctionCode {
  const { build, outer } = compiler;
  const captures = build.captures.map((variable) => {
    if (!outer!.owns(variable)) return -1 - outer!.build.capture(variable);
    if (variable.register < 0) throw new Error(`"${variable.name}" is captured before it has a register`);
    return variable.register;
  });
  return {
    ...about,
    registers: build.registers,
    code: build.code,
    captures,
    captureNames: build.captures.map((variable) => variable.name),
    handlers: build.handlers,
    positions: build.positions,
    variables: build.variables,
    callees: build.callees,
  };
}

function compileFunction(
  outer: FunctionCompiler,
  node: FunctionNode,
  about: { name: string; from: number },
): number {
  const { name, from } = about;
  const { program } = outer.build;
  const index = program.functions.push(undefined as unknown as FunctionCode) - 1;
  const scope = outer.analysis.scopes.get(node)!;
  for (const variable of scope.variables.values()) variable.register = -1;
  const compiler = new FunctionCompiler(program, outer.analysis, { scope, outer });
  parameters(compiler, node);
  const { body } = node;
  if (body.type === "BlockStatement") {
    compiler.within(body, () => statements(compiler, body.body));
    compiler.build.emit("RETU");
  } else {
    compiler.build.emit("RET", compiler.value(body));
  }
  compiler.endVariables(0);
  const positional = node.params.filter((param) => param.type !== "RestElement").length;
  const optional = node.params.findIndex((param) =>
    param.type === "AssignmentPattern" || param.type === "RestElement"
  );
  program.functions[index] = finish(compiler, {
    name,
    length: optional < 0 ? node.params.length : optional,
    params: positional,
    async: node.async,
    rest: positional < node.params.length,
    span: [from, node.end],
  });
  return index;
}

function parameters(compiler: FunctionCompiler, node: FunctionNode): void {
  const { build } = compiler;
  const own = node.type === "FunctionExpression" && node.id
    ? compiler.scope.variables.get(node.id.name)!
    : undefined;
  const rest = node.params.at(-1)?.type === "RestElement" ? node.params.at(-1)! : undefined;
  const positional = node.params.filter((param) => param !== rest);
  build.take(node.params.length);
  build.stale.clear();
  if (own) {
    own.register = build.take();
    build.emit("SELF", own.register);
    if (own.boxed) build.emit("BOX", own.register);
    compiler.scope = compiler.analysis.scopes.get(node.id as Node)!;
    for (const variable of compiler.scope.variables.values()) variable.register = -1;
  }
  const scope = compiler.scope;
  const simple = (pattern: Pattern): Variable | undefined => {
    if (pattern.type !== "Identifier") return undefined;
    const variable = scope.variables.get(pattern.name)!;
    return variable.early ? undefined : variable;
  };
  positional.forEach((pattern, index) => {
    const variable = simple(pattern);
    if (variable) {
      variable.register = index;
      compiler.announce(variable);
      if (variable.boxed) build.emit("BOX", index);
    }
  });
  compiler.enterScope();
  positional.forEach((pattern, index) => {
    if (simple(pattern)) return;
    build.at(pattern.start);
    if (pattern.type === "AssignmentPattern" && pattern.left.type === "Identifier") {
      const variable = scope.variables.get(pattern.left.name)!;
      if (!variable.early) {
        const done = build.label();
        build.emit("JDEFINED", index, done);
        namedValue(compiler, pattern.right, { name: variable.name, into: index });
        build.place(done);
        variable.register = index;
        compiler.announce(variable);
        if (variable.boxed) build.emit("BOX", index);
        return;
      }
    }
    bindPattern(compiler, pattern, index, { object: "", list: "" });
  });
  if (rest?.type === "RestElement") {
    const target = rest.argument.type === "Identifier" ? scope.variables.get(rest.argument.name)! : undefined;
    if (target && !target.early) {
      target.register = positional.length;
      compiler.announce(target);
      if (target.boxed) build.emit("BOX", target.register);
    } else bindPattern(compiler, rest.argument, positional.length, { object: "", list: "" });
  }
}

/** An expression whose anonymous function takes its name from where it goes. */
export function namedValue(
  compiler: FunctionCompiler,
  node: Expression,
  options: { name: string; into?: number; from?: number },
): number {
  const anonymous = node.type === "ArrowFunctionExpression" ||
    (node.type === "FunctionExpression" && node.id === null);
  if (!anonymous) return expression(compiler, node, options.into);
  const { build } = compiler;
  const target = options.into ?? build.take();
  build.at(node.start);
  build.emit("CLOSURE", target, compiler.functionIndex(node, options.name, options.from));
  return target;
}
