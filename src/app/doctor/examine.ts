import { DatabaseUnavailableError } from "../../db/errors.ts";
import { type Examination, type Finding, type Patient, skipped } from "./finding.ts";
import { clock, connection, home, rights, schema } from "./server.ts";
import { bloat, connections, vacuum } from "./storage.ts";
import { failures, queues, schedules, soundness, workers } from "./work.ts";

/** The examination that reads everything. */
export const CHECK = "check()";

const REST: readonly [name: string, examination: Examination][] = [
  ["rights", rights],
  ["home", home],
  ["clock", clock],
  ["workers", workers],
  ["queues", queues],
  ["schedules", schedules],
  ["failures", failures],
  [CHECK, soundness],
  ["bloat", bloat],
  ["vacuum", vacuum],
  ["connections", connections],
];

/**
 * Examines a database: what was found, and what to do.
 *
 * @param patient what is examined
 * @param leaveOut the names of examinations that are not made
 * @throws {DatabaseUnavailableError} it cannot be reached
 */
export async function examine(patient: Patient, leaveOut: readonly string[] = []): Promise<Finding[]> {
  const findings = [...await connection(patient), ...await guarded("schema", schema, patient)];
  const isInstalled = !findings.some(({ check, state }) => check === "schema" && state === "problem");
  if (!isInstalled) return findings;
  for (const [name, examination] of REST) {
    if (!leaveOut.includes(name)) findings.push(...await guarded(name, examination, patient));
  }
  return findings;
}

// One thing that may not be looked at must not hide the others.
async function guarded(name: string, examination: Examination, patient: Patient): Promise<Finding[]> {
  try {
    return await examination(patient);
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) throw error;
    return [
      skipped(name, `could not be looked at: ${error instanceof Error ? error.message : String(error)}`),
    ];
  }
}
