import assert from "node:assert/strict";
import { hashOf } from "../../../src/flow/compile/verify.ts";
import { Op } from "../../../src/flow/compile/opcodes.ts";
import { type Program, startFlow } from "../../../src/flow/mod.ts";
import { compile, createHost, startWith } from "./support.ts";

/** A program with a change, and the hash of what it then is. */
function changed(source: string, change: (program: Program) => void): Program {
  const program = compile(source);
  change(program);
  program.hash = hashOf(program);
  return program;
}

const main = ({ functions }: Program): Program["functions"][number] => functions[0]!;

const DAMAGED: Record<string, Program> = {
  "more registers than its code names": changed("return 1", (one) => main(one).registers = 1e9),
  "an instruction that does not exist": changed("return 1", (one) => main(one).code.unshift(999)),
  "a jump back that costs nothing": changed("for (;;) Date.now()", (one) => {
    const { code } = main(one);
    code[code.lastIndexOf(Op.LOOP) + 2] = 0;
  }),
  "a jump back without a price": changed("if (Inputs) Date.now()", (one) => {
    const { code } = main(one);
    code[code.indexOf(Op.JF) + 2] = 0;
  }),
  "a constant that is not there": changed('return "a"', (one) => one.constants.length = 0),
  "a function that is not there": changed("return () => 1", (one) => one.functions.length = 1),
  "a body that does not return": changed("Date.now()", (one) => main(one).code.pop()),
  "a wait in a function that is not async": changed("await (async () => { await 1 })()", (one) => {
    one.functions[1]!.async = false;
  }),
  "an exception that is handled where it was thrown": changed("try { Date() } catch {}", (one) => {
    main(one).handlers[2] = 0;
  }),
  "no list of functions": changed("return 1", (one) => one.functions.length = 0),
};

for (const [what, program] of Object.entries(DAMAGED)) {
  Deno.test(`startFlow() refuses a program with ${what}`, () => {
    assert.throws(() => startFlow(program, startWith(), createHost()), {
      name: "ProgramError",
      code: "FLOW_PROGRAM_DAMAGED",
    });
  });
}

Deno.test("startFlow() refuses a program that is not what its hash says, and takes one whose keys were sorted", () => {
  const program = compile("return 1.5");
  const sorted = JSON.parse(JSON.stringify(program, (_key, value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
  }));
  assert.equal(startFlow(sorted, startWith(), createHost()).output, 1.5);
  const other: Program = { ...program, source: "return 2.5" };
  assert.throws(() => startFlow(other, startWith(), createHost()), { code: "FLOW_PROGRAM_DAMAGED" });
});

Deno.test("calls that need more registers than there can be throw a RangeError", () => {
  const many = Array.from({ length: 5_000 }, (_, index) => `a${index} = n`).join(", ");
  const program = compile(
    `function f(n) { let ${many}; return f(n + 1) + a1 } try { f(0) } catch (e) { return e.name }`,
  );
  assert.equal(startFlow(program, startWith(), createHost()).output, "RangeError");
});
