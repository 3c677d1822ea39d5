import assert from "node:assert/strict";
import { agrees, end } from "./agree.ts";

agrees(
  "Iterators",
  `
  (() => { const i = [1, 2].values(); return [i.next(), i.next(), i.next(), i.next()]; })()
  (() => { const i = new Map([[1, 2]]).entries(); return [i.next(), i.next()]; })()
  (() => { const i = "a1b2".matchAll(/\\d/g); return [i.next().value[0], [...i].length, i.next()]; })()
  (() => { const a = [1]; const i = a.values(); a.push(2); return [...i]; })()
  (() => { const i = [1, 2, 3].values(); const [first] = i; return [first, [...i]]; })()
  (() => { const s = new Set([1, 2, 3]); const i = s.values(); i.next(); s.delete(2); s.add(4); return [...i]; })()
  (0, [].values().next)()
  Array.from([1, 2].entries(), ([index, value]) => index + value)
  new Map([5, 6].entries())
  Object.fromEntries(["a", "b"].entries())
`,
);

Deno.test("Iterators: helpers are refused by name", () => {
  for (const name of ["map", "filter", "take", "toArray", "constructor"]) {
    assert.match(
      String(end(`const k = "${name}"; return [].values()[k]`)),
      /^FLOW_UNSUPPORTED_MEMBER TypeError: /,
    );
  }
});
