import { type FlowHost, openFlow, resumeFlow } from "../flow/mod.ts";
import type { FlowHost as WorkerHost, FlowRuntime, OpenFlow } from "../worker/flows/flow_runner.ts";

/** The flow language, as a worker uses it. Programs, snapshots and steps are plain JSON on both sides. */
export const flowRuntime: FlowRuntime = {
  open: (program, begin, host) => {
    const open = openFlow(program as never, begin as never, hostOf(host)) as unknown as OpenFlow;
    const advance = open.advance as (settled: unknown, at: FlowHost) => ReturnType<OpenFlow["advance"]>;
    return {
      get step() {
        return open.step;
      },
      advance: (settled) => advance(settled, hostOf(host)),
    };
  },
  cancel: (program, snapshot, { settled, cancel }, host) =>
    resumeFlow(program as never, snapshot as never, settled as never, hostOf(host), { cancel }) as never,
};

// Until workers hand in seed, step and moment: every step is one of its own.
function hostOf(host: WorkerHost): FlowHost {
  const moment = host.now();
  return { executionId: host.newId(), seed: host.newId(), epoch: 0, step: moment.getTime(), moment };
}
