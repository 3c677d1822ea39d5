import { lineStarts, positionAt } from "../diagnostics/mod.ts";
import type {
  BlockStatement,
  CallExpression,
  Expression,
  FunctionNode,
  Node,
  Program,
  Statement,
  SwitchStatement,
  TryStatement,
} from "../parser/ast.ts";
import { eachChild } from "../parser/children.ts";
import type { Branch, FlowGraph, Step } from "./model.ts";

const COMBINATORS: Record<string, string> = {
  all: "all of",
  allSettled: "all of",
  allKeyed: "all of",
  allSettledKeyed: "all of",
  any: "first to succeed",
  any_kv: "first to succeed",
  race: "first of",
  race_kv: "first of",
};

/** Methods that call what they are given, for each item. */
const EACH = new Set(
  [
    "map",
    "flatMap",
    "forEach",
    "filter",
    "find",
    "findIndex",
    "some",
    "every",
    "reduce",
    "reduceRight",
    "from",
  ],
);

const DURABLE: Record<string, "task" | "workflow" | "timer" | "signal" | "send"> = {
  "Task.run": "task",
  "Workflow.run": "workflow",
  "Timer.delay": "timer",
  "Timer.until": "timer",
  "Signal.next": "signal",
  "Signal.when": "signal",
  "Signal.send": "send",
};

/**
 * Reads off a flow's tree what it does durably: code between two waits is left out, a branch or loop that holds
 * nothing durable and leaves nothing is left out too.
 *
 * @param name the flow's name
 * @param ast its tree
 * @param source its text
 */
export function buildGraph(name: string, { ast, source }: { ast: Program; source: string }): FlowGraph {
  const reader = new GraphReader(source, ast);
  return { name, steps: reader.statements(ast.body), functions: reader.functions() };
}

class GraphReader {
  readonly #source: string;
  readonly #starts: readonly number[];
  /** The flow's own named functions that do something durable. */
  readonly #named = new Map<string, FunctionNode>();

