/** Something that runs SQL: in particular postgres.js's `sql` inside `sql.begin(…)`. */
export interface SqlRunner {
  /** Runs one statement with its parameters. */
  unsafe(query: string, parameters?: unknown[]): PromiseLike<readonly unknown[]>;
}

/**
 * A transaction of your own: what the library that began it hands out. Of postgres.js, node-postgres, PGlite, Drizzle, Kysely, Knex,
 * TypeORM and Prisma.
 */
export type Transaction =
  | SqlRunner
  /** node-postgres, PGlite, TypeORM. */
  // deno-lint-ignore no-explicit-any
  | { query(text: string, parameters?: any[]): any }
  /** Drizzle. */
  // deno-lint-ignore no-explicit-any
  | { execute(query: any): any }
  /** Kysely. */
  // deno-lint-ignore no-explicit-any
  | { executeQuery(query: any): PromiseLike<{ rows: any[] }> }
  /** Knex. */
  // deno-lint-ignore no-explicit-any
  | { raw(text: string, bindings?: any): any }
  /** Prisma. */
  // deno-lint-ignore no-explicit-any
  | { $queryRawUnsafe(text: string, ...parameters: any[]): PromiseLike<any> };

/** Runs a statement, with `$1`, `$2` … for the parameters; gives the rows. */
export type RunStatement = (text: string, parameters: readonly unknown[]) => Promise<unknown[]>;

type Member = (...given: unknown[]) => PromiseLike<unknown>;
type Made = Readonly<Record<string, Member | undefined>>;

/**
 * How statements run in somebody's transaction, whatever library it is of.
 *
 * @param transaction what that library handed out
 * @returns what runs statements in it; nothing: it is not a transaction of a library that is known
 */
export function statementsIn(transaction: unknown): RunStatement | undefined {
  if (transaction === null || !["object", "function"].includes(typeof transaction)) return undefined;
  const made = transaction as Made;
  const has = (name: string): boolean => typeof made[name] === "function";
  const ways: readonly [isOurs: () => boolean, way: () => RunStatement | undefined][] = [
    [
      () => has("unsafe"),
      () => async (text, given) => listOf(await made.unsafe!(text, [...given], PREPARED)),
    ],
    [
      () => has("$queryRawUnsafe"),
      () => async (text, given) => listOf(await made.$queryRawUnsafe!(text, ...given)),
    ],
    [
      () => has("executeQuery"),
      () => async (text, given) => listOf(await made.executeQuery!(compiled(text, given))),
    ],
    // Drizzle has the transaction of another library in it.
    [() => has("execute") && clientOf(made) !== undefined, () => statementsIn(clientOf(made))],
    [
      () => has("raw") && typeof transaction === "function",
      () => async (text, given) => listOf(await made.raw!(...withQuestionMarks(text, given))),
    ],
    [() => has("query"), () => async (text, given) => listOf(await made.query!(text, [...given]))],
  ];
  return ways.find(([isOurs]) => isOurs())?.[1]();
}

const PREPARED = { prepare: true };

function clientOf(made: Made): unknown {
  const session = made.session as unknown as { client?: unknown } | undefined;
  return session?.client;
}

// Some give the rows, others a result that has them.
function listOf(result: unknown): unknown[] {
  if (Array.isArray(result)) return result;
  const { rows } = (result ?? {}) as { rows?: unknown };
  return Array.isArray(rows) ? rows : [];
}

// As Kysely's CompiledQuery.raw() makes it.
function compiled(sql: string, parameters: readonly unknown[]): object {
  const query = { kind: "RawNode", sqlFragments: [sql], parameters: [] };
  return { query, queryId: { queryId: "rhythm" }, sql, parameters };
}

// Knex counts places by itself, and takes each question mark for one.
function withQuestionMarks(
  text: string,
  parameters: readonly unknown[],
): [text: string, bindings: unknown[]] {
  const bindings: unknown[] = [];
  const marked = text.replaceAll("?", "\\?").replaceAll(/\$(\d+)/g, (_, nth: string) => {
    bindings.push(parameters[Number(nth) - 1]);
    return "?";
  });
  return [marked, bindings];
}
