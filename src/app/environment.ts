/** The token of the API that the environment gives; an empty one is none. */
export function readToken(): string | undefined {
  return read("RHYTHM_TOKEN");
}

/** The deploy that the environment names; an empty one is none. */
export function readDeploy(): string | undefined {
  return read("RHYTHM_DEPLOY");
}

/** The environment's name that the environment gives; an empty one is none. */
export function readEnvironment(): string | undefined {
  return read("RHYTHM_ENVIRONMENT");
}

/** The address of a login that can only read, for the SQL console; an empty one is none. */
export function readViewerUrl(): string | undefined {
  return read("RHYTHM_VIEWER_DATABASE_URL");
}

/** Where a trace is shown, with `{trace_id}` in it; an empty one is none. */
export function readTraceUrl(): string | undefined {
  return read("RHYTHM_TRACE_URL");
}

/** Whether a worker may adopt the database it finds. */
export function mayAdopt(): boolean {
  return read("RHYTHM_ADOPT") === "1";
}

function read(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) || undefined : undefined;
}
