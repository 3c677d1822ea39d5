import type { Call } from "../command.ts";
import { openSession } from "../session.ts";
import { readFlowFiles } from "./read_flows.ts";

/** Registers flow files: all of them, or none if one has errors. */
export async function registerFlows(call: Call): Promise<void> {
  const files = await readFlowFiles(call.args);
  await using session = await openSession(call.options);
  const service = await session.flows();
  const before = new Map((await service.list()).map((flow) => [flow.name, flow.version]));
  const registered = await service.registerAll(files);
  const told = registered.map(({ name, version }) => ({
    name,
    version,
    changed: before.get(name) !== version,
  }));
  if (call.json) return call.terminal.print(JSON.stringify({ flows: told }));
  for (const { name, version, changed } of told) {
    call.terminal.print(`${name} version ${version}${changed ? "" : " (as before)"}`);
  }
}
