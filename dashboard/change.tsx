/** The fields with which what waits is given another queue, priority or time. */
import type { JSX } from "preact";
import { Field } from "./ui.tsx";

/** What somebody has entered; empty: as it is. */
export interface ChangeForm {
  readonly queue: string;
  readonly priority: string;
  readonly delay: string;
}

/** Nothing was entered yet. */
export const NO_CHANGE: ChangeForm = { queue: "", priority: "", delay: "" };

/**
 * The change, as the API takes it.
 *
 * @throws {Error} nothing was entered, or no number
 */
export function changeOf({ queue, priority, delay }: ChangeForm): Record<string, unknown> {
  if (priority.trim() !== "" && !/^-?\d{1,5}$/.test(priority.trim())) {
    throw new Error("The priority is a whole number, such as 5 or -1");
  }
  const change = {
    ...(queue.trim() === "" ? {} : { queue: queue.trim() }),
    ...(priority.trim() === "" ? {} : { priority: Number(priority) }),
    ...(delay.trim() === "" ? {} : { delay: delay.trim() }),
  };
  if (Object.keys(change).length === 0) throw new Error("Enter what to change");
  return change;
}

/** The fields. */
export function ChangeFields({ form, onInput, now }: {
  form: ChangeForm;
  onInput: (form: ChangeForm) => void;
  now?: { readonly queue: string; readonly priority: number };
}): JSX.Element {
  return (
    <>
      <Field
        label="Queue"
        value={form.queue}
        onInput={(queue) => onInput({ ...form, queue })}
        placeholder={now?.queue ?? "as it is"}
        autoFocus
      />
      <div class="pair">
        <Field
          label="Priority"
          value={form.priority}
          onInput={(priority) => onInput({ ...form, priority })}
          placeholder={now === undefined ? "as it is" : String(now.priority)}
          hint="higher goes first"
        />
        <Field
          label="Run in"
          value={form.delay}
          onInput={(delay) => onInput({ ...form, delay })}
          placeholder="as it is"
          hint="from now: 0s, 10m, 2h"
        />
      </div>
    </>
  );
}
