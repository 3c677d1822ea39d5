import { type OptionEntry, OPTIONS, type OptionScope, type OptionType } from "../../src/shared/options.ts";
import type { Kind } from "./sweep.ts";

/** The options of executions, from the table, as the sweep knows them. */
export function optionKinds(scope: OptionScope): Record<string, Kind> {
  const entries = (OPTIONS as readonly OptionEntry[]).filter((entry) => entry.in.includes(scope));
  return Object.fromEntries(entries.map(({ name, type }) => [name, KINDS[type.kind]]));
}

const KINDS: Record<OptionType["kind"], Kind> = {
  name: "name",
  key: "key",
  number: "number",
  duration: "duration",
  moment: "moment",
  until: "until",
  choice: "choice",
  share: "share",
  span: "duration",
  parts: "parts",
  object: "json object",
  retry: "retry",
  execution: "execution",
  id: "execution",
};
