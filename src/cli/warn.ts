import type { Call } from "./command.ts";
import { asTyped } from "./how_to_type.ts";

/** Warns on standard error: what was asked for is done, and is odd. */
export function warn({ terminal, json }: Call, message: string): void {
  const told = asTyped(message.replace(/\.$/, ""));
  terminal.say(
    json
      ? JSON.stringify({ warning: { message: told } })
      : `${terminal.paintError("warn", "warning:")} ${told}`,
  );
}
