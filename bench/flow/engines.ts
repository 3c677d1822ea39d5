import { getQuickJS } from "quickjs-emscripten";
import { evaluate } from "eval5";
import Interpreter from "js-interpreter";
import Sval from "sval";
import { compileFlow, startFlow } from "../../src/flow/mod.ts";

/** Something that runs JavaScript: ready to run one program again and again. */
export interface Engine {
  name: string;
  prepare(body: string): () => unknown;
}

const context = { executionId: "bench", flow: "bench", version: 1, queue: "default", attempt: 1 };
const start = {
  inputs: {},
  context: { ...context, parentId: null, createdAt: "2026-01-01T00:00:00Z", metadata: {} },
};
const host = { executionId: "1", seed: "1", epoch: 0, step: 1, moment: new Date(0) };

const flow: Engine = {
  name: "flow",
  prepare(body): () => unknown {
    const source = `let result;\n${body}\nreturn result;`;
    const { program, diagnostics } = compileFlow({ name: "bench.flow", source });
    if (!program) throw new Error(diagnostics[0]!.message);
    const limits = { instructions: Number.MAX_SAFE_INTEGER };
    return () => startFlow(program, start, host, { limits }).output;
  },
};

/** ES5 has no `let`. */
function es5(body: string): string {
  return `var result;\n${body.replace(/\blet\b/g, "var")}`;
}

const sval: Engine = {
  name: "sval",
  prepare: (body) => () => {
    const interpreter = new Sval({ ecmaVer: 2019, sandBox: true });
    interpreter.run(`let result;\n${body}\nexports.result = result;`);
    return interpreter.exports.result;
  },
};

const jsInterpreter: Engine = {
  name: "js-interpreter",
  prepare: (body) => () => {
    const interpreter = new Interpreter(`${es5(body)}\nresult;`);
    interpreter.run();
    return interpreter.value;
  },
};

const eval5: Engine = { name: "eval5", prepare: (body) => () => evaluate(`${es5(body)}\nresult;`, {}) };

/** All engines; quickjs is C compiled to WebAssembly. */
export async function loadEngines(): Promise<Engine[]> {
  const quickjs = await getQuickJS();
  const wasm: Engine = {
    name: "quickjs",
    prepare: (body) => () => quickjs.evalCode(`(() => { let result;\n${body}\nreturn result; })()`),
  };
  return [flow, sval, jsInterpreter, eval5, wasm];
}
