/**
 * Expressions that give objects, as templates: see `rules.ts` for what the holes mean.
 *
 * @module
 */

/** Arrays. */
export const ARRAYS: readonly string[] = [
  "[]",
  "[$p]",
  "[$p, $p, $p]",
  "[...$a, $p]",
  "[...$s]",
  "[...$t]",
  "[$p, ...$a]",
  "$a.map($f)",
  "$a.filter($f)",
  "$a.slice($i)",
  "$a.slice($i, -$i)",
  "$a.concat($p, $a)",
  "$a.toReversed()",
  "[...$a].reverse()",
  "[...$a].sort()",
  "[...$a].sort($c)",
  "$a.toSorted($c)",
  "$a.toSorted()",
  "$a.toSpliced($i, $i, $p)",
  "[...$a, 0].with(0, $p)",
  "Object.keys($o)",
  "Array.from($s)",
  "Array.from($t)",
  "Array.from({ length: $i }, (_, i) => i * 2)",
  "Array.from($a, $f)",
  "Array.of($p, $p)",
  "[...$a].fill($p, $i)",
  "[...$a].copyWithin($i, $i, $i)",
  "$a.flat()",
  "[$a, $p, $a].flat()",
  "$a.flatMap((v, i) => [v, $p])",
  "$a.flatMap((v) => v)",
  "$s.split($q)",
  "$s.split($R)",
  '$s.split("", $i)',
  "[...$a.keys()]",
  "[...$m.keys()]",
  "[...$m.values()]",
  "[...$a.entries()].flat()",
  "Array.from($m.keys())",
  "$a.splice($i, $i)",
  "$a.splice($i, 1, $p)",
  "Object.values({ $K: $p, $K: $p })",
  "[...$s.matchAll(/[a-c]/g)].map((m) => m.index)",
  "($s.match(/[a-d0-9]/g) ?? [])",
  "$T.size > 20 ? [] : [...$T.add($p)]",
  "[...$t.union($t)]",
  "[...$t.intersection($t)]",
  "[...$t.difference($t)]",
  "[...$t.symmetricDifference($t)]",
];

/** Plain objects. */
export const OBJECTS: readonly string[] = [
  "{}",
  "{ $K: $p, $K: $p }",
  "{ $K: $p, ...$o }",
  "{ ...$o, $K: $p }",
  "{ [$k]: $p }",
  '{ ["p" + $i]: $p, $K: [$p, $p] }',
  "{ $K: { $K: $p } }",
  "{ ...$s }",
  "{ ...$a.slice(0, 3) }",
  "Object.fromEntries([[$k, $p], [$k, $p]])",
  "Object.fromEntries($m)",
  "Object.assign({}, $o, { $K: $p })",
  "{ ...Object.groupBy($a, (v) => typeof v) }",
  "structuredClone({ ...$a, $K: $p })",
  "{ valueOf: () => $n, $K: $p }",
  "{ toString: () => $s }",
  "{ toJSON: () => $p }",
  "{ $K($K) { return $p; } }",
  "{ 2: $p, 1: $p, $K: $p, 0: $p }",
  'JSON.parse(\'{"a":[1,{"b":null}],"__proto__x":2}\')',
  '{ $K: $p, "x y": $p, 1.5: $p }',
  "{ ...null, ...undefined, $K: $p }",
  "(({ $K, ...rest }) => rest)($o)",
  'JSON.parse(JSON.stringify($o) ?? "{}")',
];

/** Maps. */
export const MAPS: readonly string[] = [
  "new Map()",
  "new Map([[$p, $p], [$p, $p]])",
  "new Map(Object.entries($o))",
  "new Map($m)",
  '$M.set("k" + $i, $p)',
  "Map.groupBy($a, (v) => typeof v)",
];

/** Sets. */
export const SETS: readonly string[] = [
  "new Set()",
  "new Set([$p, $p])",
  "new Set($a)",
  "new Set($s)",
  "new Set($t)",
];

/** Dates. */
export const DATES: readonly string[] = [
  "new Date(0)",
  "new Date(Date.UTC(2024, $i, $i))",
  'new Date("2021-03-04T05:06:07.089Z")',
  "new Date($n)",
  "new Date(2020, $i, 31, 12)",
  "new Date($d)",
  "new Date(NaN)",
];

/** Errors. */
export const ERRORS: readonly string[] = [
  "new Error($s)",
  "new TypeError($s)",
  "new RangeError($s, { cause: $p })",
  "new SyntaxError()",
  "Error($s)",
  "new AggregateError([$p, $p], $s)",
  "new ReferenceError($s)",
  "new EvalError($s)",
  "new URIError($s)",
];

/** Regular expressions. */
export const REGEXPS: readonly string[] = [
  "$R",
  'new RegExp($q.replace(/\\W/g, ""), "g")',
  "new RegExp($R)",
  'new RegExp($R, "i")',
];
