import { agrees } from "./agree.ts";

const kinds = ["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];

for (const kind of kinds) {
  agrees(
    kind,
    `
    new ${kind}("m")
    ${kind}("m").message
    new ${kind}().hasOwnProperty("message")
    new ${kind}(undefined, { cause: 5 }).cause
    new ${kind}("m", { cause: undefined }).hasOwnProperty("cause")
    new ${kind}("m", {}).hasOwnProperty("cause")
    new ${kind}(5).message
    new ${kind}({ toString: () => "text" }).message
    String(new ${kind}("m"))
    String(new ${kind}())
    Object.keys(new ${kind}("m"))
    new ${kind}("m") instanceof ${kind}
    new ${kind}("m") instanceof Error
    new ${kind}("m") instanceof RangeError
    new ${kind}("m").name
    ${kind}.name + ${kind}.length
    typeof new ${kind}("m").stack
  `,
  );
}

agrees(
  "Error: toString and members",
  `
  (() => { const e = new Error("m"); e.name = "Mine"; return [String(e), Object.keys(e)]; })()
  (() => { const e = new Error("m"); e.name = ""; return String(e); })()
  (() => { const e = new Error("m"); e.name = undefined; return String(e); })()
  (() => { const e = new Error("m"); e.message = ""; return String(e); })()
  (() => { const e = new Error("m"); e.code = "C"; return [e.code, JSON.stringify(e)]; })()
  new AggregateError([1, 2], "m").errors
  new AggregateError(new Set([1]), "m", { cause: 3 }).cause
  new AggregateError(5)
  AggregateError([]).message
  AggregateError.length
  new AggregateError([]) instanceof Error
  ({}) instanceof Error
`,
);
