import { ask, type EngineRef } from "./engine_ref.ts";

/** Something that is registered before it is started: a flow with its text, a task, a workflow in TypeScript. */
export type Registrable =
  | { readonly kind: "task" | "workflow"; readonly name: string }
  | { readonly kind: "flow"; readonly name: string; readonly source: string };

/** Whether this role may register flows, tasks and workflows. */
export async function mayRegister(engine: EngineRef): Promise<boolean> {
  const [row] = await ask<{ may: boolean }>(
    engine,
    `select coalesce(bool_and(has_schema_privilege(p.pronamespace, 'usage') and has_function_privilege(p.oid, 'execute')), true) as may
    from pg_catalog.pg_proc as p
    where p.pronamespace = :'schema'::regnamespace and p.proname in ('register_flow', 'register_tasks', 'register_workflow')`,
  );
  return row!.may;
}

/** The definitions among these that are not registered. A flow with another text counts as not registered. */
export async function findUnregistered(
  engine: EngineRef,
  wanted: readonly Registrable[],
): Promise<{ kind: string; name: string }[]> {
  const [row] = await ask<{ missing: { kind: string; name: string }[] }>(
    engine,
    "select rhythm.unregistered($1::text::jsonb) as missing",
    [JSON.stringify(wanted)],
  );
  return row!.missing;
}
