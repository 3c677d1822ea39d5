/** The text query: `flow:onboard status:waiting customer.id:42 age>2d`, and what it asks of the server. */

/** One condition. */
export interface Term {
  /** `flow`, `status`, a variable, … */
  readonly name: string;
  /** `:` or, of an age, `>` and `<`. */
  readonly sign: ":" | ">" | "<";
  /** The value. */
  readonly value: string;
}

/** A query that was read. */
export interface Query {
  /** Its conditions, as they stand. */
  readonly terms: readonly Term[];
  /** What is wrong with it. */
  readonly problem: string | undefined;
}

/** Conditions that are not variables. */
export const NAMES: Record<string, string> = {
  flow: "the name of a flow",
  task: "the name of a task",
  status: "waiting, running, pending, completed, failed, cancelled or frozen; several with commas",
  type: "workflow or task",
  queue: "the name of a queue",
  version: "a version of a flow",
  line: "a line of a flow where it stands, or failed",
  parent: "the id of the execution that started it",
  failure: "the number of a kind of failures",
  "meta.…": "a value in the metadata: meta.region:eu",
  "age>": "older than: age>2d",
  "age<": "younger than: age<1h",
  "…": "a variable that the flow indexes: customer.id:42",
};

const STATUSES = ["pending", "running", "suspended", "completed", "failed", "cancelled", "frozen"];
const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads a query. */
export function parse(text: string): Query {
  const terms: Term[] = [];
  let problem: string | undefined;
  for (const [, name, sign, quoted, plain] of text.matchAll(/([^\s:<>"]*)([:<>]?)(?:"([^"]*)"|([^\s"]*))/g)) {
    const value = quoted ?? plain ?? "";
    if (name === "" && value === "") continue;
    if (sign === "" || sign === undefined) {
      // A word alone is the name of a flow or a task.
      terms.push({ name: "name", sign: ":", value: name || value });
      continue;
    }
    if (name === "" || value === "") {
      problem ??= `"${name}${sign}${value}" is not complete`;
      continue;
    }
    problem ??= problemOf(name!, sign, value);
    terms.push({ name: name!, sign: sign as Term["sign"], value });
  }
  return { terms, problem };
}

function problemOf(name: string, sign: string, value: string): string | undefined {
  if (sign !== ":" && name !== "age") return `Only age takes ${sign}: age${sign}2d`;
  if (name === "age" && (sign === ":" || !/^\d+[smhdw]$/.test(value))) {
    return "Write an age as age>2d or age<30m";
  }
  if (name === "status") {
    const wrong = value.split(",").find((one) => !STATUSES.includes(statusOf(one)));
    if (wrong !== undefined) return `There is no status "${wrong}"`;
  }
  if (name === "type" && value !== "task" && value !== "workflow") return "type is task or workflow";
  if ((name === "line" || name === "version") && !/^[1-9]\d{0,8}$/.test(value)) {
    return `${name} takes a number`;
  }
  if (name === "failure" && !/^\d{1,19}$/.test(value)) {
    return "failure takes the number of a kind of failures";
  }
  return undefined;
}

function statusOf(word: string): string {
  return word === "waiting" ? "suspended" : word;
}

/** A query as text. */
export function print(terms: readonly Term[]): string {
  return terms.map(({ name, sign, value }) => {
    const shown = /[\s":<>]/.test(value) && !/^\S+$/.test(value) ? `"${value}"` : value;
    return name === "name" ? shown : `${name}${sign}${shown}`;
  }).join(" ");
}

/** The terms with another value of one name; none: without it. */
export function having(terms: readonly Term[], name: string, value: string | undefined): Term[] {
  const others = terms.filter((term) => term.name !== name);
  return value === undefined ? others : [...others, { name, sign: ":", value }];
}

/** A filter, as the API takes it. */
export interface Filter {
  type?: string;
  target?: string;
  status?: string;
  queue?: string;
  version?: string;
  line?: string;
  parent?: string;
  fingerprint?: string;
  createdAfter?: string;
  createdBefore?: string;
  metadata?: Record<string, string | number | boolean>;
  variables?: Record<string, string | number | boolean>;
}

/** What a query asks for. Ages are rounded to the minute, so that the same query is the same page for all. */
export function filterOf({ terms }: Query, at: number): Filter {
  const filter: Filter = {};
  for (const { name, sign, value } of terms) {
    if (name === "name") filter.target = value;
    else if (name === "flow") Object.assign(filter, { type: "workflow", target: value });
    else if (name === "task") Object.assign(filter, { type: "task", target: value });
    else if (name === "status") filter.status = value.split(",").map(statusOf).join(",");
    else if (name === "type") filter.type = value;
    else if (name === "queue") filter.queue = value;
    else if (name === "version") filter.version = value;
    else if (name === "line") filter.line = value;
    else if (name === "parent") filter.parent = value;
    else if (name === "failure") filter.fingerprint = value;
    else if (name === "age") {
      const ms = Number(value.slice(0, -1)) * (UNITS[value.slice(-1)] ?? 0);
      const moment = new Date(Math.floor((at - ms) / 60_000) * 60_000).toISOString();
      if (sign === ">") filter.createdBefore = moment;
      else filter.createdAfter = moment;
    } else if (name.startsWith("meta.")) {
      (filter.metadata ??= {})[name.slice(5)] = literal(value);
    } else (filter.variables ??= {})[name] = value; // compared as text
  }
  return filter;
}

function literal(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return String(Number(text)) === text ? Number(text) : text;
}

/** A filter as a query string. */
export function searchOf(filter: Filter, more: Record<string, string> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filter, ...more })) {
    search.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return search.toString();
}

/** A filter as the body of an operation. */
export function bodyOf({ status, version, line, ...rest }: Filter): Record<string, unknown> {
  return {
    ...rest,
    ...(version === undefined ? {} : { version: Number(version) }),
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(status === undefined ? {} : { status: status.split(",") }),
  };
}
