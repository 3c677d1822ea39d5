import type { Clock } from "../runtime/clock.ts";
import type { JsonValue } from "../shared/json.ts";
import { HttpError, json } from "./respond.ts";
import { readBody, readJson } from "./route.ts";

/** What the address of a signal is for, as the page sees it. */
export interface AddressState {
  /** Whether it can be used, or what came of using it. */
  readonly status: "open" | "sent" | "wrong" | "used" | "expired" | "over" | "invalid";
  /** Why it cannot be used, or what came of using it. */
  readonly message: string | null;
  /** The name of the signal. */
  readonly name?: string;
  /** The name of the flow. */
  readonly target?: string | null;
  /** The JSON Schema that the payload must match. */
  readonly form?: JsonValue;
}

/** Reads and uses addresses of signals. */
export interface Addresses {
  /** What an address is for. It changes nothing. */
  readonly read: (token: string) => Promise<AddressState>;
  /** Sends its signal. */
  readonly use: (token: string, payload: unknown) => Promise<AddressState>;
}

/** Where the addresses of signals begin. */
export const ADDRESSES = "/signals/";

const STATUSES: Readonly<Record<AddressState["status"], number>> = {
  open: 200,
  sent: 200,
  invalid: 404,
  used: 409,
  expired: 410,
  over: 410,
  wrong: 422,
};

/**
 * Answers at the address of a signal. The address is all that a caller needs: no token, and no cookie, so no other site can use it with
 * somebody's session. GET only shows: programs that look at links before people do send nothing.
 */
export async function answerAddress(
  request: Request,
  { token, addresses, clock }: { token: string; addresses: Addresses; clock: Pick<Clock, "after"> },
): Promise<Response> {
  const isPage = wantsPage(request);
  if (request.method === "GET" || request.method === "HEAD") {
    const state = await addresses.read(token);
    return isPage ? page(state) : guarded(json(state, STATUSES[state.status]));
  }
  if (request.method !== "POST") {
    const message = `An address of a signal takes GET and POST, not ${request.method}`;
    throw new HttpError(405, "METHOD_NOT_ALLOWED", message);
  }
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) {
    const state = await addresses.use(token, payloadIn(await readJson(request, clock)));
    return guarded(json(state, STATUSES[state.status]));
  }
  const given = new URLSearchParams(await readBody(request, clock));
  const before = await addresses.read(token);
  const state = before.status === "open"
    ? await addresses.use(token, payloadOf(before.form ?? null, given))
    : before;
  return isPage ? page(state, given) : guarded(json(state, STATUSES[state.status]));
}

function payloadIn(body: unknown): unknown {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    const others = Object.keys(body).filter((name) => name !== "payload");
    if (others.length === 0) return (body as { payload?: unknown }).payload ?? null;
  }
  throw new HttpError(400, "INVALID_REQUEST", "The body must be { payload }");
}

function wantsPage({ headers }: Request): boolean {
  return /\btext\/html\b/.test(headers.get("accept") ?? "");
}

/** A field of the page. */
interface Field {
  /** The name in the form. */
  readonly name: string;
  /** What stands above it. */
  readonly label: string;
  /** Whether it must be filled in. */
  readonly isRequired: boolean;
  /** What it takes. */
  readonly kind: "text" | "number" | "integer" | "json" | readonly JsonValue[];
}

type Schema = {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, JsonValue>>;
  readonly required?: readonly string[];
  readonly enum?: readonly JsonValue[];
  readonly description?: string;
};

function schemaOf(form: JsonValue): Schema {
  return typeof form === "object" && form !== null && !Array.isArray(form) ? form as Schema : {};
}

function fieldsOf(form: JsonValue): readonly Field[] {
  if (form === null) return [];
  const schema = schemaOf(form);
  if (schema.type !== "object") return [fieldOf("", form, true)];
  // The database keeps members in an order of its own. What must be filled in comes first, in the order in which the schema says so.
  const { properties = {}, required = [] } = schema;
  const names = [...new Set([...required, ...Object.keys(properties)])].filter((name) =>
    Object.hasOwn(properties, name)
  );
  return names.map((name) => fieldOf(name, properties[name]!, required.includes(name)));
}

function fieldOf(name: string, form: JsonValue, isRequired: boolean): Field {
  const schema = schemaOf(form);
  const kind = schema.enum !== undefined
    ? schema.enum
    : schema.type === "boolean"
    ? [true, false]
    : schema.type === "string"
    ? "text"
    : schema.type === "number" || schema.type === "integer"
    ? schema.type
    : "json";
  return { name, isRequired, kind, label: schema.description ?? (name === "" ? "Answer" : name) };
}

