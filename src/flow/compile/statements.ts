import type {
  BlockStatement,
  Expression,
  ForInStatement,
  ForOfStatement,
  ForStatement,
  FunctionDeclaration,
  Statement,
  SwitchStatement,
  TryStatement,
  VariableDeclaration,
} from "../parser/ast.ts";
import type { Label } from "./builder.ts";
import { type Exit, type Finalizer, type FunctionCompiler, namedValue } from "./compiler.ts";
import { jumpIfFalse } from "./conditions.ts";
import { hasFunction } from "./effects.ts";
import { discard } from "./expressions.ts";
import { assignPattern, bindPattern, reserveNames } from "./patterns.ts";
import { iterableText, originOf } from "./source_text.ts";

/** V8 calls what a loop gives so. */
const FOR = { object: ".for", list: ".for" };

/** A list of statements in the current scope: its functions first. */
export function statements(compiler: FunctionCompiler, list: readonly Statement[]): void {
  hoist(compiler, list);
  for (const one of list) statement(compiler, one, []);
}

/** Make the functions of a scope, then let them capture: they may know each other. */
function hoist(compiler: FunctionCompiler, list: readonly Statement[]): void {
  const { build } = compiler;
  const declarations = list.map((one) => {
    while (one.type === "LabeledStatement") one = one.body;
    return one;
  }).filter((one): one is FunctionDeclaration => one.type === "FunctionDeclaration");
  const variables = declarations.map((node) => compiler.scope.variables.get(node.id.name)!);
  for (const variable of variables) if (variable.register < 0) variable.register = build.take();
  const plain = new Map<FunctionDeclaration, number>();
  declarations.forEach((node, index) => {
    const { register, boxed } = variables[index]!;
    build.at(node.start);
    const made = boxed ? build.take() : register;
    plain.set(node, made);
    build.emit("BAREFN", made, compiler.functionIndex(node, node.id.name));
    if (boxed) {
      build.emit("MOVE", register, made);
      build.emit("BOX", register);
    }
  });
  declarations.forEach((node, index) => {
    build.emit("FILLFN", plain.get(node)!);
    compiler.announce(variables[index]!);
  });
}

function statement(compiler: FunctionCompiler, node: Statement, labels: string[]): void {
  const { build } = compiler;
  switch (node.type) {
    case "VariableDeclaration":
      return declaration(compiler, node);
    case "ExpressionStatement":
      build.at(node.start);
      return discard(compiler, node.expression);
    case "BlockStatement":
      return labelled(compiler, labels, () => block(compiler, node));
    case "IfStatement":
      return labelled(compiler, labels, () => {
        build.at(node.start);
        const otherwise = build.label();
        jumpIfFalse(compiler, node.test, otherwise);
        statement(compiler, node.consequent, []);
        if (node.alternate) {
          const done = build.label();
          build.emit("JMP", done);
          build.place(otherwise);
          statement(compiler, node.alternate, []);
          build.place(done);
        } else build.place(otherwise);
      });
    case "WhileStatement":
      return loop(compiler, { labels, start: node.start }, ({ top, next, end }) => {
        const again = repeatable(compiler, node.test, { top, end });
        statement(compiler, node.body, []);
        build.place(next);
        return again;
      });
    case "DoWhileStatement":
      return loop(compiler, { labels, start: node.start }, ({ top, next, end }) => {
        build.place(top);
        statement(compiler, node.body, []);
        build.place(next);
        return () => jumpIfFalse(compiler, node.test, end);
      });
    case "ForStatement":
      return compiler.within(node, () => forLoop(compiler, node, labels));
    case "ForOfStatement":
      return forOf(compiler, node, labels);
    case "ForInStatement":
      return forIn(compiler, node, labels);
    case "SwitchStatement":
      return switchStatement(compiler, node, labels);
    case "BreakStatement":
    case "ContinueStatement":
      build.at(node.start);
      return leave(compiler, node.type === "BreakStatement" ? "break" : "continue", node.label?.name);
    case "ReturnStatement": {
      const mark = build.top;
      build.at(node.start);
      if (node.argument === null && compiler.exits.every((exit) => !exit.finalizer && !exit.inFinally)) {
        build.emit("RETU");
        return;
      }
      const value = node.argument ? compiler.value(node.argument) : build.take();
      if (!node.argument) build.emit("UNDEF", value);
      build.at(node.start);
      returnFrom(compiler, value, compiler.exits);
      build.top = mark;
      return;
    }
    case "ThrowStatement": {
      const mark = build.top;
      build.at(node.start);
      const value = compiler.value(node.argument);
      build.at(node.start);
      build.emit("THROW", value);
      build.top = mark;
      return;
    }
    case "TryStatement":
      return labelled(compiler, labels, () => tryStatement(compiler, node));
    case "LabeledStatement":
      return statement(compiler, node.body, [...labels, node.label.name]);
    case "FunctionDeclaration":
    case "EmptyStatement":
      return;
  }
}

