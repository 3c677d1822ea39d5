// Every operation of the API with hostile values in every place. The operations are read from the OpenAPI document, so a new
// one is in here by itself. Nothing may answer but a success, or a refusal in our own words.
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { task } from "../../mod.ts";
import { someOf } from "../support/sample.ts";
import { testApp } from "./support.ts";

const fixture = Deno.readTextFileSync(new URL("../sql/arguments/fixture.sql", import.meta.url));
const echo = task({ name: "a" }, (value: unknown) => value);

/** Executions of the fixture. */
const completed = "00000000-0000-7000-8000-000000000001";
const ready = "00000000-0000-7000-8000-000000000003";
const waiting = "00000000-0000-7000-8000-000000000004";

/** What answers when an execution has ended or has taken a step: on a live one it would take its time. */
const patient: ReadonlySet<string> = new Set(["waitForExecution", "askWorkflow"]);

type Schema = Record<string, unknown>;

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly params: readonly string[];
  readonly query: readonly string[];
  readonly body?: Schema;
}

interface Ask {
  readonly method: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

const texts: readonly string[] = [
  "",
  " ",
  "\0",
  "a\0b",
  "a\nb",
  "'; drop table rhythm.execution; --",
  '"\\$1$$',
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "%00%",
  "null",
  "-1",
  "1e999",
  "NaN",
  "99999999999999999999",
  "infinity",
  "+275760-09-13T00:00:00.001Z",
  "4714-11-25 BC",
  "{}",
  '{"a":1e400}',
  '{"a":"\\u0000"}',
  '{"a":"\\ud800"}',
  "[".repeat(5_000),
  "😀\u202e\ufeff",
  "x".repeat(20_000),
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
];

/** The same as a part of an address, and what is no text at all. */
const parts: readonly string[] = [
  ...texts.map(encodeURIComponent),
  ...["%", "%E0%A4%A", "%ED%A0%80", "%C0%80", "%ff%fe", "..%2f..", "a;b=c", "%2500"],
];

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** Values as JSON texts, as some of them are no values. */
const values: readonly string[] = [
  ...texts.map((text) => JSON.stringify(text)),
  '"\\ud800"',
  '"\\udc00x"',
  "null",
  "true",
  "0",
  "-0",
  "-1",
  "1.5",
  "1e308",
  "1e999",
  "123456789012345678901234567890",
  "[]",
  "{}",
  "[null]",
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"toJSON":1}',
  '{"a\\u0000":1}',
  '{"\\ud800":1}',
  '{"":1}',
  '{"a":1,"a":2}',
  nested(200),
  nested(20_000),
  `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
  `[${"0,".repeat(50_000)}0]`,
];

/** Bodies that are not what an operation takes, whatever that is. */
const bodies: readonly (string | Uint8Array)[] = [
  "{",
  "nul",
  "\ufeff{}",
  "\0",
  "{'a':1}",
  '{"a":01}',
  "[".repeat(100_000),
  '{"__proto__":null}',
  '{"":""}',
  new Uint8Array([0xff, 0xfe, 0x00, 0x7b]),
  new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]),
  "x".repeat(2_200_000),
];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type: string;
}

/** Signs of what was never meant for a caller: a stack, a driver's sentence, the text or the names of SQL. */
const LEAK =
  /\n\s+at |\.ts:\d|node:|PostgresError|invalid input syntax|violates|rhythm\.\w+\([^)]|select |\$\d|pg_\w|relation "|jsonb|bigint|::/;

function faultOf({ status, text, type }: Answer, { method, path, body }: Ask): string | undefined {
  if (status >= 200 && status < 300) return undefined;
  const said = shown(text, 300);
  if (status < 400 || status >= 500) return `${status} ${said}`;
  if (!type.startsWith("application/json")) return `${status} is no JSON: ${said}`;
  if (method === "HEAD" && text === "") return undefined;
  const { error, ...rest } = JSON.parse(text);
  const isOurs = Object.keys(rest).length === 0 && typeof error?.message === "string" &&
    /^(RH\d{3}|42501|[A-Z]+(_[A-Z]+)+|UNAUTHORIZED)$/.test(error.code);
  if (!isOurs) return `${status} is no problem of ours: ${said}`;
  // A sentence may repeat what the caller sent, and nothing else of that kind.
  const sent = `${URL.parse(`http://host${path}`)?.href} ${body}`;
  if (text.length > 2_000 + 2 * sent.length) return `a sentence of ${text.length} characters: ${said}`;
  const leak = LEAK.exec(text)?.[0];
  return leak === undefined || sent.includes(leak) || decoded(sent).includes(leak)
    ? undefined
    : `says ${leak}: ${said}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function shown(value: unknown, most = 120): string {
  const text = value instanceof Uint8Array ? `bytes ${value}` : String(value ?? "");
  return text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text;
}

function operationsOf(document: { paths: Record<string, Record<string, Schema>> }): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const parameters = operation.parameters as { name: string; in: string }[];
      const named = (where: string): string[] =>
        parameters.filter((one) => one.in === where).map((one) => one.name);
      const body = operation.requestBody as
        | { content: { "application/json": { schema: Schema } } }
        | undefined;
      return {
        id: operation.operationId as string,
        method: method.toUpperCase(),
        path,
        params: named("path"),
        query: named("query"),
        ...(body === undefined ? {} : { body: body.content["application/json"].schema }),
      };
    })
  );
}

