import type { Gate } from "../define/mod.ts";
import { CliError } from "./cli_error.ts";
import type { Call, CommonOptions } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { filterOf } from "./filter.ts";
import { tellCount, tellTime } from "./format.ts";
import { openSession } from "./session.ts";
import { table } from "./table.ts";

/** Where and which, as flags say it. */
export interface GateFlags extends CommonOptions {
  line?: number;
  task?: string;
  to?: number;
  variable?: string[];
  metadata?: string;
  queue?: string;
  parent?: string;
  note?: string;
}

/** Lists gates. */
export async function listGates({ options, terminal, json }: Call): Promise<void> {
  await using session = await openSession(options);
  const gates = await session.gates.list();
  if (json) return terminal.print(JSON.stringify({ gates }));
  if (gates.length === 0) return terminal.say("there are no gates");
  const rows = gates.map((gate) => [
    String(gate.id),
    gate.flow,
    placeOf(gate),
    Object.keys(gate.when).length === 0 ? "" : JSON.stringify(gate.when),
    tellCount(gate.executions),
    tellTime(gate.setAt),
    gate.setBy,
    gate.note ?? "",
  ]);
  const head = ["gate", "flow", "where", "when", "stand there", "set", "by", "note"];
  terminal.print(table(rows, { head, right: [4], flexible: [2, 7, 3], optional: [6, 5, 3] }, terminal));
}

/** Sets a gate. */
export async function setGate({ options, terminal, args, json }: Call<GateFlags>): Promise<void> {
  const { line, task: before, to, note, variable, metadata, queue, parent } = options;
  const { limit: _limit, ...filter } = await filterOf(
    {
      ...{ limit: 1, variable, metadata, queue, parent },
    } as Parameters<typeof filterOf>[0],
  );
  if ((line === undefined) === (before === undefined)) {
    throw new CliError("a gate needs one of --line and --task");
  }
  await using session = await openSession(options);
  const gate = await session.gates.set(args[0]!, {
    when: filter as Gate["when"],
    ...(line !== undefined && { line }),
    ...(before !== undefined && { before }),
    ...(to !== undefined && { version: to }),
    ...(note !== undefined && { note }),
  });
  terminal.print(json ? JSON.stringify({ gate }) : `gate ${gate} is set: rhythm gate remove ${gate}`);
}

/** Removes a gate. */
export async function removeGate({ options, terminal, args, json }: Call): Promise<number> {
  await using session = await openSession(options);
  const gate = Number(args[0]);
  const removed = await session.gates.remove(gate);
  const words = removed ? `gate ${gate} is gone` : `there is no gate ${gate}`;
  terminal.print(json ? JSON.stringify({ gate, removed }) : words);
  return removed ? EXIT.ok : EXIT.no;
}

function placeOf({ line, before, version, sourceLine }: Gate): string {
  return before === null ? `v${version}:${line} ${sourceLine ?? ""}` : `before task ${before}`;
}
