import { isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { JsonObject, JsonValue } from "../shared/json.ts";
import { durationMs } from "../shared/duration.ts";
import type { Code } from "./diagnostics/codes.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import { checkInputSchema } from "./front_matter_schema.ts";
import { nearest } from "./check/nearest.ts";
import { isName, NAME_WANTED } from "./naming.ts";

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
  /** What happens when an execution fails. */
  retry?: FlowRetry;
  /** The schema that an execution's inputs must match. */
  input?: JsonObject;
}

/** When and how often a failed execution is made again. */
export interface FlowRetry {
  /** How many attempts there may be. */
  max_attempts?: number;
  /** How the pause grows from attempt to attempt. */
  backoff?: "exponential" | "linear" | "fixed";
  /** The first pause. */
  initial?: number | string;
  /** The longest pause. */
  max?: number | string;
  /** What each pause is multiplied with. */
  factor?: number;
  /** Which share of a pause is left to chance, from 0 to 1. */
  jitter?: number;
}

/** Notes a problem at a node of the YAML. */
export type ReportAt = (code: Code, node: unknown, message: string, hint?: string) => void;

type Kind = "name" | "text" | "integer" | "attempts" | "duration" | "time" | "factor" | "share" | "backoff";

const KEYS: Record<string, Kind | "retry" | "input"> = {
  name: "name",
  description: "text",
  queue: "name",
  priority: "integer",
  timeout: "time",
  retry: "retry",
  input: "input",
};

const RETRY_KEYS: Record<string, Kind> = {
  max_attempts: "attempts",
  backoff: "backoff",
  initial: "duration",
  max: "duration",
  factor: "factor",
  jitter: "share",
};

const WANTED: Record<Kind, string> = {
  name: `1 to 200 ${NAME_WANTED}`,
  text: "text",
  integer: "a whole number from -32768 to 32767",
  attempts: "a whole number from 1 to 9999",
  duration: "seconds, or text such as 90s, 1h30m or 2d",
  time: "longer than nothing: seconds, or text such as 90s, 1h30m or 2d",
  factor: "a number from 1 to 100",
  share: "a number from 0 to 1",
  backoff: "exponential, linear or fixed",
};

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
  eachKey(document.contents, Object.keys(KEYS), report, (key, pair) => {
    const kind = KEYS[key]!;
    const value = kind === "retry"
      ? readRetry(pair, report)
      : kind === "input"
      ? checkInputSchema(pair.value, report)
      : readValue(pair, kind, report);
    if (value !== undefined) Object.assign(frontMatter, { [key]: value });
  });
  return { frontMatter, diagnostics };
}

function readRetry(pair: Pair, report: ReportAt): FlowRetry | undefined {
  if (!isMap(pair.value)) {
    report(
      "F0403",
      pair.value ?? pair.key,
      "`retry` must be keys and values",
      "write `retry: { max_attempts: 3 }`",
    );
    return undefined;
  }
  const retry: FlowRetry = {};
  eachKey(pair.value, Object.keys(RETRY_KEYS), report, (key, inner) => {
    const value = readValue(inner, RETRY_KEYS[key]!, report);
    if (value !== undefined) Object.assign(retry, { [key]: value });
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

function readValue(pair: Pair, kind: Kind, report: ReportAt): JsonValue | undefined {
  const value = isScalar(pair.value) ? pair.value.value : undefined;
  if (fits(kind, value)) return value as JsonValue;
  const key = isScalar(pair.key) ? String(pair.key.value) : "?";
  report("F0403", pair.value ?? pair.key, `\`${key}\` must be ${WANTED[kind]}`);
  return undefined;
}

function fits(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case "name":
      return typeof value === "string" && isName(value);
    case "text":
      return typeof value === "string";
    case "integer":
      return Number.isInteger(value) && (value as number) >= -32768 && (value as number) <= 32767;
    case "attempts":
      return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 9999;
    case "duration":
      return isDuration(value);
    case "time":
      return isDuration(value) && durationMs(value as number | string) > 0;
    case "factor":
      return typeof value === "number" && Number.isFinite(value) && value >= 1 && value <= 100;
    case "share":
      return typeof value === "number" && value >= 0 && value <= 1;
    case "backoff":
      return value === "exponential" || value === "linear" || value === "fixed";
  }
}

function isDuration(value: unknown): boolean {
  if (typeof value !== "number" && typeof value !== "string") return false;
  try {
    durationMs(value);
    return true;
  } catch {
    return false;
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
}