function block(compiler: FunctionCompiler, node: BlockStatement): void {
  compiler.within(node, () => statements(compiler, node.body));
}

function declaration(compiler: FunctionCompiler, node: VariableDeclaration): void {
  const { build } = compiler;
  for (const one of node.declarations) {
    build.at(one.start);
    if (one.id.type === "Identifier") {
      const variable = compiler.scope.variables.get(one.id.name)!;
      if (variable.register >= 0 && variable.early) {
        const mark = build.top;
        const value = one.init ? namedValue(compiler, one.init, { name: one.id.name }) : build.take();
        if (!one.init) build.emit("UNDEF", value);
        compiler.initialise(variable, value);
        build.top = mark;
        continue;
      }
      const register = build.take();
      if (one.init) namedValue(compiler, one.init, { name: one.id.name, into: register });
      else build.emit("UNDEF", register);
      variable.register = register;
      if (variable.boxed) build.emit("BOX", register);
      compiler.announce(variable);
    } else {
      reserveNames(compiler, one.id);
      const mark = build.top;
      if (one.id.type === "ArrayPattern") compiler.iterated = one.init!;
      const value = compiler.value(one.init!);
      bindPattern(compiler, one.id, value, originOf(one.init!));
      build.top = mark;
    }
  }
}

/** Run `work` so that `break label` leads behind it. */
function labelled(compiler: FunctionCompiler, labels: string[], work: () => void): void {
  if (labels.length === 0) return work();
  const breakTo = compiler.build.label();
  compiler.exits.push({ labels, breakTo, unlabelled: false });
  work();
  compiler.exits.pop();
  compiler.build.place(breakTo);
}

interface LoopLabels {
  top: Label;
  next: Label;
  end: Label;
}

/** A loop: `body` emits it up to where `continue` leads, and gives what closes it. */
function loop(
  compiler: FunctionCompiler,
  { labels, start }: { labels: string[]; start: number },
  body: (labels: LoopLabels) => () => void,
): void {
  const { build } = compiler;
  const [top, next, end] = [build.label(), build.label(), build.label()];
  compiler.exits.push({ labels, breakTo: end, continueTo: next, unlabelled: true });
  const count = build.count;
  const close = body({ top, next, end });
  compiler.exits.pop();
  close();
  build.at(start);
  build.emit("LOOP", top, build.count - count + 1);
  build.place(end);
}

/**
 * The test at the top of a loop; gives what emits it again at the bottom, where one jump less is needed. A test with
 * a function in it is emitted once.
 */
function repeatable(
  compiler: FunctionCompiler,
  test: Expression | null,
  to: { top: Label; end: Label },
): () => void {
  const { build } = compiler;
  const once = test !== null && hasFunction(test);
  if (once) build.place(to.top);
  if (test) jumpIfFalse(compiler, test, to.end);
  if (once) return () => {};
  build.place(to.top);
  return () => {
    if (test) jumpIfFalse(compiler, test, to.end);
  };
}

function forLoop(compiler: FunctionCompiler, node: ForStatement, labels: string[]): void {
  const { build } = compiler;
  if (node.init?.type === "VariableDeclaration") declaration(compiler, node.init);
  else if (node.init) discard(compiler, node.init);
  const fresh = [...compiler.scope.variables.values()].filter((one) => one.boxed && one.kind === "let");
  const renew = (): void => {
    for (const variable of fresh) build.emit("COPYBOX", variable.register);
  };
  renew();
  loop(compiler, { labels, start: node.start }, ({ top, next, end }) => {
    const again = repeatable(compiler, node.test, { top, end });
    statement(compiler, node.body, []);
    build.place(next);
    return () => {
      renew();
      if (node.update) discard(compiler, node.update);
      again();
    };
  });
}

