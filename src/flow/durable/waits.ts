import type { Wait } from "../types.ts";
import type { Combinator } from "../vm/combinator.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { isLive } from "../vm/promise.ts";

/**
 * What can wake the flow: one `all` group for each combinator that needs all of its elements, one `any` group for
 * everything else that somebody awaits.
 */
export function waitsOf(vm: FlowMachine): Wait[] {
  const groups = new Map<Combinator, string[]>();
  const single: string[] = [];
  for (const [id, promise] of vm.pending) {
    const live = promise.reactions?.filter(isLive) ?? [];
    if (live.length === 0) continue;
    const combinators: Combinator[] = [];
    for (const reaction of live) {
      const gathers = reaction.kind === "element" && gathersAll(reaction.combinator);
      if (gathers) combinators.push(reaction.combinator);
    }
    if (combinators.length < live.length) single.push(id);
    else {
      for (const combinator of new Set(combinators)) {
        const group = groups.get(combinator);
        if (group === undefined) groups.set(combinator, [id]);
        else group.push(id);
      }
    }
  }
  const waits: Wait[] = [...groups.values()].map((ids) => ({ mode: "all", ids }));
  if (single.length > 0) waits.push({ mode: "any", ids: single });
  return waits;
}

function gathersAll(combinator: Combinator): boolean {
  return combinator.kind === "all" || combinator.kind === "allSettled";
}