/** The place of every member that a body may have, some levels deep. */
function placesOf(schema: Schema, above: readonly string[] = []): string[][] {
  const inner = [schema, ...(schema.anyOf ?? []) as Schema[]].flatMap((one) =>
    Object.entries((one.properties ?? {}) as Record<string, Schema>)
  );
  return inner.flatMap(([name, one]) => [[...above, name], ...placesOf(one, [...above, name])]);
}

/** A body in which one place has a value, and what must be there besides is right. */
function bodyWith(schema: Schema, place: readonly string[], value: string): string {
  const [first, ...rest] = place;
  if (first === undefined) return value;
  const properties = schema.properties as Record<string, Schema> | undefined;
  const inner = properties?.[first] ?? {};
  const alternative = ((inner.anyOf ?? []) as Schema[]).find((one) => one.properties !== undefined);
  const needed = ((schema.required ?? []) as string[]).filter((name) => name !== first).map((name) =>
    `${JSON.stringify(name)}:${good(properties?.[name] ?? {}, name)}`
  );
  return `{${
    [...needed, `${JSON.stringify(first)}:${bodyWith(alternative ?? inner, rest, value)}`].join(",")
  }}`;
}

/** What is right for a member that must be there. */
function good(schema: Schema, name: string): string {
  if (name === "cron") return '"@daily"';
  if (name === "source") return '"return 1"';
  if (name === "target") return '"f"';
  return schema.type === "number" || schema.type === "integer" ? "1" : '"f"';
}

function pathOf({ path }: Operation, value: (name: string) => string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name) => value(name));
}

/** An operation, with hostile values in one place after the other. */
function* sweep(operation: Operation): Generator<Ask> {
  const { method, body, id } = operation;
  const known = (name: string): string =>
    name !== "id" ? "f" : patient.has(id) ? completed : id === "deleteExecution" ? ready : waiting;
  const path = pathOf(operation, known);
  const goodBody = body === undefined ? {} : { body: bodyWith(body, [], "{}") };
  for (const param of operation.params) {
    for (const text of someOf(parts, 12)) {
      yield { method, path: pathOf(operation, (name) => name === param ? text : known(name)), ...goodBody };
    }
  }
  for (const name of [...operation.query, "__proto__"]) {
    for (const text of someOf(parts, 5)) yield { method, path: `${path}?${name}=${text}`, ...goodBody };
    yield { method, path: `${path}?${name}=1&${name}=2`, ...goodBody };
  }
  if (body === undefined) return;
  for (const wrong of someOf(bodies, 5)) yield { method, path, body: wrong };
  for (const place of [[], ...placesOf(body), ["__proto__"]]) {
    for (const value of someOf(values, place.length < 2 ? 12 : 5)) {
      yield { method, path, body: bodyWith(body, place, value) };
    }
  }
}

/** What is no operation: other methods, other paths, headers. */
function* around(operations: readonly Operation[], token: string): Generator<Ask> {
  const authorization = `Bearer ${token}`;
  for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
    for (
      const path of ["/api", "/api/", "/api/queues", "/api/flows/f", "/api/%2e%2e/x", "//api//", "/health/.."]
    ) {
      yield { method, path, body: "{}" };
    }
  }
  const headers: Record<string, string>[] = [
    {},
    ...["", "Bearer", "Bearer ", "Basic Og==", `Bearer ${"x".repeat(20_000)}`, "Bearer \u00ff", "bearer null"]
      .map((wrong) => ({ authorization: wrong })),
    { authorization, "content-length": "-1" },
    { authorization, "content-length": "9".repeat(40) },
    { authorization, "content-type": "text/html", "content-encoding": "gzip" },
    { authorization, traceparent: "00-x", "x-forwarded-for": "'\"", host: "a b" },
  ];
  for (const { method, path } of operations.filter(({ params }) => params.length === 0)) {
    for (const one of headers) yield { method, path, headers: one };
  }
}

Deno.test("every operation of the API answers hostile values in path, query and body in our words", async () => {
  await using app = await testApp({ tasks: [echo] });
  await app.database.database.script(fixture);
  const ask = async (one: Ask): Promise<Answer> => {
    const { method, path, body, headers = { authorization: `Bearer ${app.rhythm.token}` } } = one;
    const has = body !== undefined && method !== "GET" && method !== "HEAD";
    const response = await app.rhythm.fetch(
      new Request(`http://host${path}`, { method, headers, ...(has ? { body: body as BodyInit } : {}) }),
    );
    const type = response.headers.get("content-type") ?? "";
    return { status: response.status, text: await response.text(), type };
  };
  const { text } = await ask({ method: "GET", path: "/api/openapi.json" });
  const operations = operationsOf(JSON.parse(text));
  const faults: string[] = [];
  let asked = 0;
  for (
    const one of [
      ...operations.flatMap((operation) => [...sweep(operation)]),
      ...around(operations, app.rhythm.token),
    ]
  ) {
    asked++;
    const fault = faultOf(await ask(one), one);
    if (fault !== undefined) faults.push(`${one.method} ${shown(one.path)} ${shown(one.body)}: ${fault}`);
  }
  equal(faults, []);
  equal(app.lines.filter((line) => line.startsWith("error: ")), []);
  equal([operations.length > 20, asked > 800], [true, true]);
  const flows = await ask({ method: "GET", path: "/api/flows" });
  same(flows.status, 200, "the application still works");
});
