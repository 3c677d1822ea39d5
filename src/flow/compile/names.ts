import type { FunctionCompiler } from "./compiler.ts";

/** Read a name; gives the register that holds it (its own, if `into` is absent and it has one). */
export function readName(
  compiler: FunctionCompiler,
  node: { name: string; start: number },
  into?: number,
): number {
  const { build } = compiler;
  const { name } = node;
  const variable = compiler.scope.find(name);
  if (variable === undefined) {
    const target = into ?? build.take();
    if (name === "undefined") build.emit("UNDEF", target);
    else {
      build.at(node.start);
      build.program.globals.add(name);
      build.emit("GLOBAL", target, build.text(name));
    }
    return target;
  }
  const checked = variable.early &&
    (variable.scope.skippable || !compiler.owns(variable) || node.start < variable.ready);
  if (checked) build.at(node.start);
  if (!compiler.owns(variable)) {
    const target = into ?? build.take();
    const index = build.capture(variable);
    if (!variable.boxed) build.emit("CAP", target, index);
    else if (checked) build.emit("CAPBOXC", target, index, build.text(name));
    else build.emit("CAPBOX", target, index);
    return target;
  }
  if (variable.register < 0) throw new Error(`"${name}" has no register at ${node.start}`);
  if (variable.boxed) {
    const target = into ?? build.take();
    if (checked) build.emit("BOXGETC", target, variable.register, build.text(name));
    else build.emit("BOXGET", target, variable.register);
    return target;
  }
  if (checked) build.emit("CHECK", variable.register, build.text(name));
  if (into === undefined || into === variable.register) return variable.register;
  build.emit("MOVE", into, variable.register);
  return into;
}

/** Assign a register to a name. */
export function writeName(
  compiler: FunctionCompiler,
  node: { name: string; start: number },
  source: number,
): void {
  const { build } = compiler;
  const variable = compiler.scope.find(node.name);
  if (variable === undefined) throw new Error(`"${node.name}" is assigned but not declared`);
  const name = build.text(node.name);
  const checked = variable.early;
  if (checked || variable.kind === "const" || variable.kind === "self") build.at(node.start);
  if (variable.kind === "const" || variable.kind === "self") {
    if (checked) readName(compiler, node);
    build.emit("CONST", name);
    return;
  }
  if (!compiler.owns(variable)) {
    const index = build.capture(variable);
    if (checked) build.emit("SETCAPBOXC", index, source, name);
    else build.emit("SETCAPBOX", index, source);
  } else if (variable.boxed) {
    if (checked) build.emit("BOXSETC", variable.register, source, name);
    else build.emit("BOXSET", variable.register, source);
  } else {
    if (checked) build.emit("CHECK", variable.register, name);
    if (variable.register !== source) build.emit("MOVE", variable.register, source);
  }
}

/** The register into which a value for this name can be computed directly; undefined if it needs more than that. */
export function plainRegister(compiler: FunctionCompiler, name: string): number | undefined {
  const variable = compiler.scope.find(name);
  if (variable === undefined || !compiler.owns(variable) || variable.boxed || variable.early) {
    return undefined;
  }
  if (variable.kind === "const" || variable.kind === "self") return undefined;
  return variable.register;
}