function forOf(compiler: FunctionCompiler, node: ForOfStatement, labels: string[]): void {
  const { build } = compiler;
  const mark = build.top;
  const iterator = build.take();
  headValue(compiler, node, (value) => {
    build.at(node.right.start);
    build.emit("ITER", iterator, value, build.text(iterableText(node.right)));
  });
  loop(compiler, { labels, start: node.start }, ({ top, next, end }) => {
    build.place(top);
    const inner = build.top;
    const item = build.take();
    build.emit("NEXT", item, iterator, end);
    eachBody(compiler, node, item);
    build.top = inner;
    // Behind the body: also `continue` pays for going on.
    return () => build.place(next);
  });
  build.top = mark;
}

function forIn(compiler: FunctionCompiler, node: ForInStatement, labels: string[]): void {
  const { build } = compiler;
  const mark = build.top;
  const object = build.take();
  const keys = build.take();
  headValue(compiler, node, (value) => {
    build.emit("MOVE", object, value);
    build.emit("KEYS", keys, object);
  });
  loop(compiler, { labels, start: node.start }, ({ top, next, end }) => {
    build.place(top);
    const inner = build.top;
    const item = build.take();
    build.emit("NEXTKEY", item, keys, object, end);
    eachBody(compiler, node, item);
    build.top = inner;
    // Behind the body: also `continue` pays for going on.
    return () => build.place(next);
  });
  build.top = mark;
}

/** Evaluate what a `for…of` walks: the names of the loop exist already, and are not initialised. */
function headValue(
  compiler: FunctionCompiler,
  node: ForOfStatement | ForInStatement,
  use: (register: number) => void,
): void {
  const { build } = compiler;
  const mark = build.top;
  const outer = compiler.scope;
  compiler.scope = compiler.analysis.scopes.get(node)!;
  const early = [...compiler.scope.variables.values()].filter((one) => one.early);
  for (const variable of early) {
    variable.register = build.take();
    build.emit("UNSET", variable.register);
    if (variable.boxed) build.emit("BOX", variable.register);
  }
  if (node.type === "ForOfStatement") compiler.iterated = node.right;
  use(compiler.value(node.right));
  for (const variable of early) variable.register = -1;
  compiler.scope = outer;
  build.top = mark;
}

function eachBody(compiler: FunctionCompiler, node: ForOfStatement | ForInStatement, item: number): void {
  const { left } = node;
  compiler.within(node, () => {
    if (left.type === "VariableDeclaration") {
      const pattern = left.declarations[0]!.id;
      bindPattern(compiler, pattern, item, FOR);
    } else {
      const mark = compiler.build.top;
      assignPattern(compiler, left, item);
      compiler.build.top = mark;
    }
    statement(compiler, node.body, []);
  });
}

function switchStatement(compiler: FunctionCompiler, node: SwitchStatement, labels: string[]): void {
  const { build } = compiler;
  const mark = build.top;
  build.at(node.start);
  const value = build.take();
  compiler.value(node.discriminant, value);
  const end = build.label();
  compiler.exits.push({ labels, breakTo: end, unlabelled: true });
  compiler.within(node, () => {
    hoist(compiler, node.cases.flatMap((one) => one.consequent));
    const targets = node.cases.map(() => build.label());
    node.cases.forEach((one, index) => {
      if (!one.test) return;
      const inner = build.top;
      const test = compiler.value(one.test);
      build.emit("JSEQ", value, test, targets[index]!);
      build.top = inner;
    });
    const fallback = node.cases.findIndex((one) => one.test === null);
    build.emit("JMP", fallback < 0 ? end : targets[fallback]!);
    node.cases.forEach((one, index) => {
      build.place(targets[index]!);
      for (const inner of one.consequent) statement(compiler, inner, []);
    });
  });
  compiler.exits.pop();
  build.place(end);
  build.top = mark;
}

