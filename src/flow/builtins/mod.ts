/**
 * The library of built-ins: everything that a flow finds without declaring it, but for promises, `console` and the durable API.
 *
 * @module
 */

import type { NativeFunction, Value } from "../vm/value.ts";
import { arrayFunction, arrayMembers } from "./array.ts";
import type { Library } from "./builtin.ts";
import { crypto } from "./crypto.ts";
import { dateFunction, dateMembers } from "./date.ts";
import { errorFunctions, errorMembers } from "./error.ts";
import { format } from "./format.ts";
import { functionMembers } from "./function.ts";
import { iteratorMembers } from "./iterator.ts";
import { fromJson, json } from "./json.ts";
import { stringify } from "./json_text.ts";
import { mapFunction, mapMembers } from "./map.ts";
import { math } from "./math.ts";
import { booleanFunction, booleanMembers, numberFunction, numberGlobals, numberMembers } from "./number.ts";
import { namespaceMembers, objectFunction, objectMembers } from "./object.ts";
import { createRegExp, matchNext, regexpFunction, regexpMembers } from "./regexp.ts";
import { setFunction, setMembers } from "./set.ts";
import { stringFunction, stringMembers } from "./string.ts";
import { structuredCloneFunction } from "./structured_clone.ts";

const constructors: NativeFunction[] = [
  objectFunction,
  arrayFunction,
  stringFunction,
  numberFunction,
  booleanFunction,
  dateFunction,
  mapFunction,
  setFunction,
  regexpFunction,
  structuredCloneFunction,
];

/** The library, as the machine uses it. */
export const library: Library = {
  globals: new Map<string, Value>([
    ["undefined", undefined],
    ["NaN", NaN],
    ["Infinity", Infinity],
    ["Math", math],
    ["JSON", json],
    ["crypto", crypto],
    ...constructors.map((made): [string, Value] => [made.name, made]),
    ...numberGlobals,
    ...errorFunctions,
  ]),
  members: {
    object: objectMembers,
    namespace: namespaceMembers,
    array: arrayMembers,
    string: stringMembers,
    number: numberMembers,
    boolean: booleanMembers,
    date: dateMembers,
    map: mapMembers,
    set: setMembers,
    regexp: regexpMembers,
    iterator: iteratorMembers,
    error: errorMembers,
    function: functionMembers,
  },
  createRegExp,
  matchNext,
  stringify: (vm, value) => stringify(vm, value),
  fromJson,
  format,
};
