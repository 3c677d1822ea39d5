import { resumeFlow, startFlow } from "../flow/mod.ts";
import type { FlowRuntime } from "../worker/flow_crew.ts";

/** The flow language, as a worker uses it. Programs, snapshots and steps are plain JSON on both sides. */
export const flowRuntime: FlowRuntime = {
  start: (program, begin, host) => startFlow(program as never, begin as never, host) as never,
  resume: (program, snapshot, { settled, cancel }, host) =>
    resumeFlow(
      program as never,
      snapshot as never,
      settled as never,
      host,
      cancel === undefined ? {} : { cancel },
    ) as never,
};
