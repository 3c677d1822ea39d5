import { currentVersions, registerPairing, unpairedVersions } from "../db/calls/flows.ts";
import type { OperationRequest } from "../define/mod.ts";
import type { Program } from "../flow/mod.ts";
import type { ClientCore } from "./core.ts";

/** Older versions are paired by the worker that opens a workflow of them. */
const MOST = 50;

/** Stores where workflows of the last versions of a flow go on in the version to which a request moves them. */
export async function pairVersions(core: ClientCore, request: OperationRequest): Promise<void> {
  const name = request.filter.target;
  if (typeof name !== "string" || request.action === "repair" && request.to === undefined) return;
  const version = request.to ??
    (await core.retried(() => currentVersions(core.engine, [name]))).get(name);
  if (version !== undefined) await pairWith(core, { name, version, limit: MOST });
}

/** Stores where workflows of the last versions of a flow go on in one of its versions. */
export async function pairWith(
  core: ClientCore,
  flow: { name: string; version: number; limit: number },
): Promise<void> {
  const unpaired = await core.retried(() => unpairedVersions(core.engine, flow));
  if (unpaired.length === 0) return;
  const { ProgramError } = await import("../flow/mod.ts");
  const { pairingToJson, pairPrograms } = await import("../flow/migrate/pair.ts");
  for (const { version, code, to } of unpaired) {
    let pairs: string;
    try {
      pairs = JSON.stringify(
        pairingToJson(pairPrograms(code as unknown as Program, to as unknown as Program)),
      );
    } catch (error) {
      // Another library made it. Its workers pair it when they open a workflow of it.
      if (error instanceof ProgramError) continue;
      throw error;
    }
    await core.retried(() =>
      registerPairing(core.engine, { name: flow.name, from: version, to: flow.version, pairs })
    );
  }
}
