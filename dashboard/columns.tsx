/** The columns of the list of executions that each person may choose. The browser keeps them. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { visible } from "./format.ts";
import { complain, Dialog, Id, Time } from "./ui.tsx";
import type { Row } from "./wire.ts";

interface Column {
  readonly key: string;
  readonly head: string;
  /** Its classes. */
  readonly look: string;
  readonly isUsual: boolean;
  readonly cell: (row: Row, took: (row: Row) => string) => JSX.Element | string;
}

const ALL: readonly Column[] = [
  {
    ...{ key: "version", head: "Version", look: "c-extra num soft", isUsual: false },
    cell: ({ version }) => version === null ? "" : String(version),
  },
  {
    ...{ key: "attempts", head: "Attempts", look: "c-extra num soft", isUsual: false },
    cell: ({ attempt, maxAttempts }) => `${attempt} of ${maxAttempts}`,
  },
  {
    ...{ key: "queue", head: "Queue", look: "c-queue", isUsual: true },
    cell: ({ queue }) => <span class="cut soft">{visible(queue)}</span>,
  },
  {
    ...{ key: "created", head: "Created", look: "c-time soft", isUsual: true },
    cell: ({ createdAt }) => <Time at={createdAt} />,
  },
  {
    ...{ key: "took", head: "Took", look: "c-took num soft", isUsual: true },
    cell: (row, took) => took(row),
  },
  { ...{ key: "id", head: "Id", look: "c-id num", isUsual: true }, cell: ({ id }) => <Id id={id} /> },
];

const STORED = "rhythm.columns";

// What another version, or somebody by hand, has stored may be anything.
function stored(): ReadonlySet<string> {
  try {
    const keys: unknown = JSON.parse(localStorage.getItem(STORED) ?? "null");
    if (Array.isArray(keys)) return new Set(keys.filter((one) => ALL.some(({ key }) => key === one)));
  } catch {
    // As if nothing was stored.
  }
  return new Set(ALL.filter(({ isUsual }) => isUsual).map(({ key }) => key));
}

const chosen = signal<ReadonlySet<string>>(stored());

/** The columns that are shown, from left to right. */
export function columns(): readonly Column[] {
  return ALL.filter(({ key }) => chosen.value.has(key));
}

/** The button that chooses them. */
export function ChooseColumns(): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="plain" onClick={() => setOpen(true)}>Columns</button>
      {open && <ColumnsDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function ColumnsDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [keys, setKeys] = useState(chosen.value);
  return (
    <Dialog
      title="Columns"
      go="Show them"
      onClose={onClose}
      onGo={() => {
        chosen.value = keys;
        try {
          localStorage.setItem(STORED, JSON.stringify([...keys]));
        } catch (error) {
          complain(new Error(`This browser keeps nothing: ${(error as Error).message}`));
        }
      }}
    >
      {ALL.map(({ key, head }) => (
        <label key={key} class="check">
          <input
            type="checkbox"
            checked={keys.has(key)}
            onChange={() => {
              const next = new Set(keys);
              if (!next.delete(key)) next.add(key);
              setKeys(next);
            }}
          />
          {head}
        </label>
      ))}
    </Dialog>
  );
}
