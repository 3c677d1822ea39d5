import { systemClock } from "../../runtime/clock.ts";
import type { Call } from "../command.ts";
import { openSession } from "../session.ts";
import { readFlowFiles } from "./read_flows.ts";

/** Registers flow files: all of them, or none if one has errors. */
export async function registerFlows(call: Call<{ deploy?: string; migrate?: boolean }>): Promise<void> {
  const files = await readFlowFiles(call.args);
  await using session = await openSession(call.options);
  const service = await session.flows();
  const before = new Map((await service.list()).map((flow) => [flow.name, flow.version]));
  const registered = await service.registerAll(files, {
    deploy: call.options.deploy ?? new Date(systemClock.now()),
  });
  const told = registered.map(({ name, version, currentVersion }) => ({
    name,
    version,
    currentVersion,
    changed: before.get(name) !== currentVersion,
  }));
  const moved = call.options.migrate ? told.filter((one) => before.has(one.name)) : [];
  const operations = new Map<string, string>();
  for (const { name } of moved) {
    const { id } = await session.operations.start({ action: "migrate", filter: { target: name } });
    operations.set(name, id);
  }
  if (call.json) {
    const flows = told.map((one) => ({ ...one, operation: operations.get(one.name) ?? null }));
    return call.terminal.print(JSON.stringify({ flows }));
  }
  for (const { name, version, currentVersion, changed } of told) {
    const stays = version === currentVersion
      ? ""
      : `: an older deploy, version ${currentVersion} stays current`;
    call.terminal.print(`${name} version ${version}${stays || (changed ? "" : " (as before)")}`);
  }
  for (const [name, id] of operations) {
    call.terminal.say(`workflows of ${name} go over where that is sure: \`rhythm operations show ${id}\``);
  }
}