/** What the fields of the page say, as the schema has it. What cannot be read stays a text, which the schema then refuses. */
function payloadOf(form: JsonValue, given: URLSearchParams): unknown {
  if (form === null) return null;
  const values = fieldsOf(form).flatMap((field): [string, unknown][] => {
    const text = given.get(`field-${field.name}`) ?? "";
    if (text === "" && !(field.isRequired && field.kind === "text")) return [];
    return [[field.name, field.kind === "text" ? text : readText(text)]];
  });
  if (schemaOf(form).type !== "object") return values[0]?.[1] ?? null;
  return Object.fromEntries(values);
}

function readText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function control(field: Field, value: string): string {
  const name = `id="f-${escaped(field.name)}" name="field-${escaped(field.name)}"${
    field.isRequired ? " required" : ""
  }`;
  if (field.kind === "number" || field.kind === "integer") {
    const step = field.kind === "integer" ? "1" : "any";
    return `<input ${name} type="number" step="${step}" value="${escaped(value)}">`;
  }
  if (field.kind === "text" || field.kind === "json") {
    return `<textarea ${name} rows="3">${escaped(value)}</textarea>`;
  }
  const options = field.kind.map((one) => {
    const text = JSON.stringify(one);
    const shown = one === true ? "Yes" : one === false ? "No" : typeof one === "string" ? one : text;
    return `<option value="${escaped(text)}"${text === value ? " selected" : ""}>${escaped(shown)}</option>`;
  });
  return `<select ${name}><option value=""></option>${options.join("")}</select>`;
}

const TITLES: Readonly<Record<AddressState["status"], string>> = {
  open: "Your answer is needed",
  wrong: "Your answer is needed",
  sent: "Thank you",
  used: "Already answered",
  expired: "Expired",
  over: "Not needed any more",
  invalid: "Not found",
};

function page(state: AddressState, given: URLSearchParams = new URLSearchParams()): Response {
  const isOpen = state.status === "open" || state.status === "wrong";
  const form = state.form ?? null;
  const question = isOpen ? schemaOf(form).description : undefined;
  const isObject = schemaOf(form).type === "object";
  const title = isObject && question !== undefined ? question : TITLES[state.status];
  const fields = fieldsOf(form).map((field) =>
    `<p><label for="f-${escaped(field.name)}">${escaped(field.label)}${
      field.isRequired ? "" : " (optional)"
    }</label>\n${control(field, given.get(`field-${field.name}`) ?? "")}</p>`
  );
  const about = state.name === undefined
    ? ""
    : `<p class="about">${escaped(state.target ?? "")} · ${escaped(state.name)}</p>`;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${about}
${
    state.message === null
      ? ""
      : `<p${state.status === "wrong" ? ' role="alert"' : ""}>${escaped(state.message)}</p>`
  }
${
    isOpen
      ? `<form method="post">\n${fields.join("\n")}\n<p><button type="submit">${
        form === null ? "Confirm" : "Send"
      }</button></p>\n</form>`
      : ""
  }
</main>
</body>
</html>
`;
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": POLICY,
    "x-frame-options": "DENY",
  };
  return guarded(new Response(html, { status: STATUSES[state.status], headers }));
}

// The address is a secret: no cache keeps it, and no other site is told.
function guarded(response: Response): Response {
  response.headers.set("cache-control", "no-store");
  response.headers.set("referrer-policy", "no-referrer");
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("x-robots-tag", "noindex");
  return response;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const STYLE = "body{font:1rem/1.5 system-ui,sans-serif;margin:0;padding:1rem;color:#1a1a1a;background:#fff}" +
  "main{max-width:32rem;margin:0 auto}h1{font-size:1.4rem;overflow-wrap:anywhere}p{overflow-wrap:anywhere}.about{color:#555}" +
  "label{display:block;font-weight:600}input,textarea,select,button{box-sizing:border-box;width:100%;font:inherit;padding:.5rem;border:1px solid #767676;border-radius:.25rem;color:inherit;background:transparent}" +
  "select option{color:#1a1a1a;background:#fff}button{background:#0b57a4;color:#fff;border-color:#0b57a4;font-weight:600}" +
  "@media(prefers-color-scheme:dark){body{color:#eee;background:#16181d}.about{color:#b5b9c1}}";

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
