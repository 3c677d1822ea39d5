import type { PGlite } from "@electric-sql/pglite";
import { startInstalled } from "../../src/db/embedded_image.ts";
import { readSchema } from "../../scripts/gen.ts";
import type { SchemaFile } from "../../src/db/schema_gen.ts";
import type { Mutation } from "./mutations.ts";
import { type Plan, type Result, simulate } from "./simulate.ts";
import type { TraceKind } from "./world.ts";

/** A database with the engine of `sql/` as it is now. It is emptied before each run, and made anew after an upgrade. */
export class Sandbox {
  readonly #schema: readonly SchemaFile[];
  readonly #emptying: string;
  #engine: PGlite;
  #runs = 0;

  private constructor(schema: readonly SchemaFile[], engine: PGlite, emptying: string) {
    this.#schema = schema;
    this.#engine = engine;
    this.#emptying = emptying;
  }

  /**
   * Installs the engine.
   *
   * @param mutation a fault that is planted in it
   */
  static async open(mutation?: Mutation): Promise<Sandbox> {
    const files = (await readSchema()).map((file) =>
      `sql/${file.name}` === mutation?.file
        ? { ...file, text: file.text.replace(mutation.find, () => mutation.replace) }
        : file
    );
    // The one that installs is not the same in all things as one that begins installed.
    await (await startInstalled("memory://", files)).close();
    const engine = await start(files);
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
    return new Sandbox(files, engine, emptying.join(";"));
  }

  /** Runs a plan. */
  async run(plan: Plan, kind?: TraceKind): Promise<Result> {
    await this.#engine.exec(this.#emptying);
    const result = await simulate(this.#engine, plan, { kind, schema: this.#schema });
    // Postgres in one process makes no checkpoints and no vacuum of its own: its files grow.
    if (++this.#runs % RUNS === 0 || plan.load.some((item) => item.kind === "upgrade")) {
      await this.#engine.close();
      this.#engine = await start(this.#schema);
    }
    return result;
  }

  /** Closes the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.close();
  }
}

/** After so many runs, the database is made anew. */
const RUNS = 25;

async function start(schema: readonly SchemaFile[]): Promise<PGlite> {
  const engine = await startInstalled("memory://", schema);
  // Here everybody may move the clock; it is asked with each call.
  await engine.exec(
    `create or replace function rhythm.may_set_clock() returns boolean language plpgsql stable as $$ begin return true; end $$;
    create table public.booked (execution uuid, label text);
    create function public.sim_double(inputs jsonb) returns jsonb language sql as $$ select to_jsonb(2 * (inputs ->> 'v')::integer) $$;`,
  );
  return engine;
}
