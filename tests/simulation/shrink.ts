import type { Sandbox } from "./sandbox.ts";
import type { Plan, Result } from "./simulate.ts";

/** A plan that breaks a promise, as short as was found. */
export interface Shrunk {
  readonly plan: Plan;
  readonly result: Result;
  readonly runs: number;
}

/**
 * Takes faults and load out of a plan as long as it still breaks.
 *
 * @param sandbox where it runs
 * @param found the plan, and what broke
 * @param most how many runs it may take
 */
export async function shrink(
  sandbox: Pick<Sandbox, "run">,
  found: { plan: Plan; result: Result },
  most = 60,
): Promise<Shrunk> {
  let { plan, result } = found;
  let runs = 0;
  const wanted = kindOf(result.broken!);
  const tryOut = async (candidate: Plan): Promise<boolean> => {
    if (runs >= most) return false;
    runs++;
    const tried = await sandbox.run(candidate);
    if (tried.broken === undefined || kindOf(tried.broken) !== wanted) return false;
    plan = candidate;
    result = tried;
    return true;
  };
  for (const part of ["faults", "load"] as const) {
    for (let size = Math.ceil(plan[part].length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < plan[part].length && runs < most;) {
        const items = [...plan[part].slice(0, from), ...plan[part].slice(from + size)];
        if (!await tryOut({ ...plan, [part]: items })) from += size;
      }
    }
  }
  return { plan, result, runs };
}

// What broke, without the ids and numbers that differ from run to run.
function kindOf(broken: string): string {
  return broken.split("\n")[0]!.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "").replaceAll(/\d+/g, "").slice(
    0,
    40,
  );
}