  constructor(source: string, ast: Program) {
    this.#source = source;
    this.#starts = lineStarts(source);
    const all = new Map<string, FunctionNode>();
    collectFunctions(ast, all);
    // Durable is what does something durable, or calls what does: look until no more are found.
    for (let found = -1; found < this.#named.size;) {
      found = this.#named.size;
      for (const [name, fn] of all) {
        if (!this.#named.has(name) && this.#isDurable(fn.body)) this.#named.set(name, fn);
      }
    }
  }

  functions(): FlowGraph["functions"] {
    return [...this.#named].map(([name, fn]) => ({ name, line: this.#line(fn), steps: this.#body(fn) }));
  }

  statements(list: readonly Statement[]): Step[] {
    return list.flatMap((one) => this.#statement(one));
  }

  #statement(node: Statement): Step[] {
    switch (node.type) {
      case "BlockStatement":
        return this.statements(node.body);
      case "LabeledStatement":
        return this.#statement(node.body);
      case "FunctionDeclaration":
        return [];
      case "IfStatement":
        return this.#choice(node.test, node, [
          { label: "yes", steps: this.#statement(node.consequent) },
          { label: "no", steps: node.alternate === null ? [] : this.#statement(node.alternate) },
        ]);
      case "SwitchStatement":
        return this.#switch(node);
      case "WhileStatement":
        return this.#loop(`while ${this.#text(node.test)}`, node, [
          ...this.#expression(node.test),
          ...this.#statement(node.body),
        ]);
      case "DoWhileStatement":
        return this.#loop(`again while ${this.#text(node.test)}`, node, this.#statement(node.body));
      case "ForStatement": {
        const label = node.test === null ? "for ever" : `for ${this.#text(node.test)}`;
        const [loop] = this.#loop(label, node, this.#statement(node.body));
        return loop === undefined ? [] : [node.test === null ? { ...loop, endless: true } as Step : loop];
      }
      case "ForOfStatement":
      case "ForInStatement":
        return [
          ...this.#expression(node.right),
          ...this.#loop(
            `for each ${this.#text(node.left).replace(/^(const|let) /, "")} ${
              node.type === "ForOfStatement" ? "of" : "in"
            } ${this.#text(node.right)}`,
            node,
            this.#statement(node.body),
          ),
        ];
      case "TryStatement":
        return this.#try(node);
      case "ReturnStatement":
        return [
          ...(node.argument === null ? [] : this.#expression(node.argument)),
          {
            kind: "return",
            label: node.argument === null ? "return" : `return ${this.#text(node.argument)}`,
            line: this.#line(node),
          },
        ];
      case "ThrowStatement":
        return [
          ...this.#expression(node.argument),
          { kind: "throw", label: `throw ${this.#text(node.argument)}`, line: this.#line(node) },
        ];
      case "BreakStatement":
      case "ContinueStatement": {
        const word = node.type === "BreakStatement" ? "break" : "continue";
        const label = node.label === null ? word : `${word} ${node.label.name}`;
        return [{ kind: "leave", label, line: this.#line(node) }];
      }
      default:
        return this.#expression(node);
    }
  }

  #choice(test: Expression, node: Node, branches: Branch[]): Step[] {
    const before = this.#expression(test);
    if (branches.every(({ steps }) => steps.length === 0)) return before;
    return [...before, { kind: "choice", label: this.#text(test), line: this.#line(node), branches }];
  }

  #switch(node: SwitchStatement): Step[] {
    const branches: Branch[] = [];
    let labels: string[] = [];
    for (const one of node.cases) {
      labels.push(one.test === null ? "otherwise" : this.#text(one.test));
      if (one.consequent.length === 0) continue;
      const steps = this.statements(one.consequent);
      if (steps.at(-1)?.kind === "leave" && steps.at(-1)?.label === "break") steps.pop();
      branches.push({ label: labels.join(", "), steps });
      labels = [];
    }
    if (!node.cases.some((one) => one.test === null)) branches.push({ label: "otherwise", steps: [] });
    return this.#choice(node.discriminant, node, branches);
  }

  #loop(label: string, node: Node, body: Step[]): Step[] {
    return body.every((step) => step.kind === "leave")
      ? []
      : [{ kind: "loop", label: shorten(label), line: this.#line(node), body }];
  }

  #try(node: TryStatement): Step[] {
    const body = this.statements(node.block.body);
    const { handler, finalizer } = node;
    const caught = handler === null ? undefined : {
      label: handler.param === null ? "error" : this.#text(handler.param),
      steps: this.statements(handler.body.body),
    };
    const last = finalizer === null ? undefined : this.statements(finalizer.body);
    if (body.length === 0) return [...(last ?? [])];
    return [{
      kind: "attempt",
      label: "try",
      line: this.#line(node),
      body,
      ...(caught === undefined ? {} : { caught }),
      ...(last === undefined || last.length === 0 ? {} : { last }),
    }];
  }

  /** What an expression does, in the order of the source. */
  #expression(node: Node): Step[] {
    switch (node.type) {
      case "CallExpression":
        return this.#call(node);
      case "ConditionalExpression":
        return this.#choice(node.test, node, [
          { label: "yes", steps: this.#expression(node.consequent) },
          { label: "no", steps: this.#expression(node.alternate) },
        ]);
      case "LogicalExpression": {
        const right = this.#expression(node.right);
        const left = this.#expression(node.left);
        if (right.length === 0) return left;
        const label = node.operator === "??" ? `${this.#text(node.left)} is missing` : this.#text(node.left);
        const [yes, no] = node.operator === "||" ? [[], right] : [right, []];
        const branches = [{ label: "yes", steps: yes }, { label: "no", steps: no }];
        return [...left, { kind: "choice", label: shorten(label), line: this.#line(node), branches }];
      }
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return [];
      default: {
        const steps: Step[] = [];
        eachChild(node, (child) => void steps.push(...this.#expression(child)));
        return steps;
      }
    }
  }

  #call(node: CallExpression): Step[] {
    const callee = this.#text(node.callee);
    const line = this.#line(node);
    const kind = DURABLE[callee];
    if (kind !== undefined) {
      return [...node.arguments.flatMap((one) => this.#expression(one)), {
        kind,
        label: this.#durableLabel(kind, node),
        line,
      }];
    }
    if (this.#named.has(callee)) {
      return [...node.arguments.flatMap((one) => this.#expression(one)), {
        kind: "call",
        label: this.#text(node),
        line,
      }];
    }
    const combined = /^Promise\.(\w+)$/.exec(callee)?.[1];
    if (combined !== undefined && COMBINATORS[combined] !== undefined) {
      return this.#parallel(COMBINATORS[combined], node);
    }
    return this.#ordinary(node);
  }

  #ordinary(node: CallExpression): Step[] {
    const before: Step[] = this.#expression(node.callee);
    const inner: Step[] = [];
    for (const argument of node.arguments) {
      if (isFunction(argument)) inner.push(...this.#body(argument));
      else if (argument.type === "Identifier" && this.#named.has(argument.name)) {
        inner.push({ kind: "call", label: `${argument.name}()`, line: this.#line(argument) });
      } else before.push(...this.#expression(argument));
    }
    const within = inner.filter((step) => step.kind !== "return");
    if (within.length === 0) return before;
    const line = this.#line(node);
    const method = node.callee.type === "MemberExpression" ? this.#text(node.callee.property) : "";
    if (node.callee.type === "MemberExpression" && EACH.has(method)) {
      const of = method === "from" ? node.arguments[0]! : node.callee.object;
      return [...before, {
        kind: "loop",
        label: shorten(`for each of ${this.#text(of)}`),
        line,
        body: within,
      }];
    }
    return [...before, {
      kind: "later",
      label: shorten(`kept by ${this.#text(node.callee)}`),
      line,
      body: within,
    }];
  }

  #parallel(label: string, node: CallExpression): Step[] {
    const [given] = node.arguments;
    const branches: Branch[] = [];
    if (given?.type === "ArrayExpression") {
      for (const one of given.elements) {
        if (one !== null) branches.push({ label: "", steps: this.#expression(one) });
      }
    } else if (given?.type === "ObjectExpression") {
      for (const one of given.properties) {
        if (one.type !== "Property") branches.push({ label: "", steps: this.#expression(one) });
        else branches.push({ label: this.#text(one.key), steps: this.#expression(one.value) });
      }
    } else if (given !== undefined) {
      branches.push({ label: "", steps: this.#expression(given) });
    }
    const durable = branches.filter(({ steps }) => steps.length > 0);
    return durable.length === 0
      ? []
      : [{ kind: "parallel", label, line: this.#line(node), branches: durable }];
  }

  #body(fn: FunctionNode): Step[] {
    return fn.body.type === "BlockStatement" ? this.statements(fn.body.body) : this.#expression(fn.body);
  }

  #durableLabel(kind: string, node: CallExpression): string {
    const [first, second] = node.arguments;
    if (kind === "send") return second === undefined ? "?" : plain(this.#text(second));
    const name = first === undefined ? "?" : plain(this.#text(first));
    if (kind !== "signal" || second === undefined) return shorten(name);
    const timeout = /timeout:\s*([^,}]+)/.exec(this.#text(second))?.[1]?.trim();
    return timeout === undefined ? name : shorten(`${name}, ${plain(timeout)} at most`);
  }

  #isDurable(node: Node): boolean {
    if (node.type === "CallExpression") {
      const callee = this.#text(node.callee);
      if (DURABLE[callee] !== undefined || this.#named.has(callee)) return true;
    }
    let durable = false;
    eachChild(node, (child) => durable ||= this.#isDurable(child));
    return durable;
  }

  #text(node: Node): string {
    return shorten(this.#source.slice(node.start, node.end).replace(/\s+/g, " "));
  }

  #line(node: Node): number {
    return positionAt(this.#starts, node.start).line;
  }
}

function collectFunctions(node: Node, found: Map<string, FunctionNode>): void {
  if (node.type === "FunctionDeclaration") found.set(node.id.name, node);
  if (node.type === "VariableDeclarator" && node.id.type === "Identifier" && isFunction(node.init)) {
    found.set(node.id.name, node.init);
  }
  eachChild(node, (child) => collectFunctions(child, found));
}

function isFunction(
  node: Node | null,
): node is Exclude<FunctionNode, { type: "FunctionDeclaration" }> & { body: BlockStatement | Expression } {
  return node?.type === "ArrowFunctionExpression" || node?.type === "FunctionExpression";
}

// A text literal is shown without its quotes.
function plain(text: string): string {
  return /^(["'`])([^"'`]*)\1$/.exec(text)?.[2] ?? text;
}

function shorten(text: string): string {
  return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}
