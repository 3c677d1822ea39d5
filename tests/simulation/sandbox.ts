import { startInstalled } from "../../src/db/embedded_image.ts";
import { readSchema } from "../../scripts/gen.ts";
import type { SchemaFile } from "../../src/db/schema_gen.ts";
import type { Engine, Place } from "./engine.ts";
import type { Mutation } from "./mutations.ts";
import { Native } from "./native.ts";
import { type Plan, type Result, simulate } from "./simulate.ts";
import type { TraceKind } from "./world.ts";

/** Where the databases of a sandbox come from. */
interface Source {
  database(): Promise<Engine>;
  close(): Promise<void>;
}

/** A database with the engine of `sql/` as it is now. It is emptied before each run, and made anew after an upgrade. */
export class Sandbox {
  /** The processor time of the Postgres beside this process during the runs, in seconds. */
  besideSeconds = 0;
  readonly #schema: readonly SchemaFile[];
  readonly #emptying: string;
  readonly #source: Source;
  #engine: Engine;
  #runs = 0;

  private constructor(parts: {
    schema: readonly SchemaFile[];
    source: Source;
    engine: Engine;
    emptying: string;
  }) {
    this.#schema = parts.schema;
    this.#source = parts.source;
    this.#engine = parts.engine;
    this.#emptying = parts.emptying;
  }

  /**
   * Installs the engine.
   *
   * @param options where its Postgres is, and a fault that is planted in it
   */
  static async open(
    { place = "pglite", mutation }: { place?: Place; mutation?: Mutation } = {},
  ): Promise<Sandbox> {
    const schema = (await readSchema()).map((file) =>
      `sql/${file.name}` === mutation?.file
        ? {
          ...file,
          text: file.text.replace(mutation.find, () => mutation.replace),
          checksum: `${file.checksum}, but ${mutation.name}`,
        }
        : file
    );
    const source = place === "native" ? await Native.open(schema, EXTRAS) : await embedded(schema);
    const engine = await source.database();
    const namesOf = async (schemas: string, kind: string): Promise<string[]> => {
      const [{ rows } = { rows: [] }] = await engine.exec(
        `select format('%I.%I', n.nspname, c.relname) as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname in (${schemas}) and c.relkind = '${kind}' and c.relname !~ '^install' order by 1`,
      );
      return (rows as { name: string }[]).map(({ name }) => name);
    };
    const tables = await namesOf("'rhythm', 'public'", "r");
    const sequences = await namesOf("'rhythm'", "S");
    for (const name of tables) {
      const [{ rows } = { rows: [] }] = await engine.exec(`select from ${name} limit 1`);
      if (rows.length > 0) throw new Error(`${name} is not empty after the installation`);
    }
    const emptying = [
      `truncate ${tables.join(", ")}`,
      ...sequences.map((name) => `alter sequence ${name} restart`),
    ];
    return new Sandbox({ schema, source, engine, emptying: emptying.join(";") });
  }

  /** Runs a plan. */
  async run(plan: Plan, kind?: TraceKind): Promise<Result> {
    const before = await this.#engine.cpuSeconds?.();
    await this.#engine.exec(this.#emptying);
    const result = await simulate(this.#engine, plan, { kind, schema: this.#schema });
    const after = await this.#engine.cpuSeconds?.();
    if (before !== undefined && after !== undefined) this.besideSeconds += after - before;
    // Postgres in one process makes no checkpoints and no vacuum of its own: its files grow.
    if (++this.#runs % RUNS === 0 || plan.load.some((item) => item.kind === "upgrade")) {
      await this.#engine.close();
      this.#engine = await this.#source.database();
    }
    return result;
  }

  /** Closes the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.close();
    await this.#source.close();
  }
}

/** After so many runs, the database is made anew. */
const RUNS = 25;

async function embedded(schema: readonly SchemaFile[]): Promise<Source> {
  // The one that installs is not the same in all things as one that begins installed.
  await (await startInstalled("memory://", schema)).close();
  return {
    database: async () => {
      const engine = await startInstalled("memory://", schema);
      await engine.exec(EXTRAS);
      return engine;
    },
    close: () => Promise.resolve(),
  };
}

/**
 * What a simulation has beside the engine. Here everybody may move the clock; it is asked often. How much an operation does at once
 * follows from chance, not from the time that it took.
 */
const EXTRAS = `create or replace function rhythm.now() returns timestamptz language plpgsql volatile as $$
  declare v_at constant text := current_setting('rhythm_clock.at', true);
  begin if v_at <> '' then return v_at; end if; return clock_timestamp(); end $$;
  create or replace function rhythm.next_pace(p_pace integer, p_done integer, p_took interval) returns integer language plpgsql volatile as $$
  begin return 1 + (rhythm.chance() * 99)::integer; end $$;
  create or replace function rhythm.may_set_clock() returns boolean language plpgsql stable as $$ begin return true; end $$;
  create table if not exists public.booked (execution uuid, label text);
  create table if not exists public.broken (what text);
  create or replace function public.watch() returns trigger language plpgsql as $$
  declare v_stack text;
  begin
    get diagnostics v_stack = pg_context;
    if tg_argv[0] <> 'lives, and was given up' or v_stack ~ 'bury_workers' then
      insert into public.broken select format('%s %s at %s', coalesce(to_jsonb(new), to_jsonb(old)), tg_argv[0], current_setting('rhythm_clock.at', true));
    end if;
    return null;
  end $$;
  create or replace trigger watch after update of fired on rhythm.timer for each row
  when (new.fired and not old.fired and not new.deadline and new.fires_at > nullif(current_setting('rhythm_clock.at', true), '')::timestamptz)
  execute function public.watch('fired early');
  create or replace trigger watch after update of timed_out on rhythm.signal_wait for each row
  when (new.timed_out and not old.timed_out and new.timeout_at > nullif(current_setting('rhythm_clock.at', true), '')::timestamptz)
  execute function public.watch('timed out early');
  create or replace trigger watch after update of worker on rhythm.batch for each row
  when (new.worker is not null and old.worker is null and (old.run_at > nullif(current_setting('rhythm_clock.at', true), '')::timestamptz
    or old.attempt = 0 and old.expires_at <= nullif(current_setting('rhythm_clock.at', true), '')::timestamptz))
  execute function public.watch('was claimed before its time, or after it');
  create or replace trigger watch after delete on rhythm.worker for each row
  when (old.beat_at + old.lease_ms * interval '1 millisecond' > nullif(current_setting('rhythm_clock.at', true), '')::timestamptz)
  execute function public.watch('lives, and was given up');
  create or replace trigger watch after update of state, output on rhythm.execution for each row
  when (old.state > 0 and new.state > 0 and (old.state <> new.state or old.output is distinct from new.output))
  execute function public.watch('was over, and has ended again');
  create or replace function public.sim_double(inputs jsonb) returns jsonb language sql as $$ select to_jsonb(2 * (inputs ->> 'v')::integer) $$;`;
