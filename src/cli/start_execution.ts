import { UnknownNameError } from "../db/engine_errors.ts";
import type { ExecutionType } from "../define/mod.ts";
import type { Call } from "./command.ts";
import { readJson } from "./json_text.ts";
import { howToType } from "./how_to_type.ts";
import { warnOfOddNames } from "./odd_names.ts";
import { openSession } from "./session.ts";
import { shortId } from "./short_id.ts";
import { optionsOf, type StartFlags, withWholeParent } from "./start_options.ts";
import { unknownName } from "./unknown_name.ts";
import { tellEnds, waitForAll } from "./waiting.ts";

/** Starts a workflow or queues a task, and waits for its end if that was asked for. */
export async function startExecution(type: ExecutionType, call: Call<StartFlags>): Promise<number | void> {
  const [target = "", text] = call.args;
  const inputs = text === undefined ? {} : await readJson(text, "the inputs");
  const given = await optionsOf(call.options, "start");
  await using session = await openSession(call.options);
  const options = await withWholeParent(session, given);
  // Before it exists: an execution makes the name of its queue a known one.
  const task = type === "task" ? target : undefined;
  await warnOfOddNames(session, call, { queue: options.queue, task });
  const run = await session.executions.create({ type, target, inputs, ...options }).catch(
    async (error) => {
      if (!(error instanceof UnknownNameError)) throw error;
      const flows = await (await session.flows()).list();
      const hint = "`rhythm flow register` makes it known, and so does a worker that has it";
      throw unknownName({ what: "flow", name: target, known: flows.map(({ name }) => name), hint });
    },
  );
  if (call.options.wait) {
    const { timeout: _limit, ...rest } = call.options;
    const executions = await waitForAll(session, [run.id], {
      terminal: call.terminal,
      args: call.args,
      options: rest,
      json: call.json,
      signal: call.signal,
    });
    return tellEnds(executions, call);
  }
  // Only the id is printed on standard output, so that a script can keep it.
  call.terminal.print(call.json ? JSON.stringify({ id: run.id }) : run.id);
  if (call.terminal.isTerminal && !call.json) {
    call.terminal.say(call.terminal.paintError("quiet", `${howToType()} show ${shortId(run.id)} -f`));
  }
}
