import { openFlow, type Program, resumeFlow, type Snapshot } from "../flow/mod.ts";
import { editFlow } from "../flow/durable/rebuild.ts";
import { migrateFlow, type MigrationTo } from "../flow/migrate/apply.ts";
import type { JsonObject } from "../shared/json.ts";
import type { FlowRuntime, OpenFlow } from "../worker/flows/flow_runner.ts";

/** The flow language, as a worker uses it. Programs, snapshots and steps are plain JSON on both sides. */
export const flowRuntime: FlowRuntime = {
  open: (program, begin, host) => openFlow(program as never, begin as never, host) as unknown as OpenFlow,
  cancel: (program, snapshot, { settled, cancel }, host) =>
    resumeFlow(program as never, snapshot as never, settled as never, host, { cancel }) as never,
  change: (state, { program, version, args }, begin) => {
    const { fibre = 0, set, ...choice } = args as unknown as Change;
    const [from, to] = [state.program, program] as unknown as [Program, Program];
    // A branch is counted where it stands now, and has the same number there.
    const own = fibre === 0 && set !== undefined ? { set } : {};
    let snapshot = state.snapshot as unknown as Snapshot;
    if (from.hash !== to.hash) {
      const start = begin as unknown as MigrationTo["start"];
      snapshot = migrateFlow(from, snapshot, {
        ...choice,
        ...own,
        program: to,
        version: Number(version),
        start,
      });
    }
    return (set === undefined ? snapshot : editFlow(to, snapshot, { fibre, set })) as never;
  },
};

interface Change extends Pick<MigrationTo, "map" | "accept"> {
  readonly fibre?: number;
  readonly set?: JsonObject;
}
