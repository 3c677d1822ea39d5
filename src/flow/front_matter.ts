import { isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { JsonObject, JsonValue } from "../shared/json.ts";
import { MOST_ATTEMPTS } from "../shared/limits.ts";
import { fits, optionsIn, type OptionType, retryOptionsIn, sqlName, wantedBy } from "../shared/options.ts";
import type { Code } from "./diagnostics/codes.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import { checkInputSchema } from "./front_matter_schema.ts";
import { nearest } from "../shared/suggest.ts";

/** What a flow says about itself, above its code. */
export interface FrontMatter {
  /** The name it is registered under; the file's name without `.flow` when absent. */
  name?: string;
  /** What it is for, in a sentence. */
  description?: string;
  /** Where executions wait when their starter names no queue. */
  queue?: string;
  /** Higher goes first. */
  priority?: number;
  /** Seconds, or text such as `24h`. */
  timeout?: number | string;
  /** When and how often it goes on from its last step after an attempt failed; a number is `max_attempts`. */
  retry?: FlowRetry | number;
  /** The schema that an execution's inputs must match. */
  input?: JsonObject;
  /** Variables that executions are found by: `[orderId, customer.id]`. */
  index?: string[];
}

/** When and how often a failed execution is made again. */
export interface FlowRetry {
  /** How many attempts may throw, the first included. Default: 1. */
  max_attempts?: number;
  /** How the pause grows from attempt to attempt. */
  backoff?: "exponential" | "linear" | "fixed";
  /** The first pause. */
  initial?: number | string;
  /** The longest pause. */
  max?: number | string;
  /** What each pause is multiplied with. */
  factor?: number;
  /** Which share of a pause is random, from 0 to 1; `true` is 0.5. */
  jitter?: number | boolean;
  /** How often it is repeated after an attempt was lost with its worker. Default: 3. */
  crashes?: number;
}

/** Notes a problem at a node of the YAML. */
export type ReportAt = (code: Code, node: unknown, message: string, hint?: string) => void;

/** What an execution of the flow is given where its starter says nothing, and what only a flow has. */
const DEFAULTS = new Map<string, OptionType>(
  optionsIn("defaults").map(({ name, type }) => [sqlName(name), type]),
);
const RETRY = new Map<string, OptionType>(
  retryOptionsIn("defaults").map(({ name, type }) => [sqlName(name), type]),
);
const KEYS = ["name", "description", ...DEFAULTS.keys(), "input", "index"];
const PATH = /^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$/;
const MOST_INDEXED = 10;

/**
 * Read the YAML above a flow's code.
 *
 * @param text the YAML, without its fences
 * @param offset where it begins in the source: diagnostics point there
 * @returns what it says, as far as it is valid, and what is wrong with it
 */
export function readFrontMatter(
  text: string,
  offset: number,
): { frontMatter: FrontMatter; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const note = (code: Code, start: number, end: number, message: string, hint?: string): void => {
    const clipped = Math.min(Math.max(end, start + 1), Math.max(text.length, start + 1));
    diagnostics.push({
      code,
      severity: "error",
      start: offset + start,
      end: offset + clipped,
      message,
      hint,
    });
  };
  const report: ReportAt = (code, node, message, hint) => {
    const range = (node as Node | null)?.range ?? [0, 1];
    note(code, range[0], range[1], message, hint);
  };
  const document = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: "error",
    merge: false,
  });
  for (const { message, pos } of document.errors) {
    note("F0401", pos[0], pos[1], `the front matter is not valid YAML: ${lowerFirst(message)}`);
  }
  if (document.errors.length > 0 || document.contents === null) return { frontMatter: {}, diagnostics };
  if (!isMap(document.contents)) {
    report("F0403", document.contents, "the front matter must be keys and values", "write `name: …`");
    return { frontMatter: {}, diagnostics };
  }
  const frontMatter: FrontMatter = {};
  eachKey(document.contents, KEYS, report, (key, pair) => {
    const value = key === "input" ? checkInputSchema(pair.value, report) : readKey(key, pair, report);
    if (value !== undefined) Object.assign(frontMatter, { [key]: value });
  });
  return { frontMatter, diagnostics };
}

function readKey(key: string, pair: Pair, report: ReportAt): JsonValue | undefined {
  const value = isScalar(pair.value) ? pair.value.value : undefined;
  if (key === "description") {
    if (typeof value === "string") return value;
    return refuse(pair, report, "text");
  }
  if (key === "retry") return readRetry(pair, report);
  if (key === "index") return readIndex(pair, report);
  return readValue(pair, key === "name" ? { kind: "name" } : DEFAULTS.get(key)!, report);
}

function readIndex(pair: Pair, report: ReportAt): string[] | undefined {
  const items = isSeq(pair.value)
    ? pair.value.items.map((item) => isScalar(item) ? item.value : undefined)
    : [];
  const paths = items.filter((item): item is string =>
    typeof item === "string" && item.length <= 100 && PATH.test(item)
  );
  if (paths.length > 0 && paths.length === items.length && paths.length <= MOST_INDEXED) {
    return [...new Set(paths)];
  }
  return refuse(pair, report, `a list of 1 to ${MOST_INDEXED} variables, such as \`[orderId, customer.id]\``);
}

function readRetry(pair: Pair, report: ReportAt): JsonValue | undefined {
  if (!isMap(pair.value)) {
    const value = isScalar(pair.value) ? pair.value.value : undefined;
    if (typeof value === "number" && fits({ kind: "retry" }, value)) return value;
    report(
      "F0403",
      pair.value ?? pair.key,
      `\`retry\` must be keys and values, or a number of attempts from 1 to ${MOST_ATTEMPTS}`,
      "write `retry: 3`, or `retry: { max_attempts: 3 }`",
    );
    return undefined;
  }
  const retry: JsonObject = {};
  eachKey(pair.value, [...RETRY.keys()], report, (key, inner) => {
    const value = readValue(inner, RETRY.get(key)!, report);
    if (value !== undefined) retry[key] = value;
  });
  return retry;
}

function eachKey(
  map: YAMLMap,
  known: string[],
  report: ReportAt,
  visit: (key: string, pair: Pair) => void,
): void {
  for (const pair of map.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : "?";
    if (known.includes(key)) {
      visit(key, pair);
      continue;
    }
    const meant = nearest(key, known);
    const hint = meant
      ? `did you mean \`${meant}\`?`
      : `the keys are ${known.map((name) => `\`${name}\``).join(", ")}`;
    report("F0402", pair.key, `\`${key}\` is not a front-matter key`, hint);
  }
}

function readValue(pair: Pair, type: OptionType, report: ReportAt): JsonValue | undefined {
  const value = isScalar(pair.value) ? pair.value.value : undefined;
  return fits(type, value) ? value as JsonValue : refuse(pair, report, wantedBy(type));
}

function refuse(pair: Pair, report: ReportAt, wanted: string): undefined {
  const key = isScalar(pair.key) ? String(pair.key.value) : "?";
  report("F0403", pair.value ?? pair.key, `\`${key}\` must be ${wanted}`);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
}
