import { Admin, type AdminOptions } from "../../src/steps/mod.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";

/** A database with an `Admin` on it, and what it warned of. */
export interface StepsTest extends AsyncDisposable {
  /** Creates workflows. */
  readonly admin: Admin;
  /** Its database. */
  readonly database: TestDatabase;
  /** The warnings. */
  readonly warnings: string[];
  /** What was stored of a workflow's steps: `seq name status attempts`, in order. */
  steps(id: string): Promise<string[]>;
  /** The status of an execution. */
  status(id: string): Promise<string>;
}

/** A test that needs a server: an `Admin` opens a database of its own, and another connection looks into it. */
export const onServer: (name: string, fn: (t: Deno.TestContext) => Promise<void>) => void = onEmbedded
  ? (name, fn) => Deno.test.ignore(name, fn)
  : (name, fn) => Deno.test(name, fn);

/** Opens an `Admin` on a fresh database. */
export async function stepsTest(options: AdminOptions = {}): Promise<StepsTest> {
  const database = await freshDatabase();
  const warnings: string[] = [];
  const admin = new Admin(database.url, { onWarning: (message) => warnings.push(message), ...options });
  return {
    admin,
    database,
    warnings,
    steps: async (id) => {
      const rows = await database.database.query<{ line: string }>(
        `select concat_ws(' ', s.seq, s.name, s.status, s.attempts) as line from rhythm.steps as s
        where s.execution_id = $1::text::uuid order by s.seq nulls last, s.name`,
        [id],
      );
      return rows.map(({ line }) => line);
    },
    status: async (id) => {
      const [row] = await database.database.query<{ status: string }>(
        "select e.status from rhythm.executions as e where e.id = $1::text::uuid",
        [id],
      );
      return row!.status;
    },
    [Symbol.asyncDispose]: async () => {
      await admin.close();
      const violations = await database.database.query("select * from rhythm.check()");
      await database[Symbol.asyncDispose]();
      if (violations.length > 0) throw new Error(`check(): ${JSON.stringify(violations)}`);
    },
  };
}
