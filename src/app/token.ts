/** The token of the API that the environment gives; an empty one is none. */
export function readToken(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "RHYTHM_TOKEN" });
  return state === "granted" ? Deno.env.get("RHYTHM_TOKEN") || undefined : undefined;
}
