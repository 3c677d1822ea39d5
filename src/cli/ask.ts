import { answerOf } from "../client/asks.ts";
import { askFor } from "../client/signals.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { readJson } from "./json_text.ts";
import { openSession } from "./session.ts";
import { wholeId } from "./short_id.ts";

/** Asks a workflow, waits, and prints the answer as JSON. */
export async function askWorkflow(call: Call<{ key?: string; timeout?: string }>): Promise<number> {
  const [id = "", name = "", given] = call.args;
  const { key, timeout } = call.options;
  const { terminal, json } = call;
  const payload = given === undefined ? null : await readJson(given, "the payload");
  await using session = await openSession(call.options);
  const execution = await wholeId(session, id);
  const options = {
    ...(key !== undefined && { idempotencyKey: key }),
    ...(timeout !== undefined && { timeout }),
    ...(call.signal !== undefined && { signal: call.signal }),
  };
  const asked = await askFor(session.signals, { execution, name, payload }, { ...options, where: "ask" });
  if (!json) terminal.print(JSON.stringify(answerOf(asked), null, 2));
  else terminal.print(JSON.stringify(asked));
  return asked.status === "answered" ? EXIT.ok : EXIT.no;
}
