import { libraryVersion, type SchemaFile } from "../../src/db/schema_gen.ts";

/** What a later version installs. */
export type NextVersion = readonly SchemaFile[] & { readonly version: string };

/**
 * A version of the engine that comes later: some functions have another body that does the same, and the tables that
 * executions are in have a column more, which no function of this version knows.
 *
 * @param files the engine as it is
 * @param nth each later one has a larger number
 * @param changed which files, between 0 and 1
 */
export function nextVersion(
  files: readonly SchemaFile[],
  nth: number,
  changed: readonly number[],
): NextVersion {
  const able = files.filter(({ kind, text }) => kind === "behaviour" && /^begin$/m.test(text));
  const chosen = new Set(changed.map((which) => able[Math.floor(which * able.length)]!.name));
  const checksum = nth.toString(16).padStart(64, "0");
  const tables = ["execution", "batch", "workflow_state", "timer", "worker"];
  const column = tables.map((table) => `alter table rhythm.${table} add column sim_${nth} text;`).join("\n");
  const structure = files.filter(({ kind }) => kind !== "behaviour");
  const next = [
    ...structure,
    { name: `structure/${900_000 + nth}_sim.sql`, kind: "structure" as const, checksum, text: column },
    ...files.filter(({ kind }) => kind === "behaviour").map((file) =>
      chosen.has(file.name)
        ? { ...file, checksum, text: file.text.replaceAll(/^begin$/gm, `begin\n  perform ${nth};`) }
        : file
    ),
  ];
  const [major, minor] = libraryVersion.split(".");
  return Object.assign(next, { version: `${major}.${minor}.${1_000 + nth}` });
}
