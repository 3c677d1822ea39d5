import { openFlow, resumeFlow } from "../flow/mod.ts";
import type { FlowRuntime, OpenFlow } from "../worker/flows/flow_runner.ts";

/** The flow language, as a worker uses it. Programs, snapshots and steps are plain JSON on both sides. */
export const flowRuntime: FlowRuntime = {
  open: (program, begin, host) => openFlow(program as never, begin as never, host) as unknown as OpenFlow,
  cancel: (program, snapshot, { settled, cancel }, host) =>
    resumeFlow(program as never, snapshot as never, settled as never, host, { cancel }) as never,
};
