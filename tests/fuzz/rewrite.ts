/**
 * The same program as another text.
 *
 * @module
 */

import { eachChild, type Node, parseFlow } from "../../src/flow/parser/mod.ts";

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The same program with comments and blank lines, its functions renamed, and declared functions at the end of their block. */
export function rewrite(source: string): string {
  return moved(renamed(source));
}

function treeOf(source: string): Node {
  const { ast } = parseFlow({ name: "fuzz.flow", source });
  return ast!;
}

function renamed(source: string): string {
  const ast = treeOf(source);
  const declared = new Map<string, number>();
  const functions = new Set<string>();
  const note = (name: string): void => void declared.set(name, (declared.get(name) ?? 0) + 1);
  // Any name in a pattern counts: too many are left alone, and none is renamed wrongly.
  const pattern = (node: Node): void => {
    if (node.type === "Identifier") note(node.name);
    eachChild(node, pattern);
  };
  const walk = (node: Node): void => {
    if (node.type === "VariableDeclarator") pattern(node.id);
    if (node.type === "CatchClause" && node.param) pattern(node.param);
    if (
      node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
      node.type === "ArrowFunctionExpression"
    ) {
      node.params.forEach(pattern);
      if (node.id) note(node.id.name);
      if (node.type === "FunctionDeclaration") functions.add(node.id.name);
    }
    eachChild(node, walk);
  };
  walk(ast);
  const edits: Edit[] = [];
  const isRenamed = (name: string): boolean => functions.has(name) && declared.get(name) === 1;
  const replace = (node: Node): void => {
    if (node.type === "Property" && node.shorthand) {
      const { name } = node.key as { name: string };
      if (isRenamed(name)) {
        edits.push({ start: node.key.start, end: node.key.end, text: `${name}: ${name}2` });
      }
      return;
    }
    if (node.type === "Identifier" && isRenamed(node.name)) {
      edits.push({ start: node.start, end: node.end, text: `${node.name}2` });
    }
    const skipped = node.type === "Property" && !node.computed
      ? node.key
      : node.type === "MemberExpression" && !node.computed
      ? node.property
      : undefined;
    eachChild(node, (child) => {
      if (child !== skipped) replace(child);
    });
  };
  replace(ast);
  return edited(source, edits);
}

function moved(source: string): string {
  const ast = treeOf(source);
  // From the inside to the outside: each list is written anew once.
  const write = (from: number, to: number, lists: readonly Node[]): string => {
    const edits: Edit[] = lists.map((list) => ({ start: list.start, end: list.end, text: ofList(list) }));
    return edited(
      source.slice(from, to),
      edits.map(({ start, end, text }) => ({ start: start - from, end: end - from, text })),
    );
  };
  const ofList = (list: Node): string => {
    const { body } = list as { body: Node[] };
    const isOwn = list.type === "Program";
    const text = (node: Node): string => write(node.start, node.end, listsIn(node));
    const functions = body.filter(({ type }) => type === "FunctionDeclaration");
    const others = body.filter(({ type }) => type !== "FunctionDeclaration");
    const parts = [...others, ...functions.reverse()].map((node) =>
      `// here: ${node.type}\n\n${text(node)}\n;`
    );
    const head = isOwn ? source.slice(0, list.start) : "{";
    return `${head}\n${parts.join("\n/* ; } */\n")}\n${isOwn ? "" : "}"}`;
  };
  return ofList(ast);
}

function listsIn(node: Node): Node[] {
  const found: Node[] = [];
  const walk = (part: Node): void => {
    if (part.type === "BlockStatement") found.push(part);
    else eachChild(part, walk);
  };
  walk(node);
  return found;
}

function edited(text: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
