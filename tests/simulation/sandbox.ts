import type { PGlite } from "@electric-sql/pglite";
import { startInstalled } from "../../src/db/embedded_image.ts";
import { readSchema } from "../../scripts/gen.ts";
import { type Plan, type Result, simulate } from "./simulate.ts";
import type { TraceKind } from "./world.ts";

/** A database with the engine of `sql/` as it is now. It is emptied before each run. */
export class Sandbox {
  readonly #engine: PGlite;
  readonly #emptying: string;

  private constructor(engine: PGlite, emptying: string) {
    this.#engine = engine;
    this.#emptying = emptying;
  }

  /** Installs the engine. */
  static async open(): Promise<Sandbox> {
    const files = await readSchema();
    // The one that installs is not the same in all things as one that begins installed.
    await (await startInstalled("memory://", files)).close();
    const engine = await startInstalled("memory://", files);
    await engine.exec(
      `create table public.booked (execution uuid, label text);
      create function public.sim_double(inputs jsonb) returns jsonb language sql as $$ select to_jsonb(2 * (inputs ->> 'v')::integer) $$;`,
    );
    const { rows: tables } = await engine.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname in ('rhythm', 'public') and c.relkind = 'r' and c.relname !~ '^install' order by 1`,
    );
    const { rows: sequences } = await engine.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = 'rhythm' and c.relkind = 'S' order by 1`,
    );
    for (const { name } of tables) {
      const { rows } = await engine.query(`select from ${name} limit 1`);
      if (rows.length > 0) throw new Error(`${name} is not empty after the installation`);
    }
    const emptying = [
      `truncate ${tables.map(({ name }) => name).join(", ")}`,
      ...sequences.map(({ name }) => `alter sequence ${name} restart`),
    ];
    return new Sandbox(engine, emptying.join(";"));
  }

  /** Runs a plan. */
  async run(plan: Plan, kind?: TraceKind): Promise<Result> {
    await this.#engine.exec(this.#emptying);
    return await simulate(this.#engine, plan, kind);
  }

  /** Closes the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.close();
  }
}
