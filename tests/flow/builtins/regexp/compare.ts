/**
 * What every method says about regular expressions, in V8 and in a flow.
 *
 * @module
 */

import { compileFlow, type FlowHost, startFlow } from "../../../../src/flow/mod.ts";
import type { RegExpCase } from "./generate.ts";

/** Runs in both machines: a line for each case and each method. */
const PROGRAM = `
const $text = (value) => {
  if (value === undefined) return "undefined";
  if (Array.isArray(value)) return "[" + value.map($text).join() + "]" + $more(value);
  if (typeof value === "object" && value !== null) return "{" + Object.keys(value).map((key) => key + ":" + $text(value[key])).join() + "}";
  return JSON.stringify(value);
};
const $more = (list) => Object.keys(list).slice(list.length).map((key) => ";" + key + "=" + $text(list[key])).join("");
const $end = (run) => {
  try { return $text(run()); } catch (error) { return error.name + (error.code === undefined ? ": " + error.message : " " + error.code); }
};
const $case = ({ source, flags, text, template, lastIndex, limit }) => {
  let regexp;
  try { regexp = new RegExp(source, flags); } catch (error) { return [error.code ?? error.name]; }
  const fresh = () => { const one = new RegExp(regexp); one.lastIndex = lastIndex; return one; };
  const moving = (run) => $end(() => { const one = fresh(); return [run(one), one.lastIndex]; });
  return [
    String(regexp), regexp.flags,
    moving((one) => [one.exec(text), one.lastIndex, one.exec(text), one.lastIndex, one.exec(text)]),
    moving((one) => [one.test(text), one.test(text)]),
    moving((one) => text.match(one)),
    moving((one) => [...text.matchAll(one)]),
    moving((one) => text.search(one)),
    moving((one) => text.replace(one, template)),
    moving((one) => text.replaceAll(one, template)),
    moving((one) => text.replace(one, (...args) => $text(args))),
    $end(() => text.split(regexp)),
    $end(() => text.split(regexp, limit)),
  ];
};
`;

const FLOW = `${PROGRAM}\nreturn Inputs.cases.map($case);`;
const inV8 = new Function("cases", `"use strict";${PROGRAM}\nreturn cases.map($case);`) as (
  cases: readonly RegExpCase[],
) => string[][];

const CONTEXT = {
  executionId: "00000000-0000-7000-8000-000000000001",
  flow: "regexp",
  version: 1,
  queue: "default",
  attempt: 1,
  parentId: null,
  createdAt: "2024-01-02T03:04:05.678Z",
  metadata: {},
};
const host: FlowHost = { executionId: "1", seed: "1", epoch: 0, step: 1, moment: new Date(0) };
const { program } = compileFlow({ name: "regexp.flow", source: FLOW });

/** A case on which the machines do not agree. */
export interface Difference {
  readonly given: RegExpCase;
  readonly v8: string | undefined;
  readonly flow: string | undefined;
}

/** Ask both machines; a pattern that flows refuse by name is no difference. */
export function compareCases(cases: readonly RegExpCase[]): { differences: Difference[]; refused: number } {
  const theirs = inV8(cases);
  const inputs = { cases: cases.map((one) => ({ ...one })) };
  const step = startFlow(program!, { inputs, context: CONTEXT }, host, { limits: { instructions: 1e9 } });
  if (step.status !== "completed") throw new Error(JSON.stringify(step.error));
  const ours = step.output as string[][];
  const differences: Difference[] = [];
  let refused = 0;
  cases.forEach((given, index) => {
    const [v8, flow] = [theirs[index]!, ours[index]!];
    if (flow[0] === "FLOW_UNSUPPORTED_REGEXP") return refused++;
    const at = v8.findIndex((line, place) => line !== flow[place]);
    if (at >= 0 || v8.length !== flow.length) differences.push({ given, v8: v8[at], flow: flow[at] });
  });
  return { differences, refused };
}