/** Emit a `break` or `continue`. */
function leave(compiler: FunctionCompiler, kind: "break" | "continue", label: string | undefined): void {
  const { exits } = compiler;
  let index = exits.length - 1;
  for (; index >= 0; index--) {
    const exit = exits[index]!;
    const named = label === undefined ? exit.unlabelled : exit.labels.includes(label);
    if (named && (kind === "break" ? exit.breakTo : exit.continueTo)) break;
  }
  const exit = exits[index]!;
  const target = kind === "break" ? exit.breakTo! : exit.continueTo!;
  leaveTo(compiler, exits, { depth: index, target });
}

function leaveTo(
  compiler: FunctionCompiler,
  exits: Exit[],
  to: { depth: number; target: Label },
): void {
  const { build } = compiler;
  for (let index = exits.length - 1; index > to.depth; index--) {
    const { finalizer, inFinally } = exits[index]!;
    if (inFinally) build.emit("KEEP", inFinally.kind, inFinally.value);
    if (finalizer) {
      const rest = exits.slice(0, index);
      passThrough(compiler, finalizer, () => leaveTo(compiler, rest, to));
      return;
    }
  }
  build.emit("JMP", to.target);
}

function passThrough(compiler: FunctionCompiler, finalizer: Finalizer, then: () => void): void {
  const { build } = compiler;
  const number = finalizer.targets.push(then) + 1;
  build.emit("LOADI", finalizer.kind, number);
  build.emit("JMP", finalizer.entry);
}

function returnFrom(compiler: FunctionCompiler, value: number, exits: Exit[]): void {
  const { build } = compiler;
  for (let index = exits.length - 1; index >= 0; index--) {
    const { finalizer, inFinally } = exits[index]!;
    if (inFinally) build.emit("KEEP", inFinally.kind, inFinally.value);
    if (finalizer) {
      const rest = exits.slice(0, index);
      build.emit("MOVE", finalizer.value, value);
      passThrough(compiler, finalizer, () => returnFrom(compiler, finalizer.value, rest));
      return;
    }
  }
  build.emit("RET", value);
}

function tryStatement(compiler: FunctionCompiler, node: TryStatement): void {
  if (node.finalizer) withFinally(compiler, node, node.finalizer);
  else withCatch(compiler, node);
}

function withCatch(compiler: FunctionCompiler, node: TryStatement): void {
  const { build } = compiler;
  const { handler } = node;
  if (!handler) return block(compiler, node.block);
  const mark = build.top;
  const caught = build.take();
  const start = build.pc;
  block(compiler, node.block);
  const end = build.pc;
  const done = build.label();
  build.emit("JMP", done);
  build.handlers.push(start, end, build.pc, caught, 0);
  compiler.within(handler, () => {
    if (handler.param) bindPattern(compiler, handler.param, caught, { object: ".catch", list: "" });
    block(compiler, handler.body);
  });
  build.place(done);
  build.top = mark;
}

function withFinally(compiler: FunctionCompiler, node: TryStatement, finalizer: BlockStatement): void {
  const { build } = compiler;
  const mark = build.top;
  const [kind, value] = [build.take(), build.take()];
  const exit: Finalizer = { entry: build.label(), kind, value, targets: [] };
  // A suspension inside the block saves these two registers: they must not hold what was there before.
  build.emit("UNDEF", kind);
  build.emit("UNDEF", value);
  const start = build.pc;
  compiler.exits.push({ labels: [], unlabelled: false, finalizer: exit });
  withCatch(compiler, node);
  compiler.exits.pop();
  const end = build.pc;
  build.emit("LOADI", kind, 0);
  build.emit("JMP", exit.entry);
  build.handlers.push(start, end, build.pc, value, 1);
  build.emit("LOADI", kind, 1);
  build.place(exit.entry);
  compiler.exits.push({ labels: [], unlabelled: false, inFinally: { kind, value } });
  block(compiler, finalizer);
  compiler.exits.pop();
  build.emit("RETHROW", kind, value);
  for (let index = 0; index < exit.targets.length; index++) {
    const next = build.label();
    build.emit("JSNEI", kind, index + 2, next);
    exit.targets[index]!();
    build.place(next);
  }
  build.top = mark;
}
