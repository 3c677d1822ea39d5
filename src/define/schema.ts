/**
 * The part of Standard Schema that Rhythm reads: enough to check a value and to know its types. Zod, Valibot, ArkType
 * and every other library that follows the standard fit without an adapter.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the standard puts under its one well-known key. */
  readonly "~standard": {
    /** The version of the standard. */
    readonly version: 1;
    /** The library that made the schema. */
    readonly vendor: string;
    /** Checks a value: gives what the handler sees, or what is wrong. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** The types on both sides; nothing of it is there at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that a schema found wrong. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where, from the outermost key inwards. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a caller may give to a schema. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"];

/** What a schema gives to the handler. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];

/** Whether a value is a schema in the sense of the standard. */
export function isSchema(value: unknown): value is StandardSchema {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  const standard = (value as Record<string, unknown>)["~standard"];
  return typeof standard === "object" && standard !== null && "validate" in standard;
}

/** The issues of a schema as one line: `to: not an e-mail address; items[2].price: expected number`. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  return issues.map((issue) => {
    const path = formatPath(issue.path ?? []);
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  }).join("; ");
}

function formatPath(path: NonNullable<SchemaIssue["path"]>): string {
  let text = "";
  for (const part of path) {
    const key = typeof part === "object" ? part.key : part;
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text;
}
