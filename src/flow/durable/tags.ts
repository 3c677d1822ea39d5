import { variableOf } from "../snapshot/inspect.ts";
import { Fibre } from "../vm/fibre.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { isObject } from "../vm/tag.ts";
import { PlainObject, UNSET, type Value } from "../vm/value.ts";

const MOST_TAGS = 100;
const MOST_ITEMS = 20;
const MOST_CHARACTERS = 200;

/**
 * The values of the variables that a flow is found by (`index` in its front matter), as `name=value`. A name is a variable of any
 * activation, else a member of `Inputs`. Of an array, each item counts.
 *
 * @param vm the machine
 * @param objects the objects of its state; nothing: it is over
 * @param index the names
 * @returns each once, in the order of names and activations
 */
export function tagsOf(vm: FlowMachine, objects: readonly object[], index: readonly string[]): string[] {
  const fibres = objects.filter((object) => object instanceof Fibre);
  const tags = new Set<string>();
  for (const path of index) {
    const [name, ...members] = path.split(".") as [string, ...string[]];
    const values = fibres.map((fibre) => variableOf(vm, fibre, name)).filter((value) => value !== UNSET);
    if (values.length === 0) values.push(memberOf(vm.given.Inputs, name));
    for (const value of values) {
      const found = members.reduce(memberOf, value);
      const items = Array.isArray(found) ? found.slice(0, MOST_ITEMS) : [found];
      for (const text of items.map(textOf)) {
        if (text !== undefined && tags.size < MOST_TAGS) tags.add(`${path}=${text}`);
      }
    }
  }
  return [...tags];
}

function memberOf(value: Value, name: string): Value {
  return value instanceof PlainObject && Object.hasOwn(value, name) ? value[name] : undefined;
}

function textOf(value: Value): string | undefined {
  if (typeof value === "string") return storable(value.slice(0, MOST_CHARACTERS));
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return isObject(value) && value instanceof Date && !Number.isNaN(value.getTime())
    ? value.toISOString()
    : undefined;
}

function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
