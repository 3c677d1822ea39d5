import { systemClock } from "../runtime/clock.ts";
import { ExecutionNotFoundError } from "../db/engine_errors.ts";
import type { Execution } from "../define/mod.ts";
import type { Call } from "./command.ts";
import { errorLines } from "./error_lines.ts";
import { EXIT } from "./exit_codes.ts";
import { glyph, tellDuration } from "./format.ts";
import { wrapped } from "./redraw.ts";
import type { Session } from "./session.ts";
import { shortId } from "./short_id.ts";
import { bar, Spinner } from "./spinner.ts";

/**
 * Waits for the ends of executions, moving a bar meanwhile.
 *
 * @param session the database
 * @param ids the executions
 * @param call the command; Ctrl-C ends the waiting, not the executions
 * @returns them, in their final states
 */
export async function waitForAll(
  session: Session,
  ids: readonly string[],
  call: Call<{ timeout?: string }>,
): Promise<Execution[]> {
  // Waiting itself is patient with a database that is away for a while; at the beginning it has to be there.
  for (const id of ids) if (await session.executions.get(id) === null) throw ExecutionNotFoundError.of(id);
  const began = systemClock.monotonic();
  let over = 0;
  const text = (): string => {
    const time = tellDuration(systemClock.monotonic() - began);
    if (ids.length === 1) {
      return `waiting for ${shortId(ids[0]!)} · ${time} · Ctrl-C stops the waiting, not the execution`;
    }
    return `${bar(over / ids.length)} ${over} of ${ids.length} · ${time}`;
  };
  using _spinner = new Spinner(call.terminal, text).start();
  const { timeout } = call.options;
  const signal = call.signal;
  return await Promise.all(ids.map(async (id) => {
    const execution = await session.executions.wait(id, {
      signal,
      ...(timeout === undefined ? {} : { timeout }),
    });
    over++;
    return execution;
  }));
}

/** Prints how executions ended, and gives the exit code that says so. */
export function tellEnds(executions: readonly Execution[], call: Call): number {
  const { terminal } = call;
  if (call.json) {
    terminal.print(JSON.stringify(executions.length === 1 ? executions[0] : executions));
  } else {
    for (const execution of executions) {
      const { id, target, status, output, error, cancelReason } = execution;
      const head = `${glyph(status, terminal)} ${target} ${terminal.paint("quiet", id)} ${status}`;
      if (status === "completed") terminal.print(`${head}\n${JSON.stringify(output, null, 2)}`);
      else if (status === "cancelled") terminal.print(`${head}\n  ${cancelReason}`);
      else {
        const lines = error === null ? [] : errorLines(error, terminal, { full: false });
        terminal.print(wrapped([head, ...lines].join("\n"), terminal));
      }
    }
  }
  return executions.every(({ status }) => status === "completed") ? EXIT.ok : EXIT.no;
}
