import { ask, type EngineRef } from "./engine_ref.ts";

/** Lets an installation run where it is now; says what it did. */
export async function adopt(
  engine: EngineRef,
  home: { environment?: string | undefined; upgraded?: boolean | undefined },
): Promise<string> {
  const [row] = await ask<{ said: string }>(
    engine,
    "select rhythm.adopt(environment => $1::text, upgraded => $2::text::boolean) as said",
    [home.environment ?? null, String(home.upgraded ?? false)],
  );
  return row!.said;
}

/** Why nothing may run in this database; null: it may. */
export async function homeProblem(engine: EngineRef): Promise<string | null> {
  const [row] = await ask<{ problem: string | null }>(engine, "select rhythm.home_problem() as problem");
  return row!.problem;
}
