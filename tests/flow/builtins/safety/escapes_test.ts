import assert from "node:assert/strict";
import { end, run } from "../agree.ts";

/** Known ways from a value to the host, each with its name computed so that only the run can refuse it. */
const WAYS = `
  []["const" + "ructor"]
  ({})["const" + "ructor"]
  (() => 1)["const" + "ructor"]("return 1")()
  (async () => 1)["const" + "ructor"]
  ""["const" + "ructor"]
  (1)["const" + "ructor"]
  new Map()["const" + "ructor"]
  new Date()["const" + "ructor"]
  /a/["const" + "ructor"]
  Promise.resolve()["const" + "ructor"]
  new Error("x")["const" + "ructor"]
  [].values()["const" + "ructor"]
  Math["const" + "ructor"]
  Array["const" + "ructor"]
  [].map["const" + "ructor"]
  ({})["__pro" + "to__"]
  (() => 1)["__pro" + "to__"]
  "x"["__pro" + "to__"]
  ({})["__define" + "Getter__"]
  ({})["__lookup" + "Getter__"]
  Array["proto" + "type"]
  (() => 1)["proto" + "type"]
  [].push["app" + "ly"]
  [].push["ca" + "ll"]
  [].push["bi" + "nd"]
  (() => 1)["arg" + "uments"]
  (() => 1)["call" + "er"]
  Error["captureStack" + "Trace"]
  Error["prepareStack" + "Trace"]
  RegExp["input"]
  RegExp["$1"]
  Object["getPrototype" + "Of"]
  Object["create"]
  Object["defineProperty"]
  JSON["rawJSON"]
  /a/["compile"]
`.trim().split("\n").map((line) => line.trim());

for (const way of WAYS) {
  Deno.test(`${way} is refused`, () => {
    // A function gives the object: registration does not see what it is.
    const source = `const give = (x) => x; try { return String(${
      way.replace(/^(\[\]|""|\/a\/|[A-Z]\w+)\[/, "give($1)[")
    }); } catch (e) { return e.code; }`;
    assert.equal(end(source), "FLOW_UNSUPPORTED_MEMBER");
  });
}

Deno.test("keys named like members of prototypes are ordinary keys, and nothing of the host changes", () => {
  const source = `
    const bad = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    const made = [
      { ...bad }, { ...bad, a: 1 }, structuredClone(bad), Object.fromEntries(Object.entries(bad)),
      Object.groupBy(["__proto__", "constructor"], (x) => x), JSON.parse(JSON.stringify(bad)),
      "x".match(/(?<__proto__>x)/).groups, { ["__pro" + "to__"]: { polluted: 1 } },
    ];
    const { ["__pro" + "to__"]: taken, ...rest } = bad;
    for (const key of ["__proto__", "constructor", "toString"]) made[0][key] = { polluted: 1 };
    return [made.map((one) => one.polluted === undefined), ({}).polluted === undefined, Object.keys(bad), Object.keys(rest), taken];`;
  assert.deepEqual(end(source), [
    Array.from({ length: 8 }, () => true),
    true,
    ["__proto__", "constructor"],
    ["constructor"],
    { polluted: 1 },
  ]);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.equal(({} as Record<string, unknown>).toString, Object.prototype.toString);
});

Deno.test("an error tells nothing of the host: its stack names lines of the flow only", () => {
  const source = `
    const stacks = [];
    const note = (work) => { try { work(); } catch (e) { stacks.push(e.stack, e.message, String(e)); } };
    note(() => null.x); note(() => JSON.parse("{")); note(() => new RegExp("(")); note(() => "x".repeat(-1));
    note(() => (1).toFixed(101)); note(() => "x".normalize("y")); note(() => new Date(NaN).toISOString());
    note(() => [].reduce((a) => a)); note(() => structuredClone(() => 1)); note(() => { const f = () => f(); f(); });
    note(() => (1).toLocaleString("de", { style: "currency" })); note(() => "a".localeCompare("b", "!!"));
    note(() => [3, 1].sort(() => { throw new Error("mine"); }));
    return stacks;`;
  const texts = end(source) as string[];
  assert.equal(texts.length, 39);
  for (const text of texts) assert.doesNotMatch(text, /file:|\.ts|node_modules|ext:|interpret|machine/i);
});

Deno.test("what a flow throws does not carry values of the host to the outside", () => {
  for (
    const thrown of ["() => 1", "Math", "Promise.resolve()", "new Map([[1, () => 1]])", "/a/", "[].values()"]
  ) {
    const { status, error } = run(`throw ${thrown}`);
    assert.equal(status, "failed");
    assert.deepEqual(JSON.parse(JSON.stringify(error)), error, thrown);
  }
});
