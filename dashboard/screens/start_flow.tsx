/** Starts a workflow: a form made from the schema of its inputs, or plain JSON. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { ask, refresh } from "../api.ts";
import { visible } from "../format.ts";
import { go } from "../router.ts";
import { Dialog, executionHref, Field, say } from "../ui.tsx";
import type { FlowVersion, Json } from "../wire.ts";

/** An input that a form can ask for. */
interface Input {
  readonly name: string;
  readonly kind: "text" | "number" | "boolean" | "choice" | "json";
  readonly choices: readonly Json[];
  readonly isRequired: boolean;
  readonly hint: string;
  readonly initial: string;
}

type Schema = { [name: string]: Json };

function isObject(value: Json | undefined): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What the schema asks for; nothing: it has no properties, so that only JSON will do. */
function inputsOf(schema: Json): Input[] | undefined {
  if (!isObject(schema) || !isObject(schema.properties)) return undefined;
  const required = Array.isArray(schema.required) ? schema.required : [];
  const named = Object.entries(schema.properties);
  const others = required.filter((name): name is string =>
    typeof name === "string" && !named.some(([known]) => known === name)
  );
  const place = (name: string): number => (required.indexOf(name) + 1) || Infinity;
  // What is required comes first, in the order in which the schema requires it.
  const all = [...named, ...others.map((name): [string, Json] => [name, {}])]
    .sort(([one], [other]) => place(one) === place(other) ? 0 : place(one) - place(other));
  if (all.length === 0 || all.length > 30) return undefined;
  return all.map(([name, given]) => {
    const one = isObject(given) ? given : {};
    const choices = Array.isArray(one.enum) ? one.enum : [];
    const kind = choices.length > 0
      ? "choice"
      : one.type === "string"
      ? "text"
      : one.type === "number" || one.type === "integer"
      ? "number"
      : one.type === "boolean"
      ? "boolean"
      : "json";
    const initial = one.default === undefined
      ? ""
      : kind === "text"
      ? String(one.default)
      : JSON.stringify(one.default);
    return {
      ...{ name, kind, choices, initial, isRequired: required.includes(name) },
      hint: hintOf(one, kind),
    } as Input;
  });
}

function hintOf(one: Schema, kind: Input["kind"]): string {
  const limits = [
    ...(typeof one.minimum === "number" ? [`at least ${one.minimum}`] : []),
    ...(typeof one.maximum === "number" ? [`at most ${one.maximum}`] : []),
    ...(typeof one.format === "string" ? [one.format] : []),
    ...(typeof one.pattern === "string" ? [`like ${one.pattern}`] : []),
  ];
  const what = kind === "json" ? [typeof one.type === "string" ? `${one.type}, as JSON` : "JSON"] : [];
  const told = typeof one.description === "string" ? [one.description] : [];
  return [...told, ...what, ...limits].join(" · ");
}

/** The dialog. */
export function StartDialog(
  { name, version, onClose, onStarted }: {
    name: string;
    version: Pick<FlowVersion, "version" | "inputSchema">;
    onClose: () => void;
    /** What to do with its id instead of going to it. */
    onStarted?: (id: string) => void;
  },
): JSX.Element {
  const inputs = useMemo(() => inputsOf(version.inputSchema), [version.inputSchema]);
  const [isForm, setForm] = useState(inputs !== undefined);
  const [given, setGiven] = useState<Record<string, string>>(() =>
    Object.fromEntries((inputs ?? []).map((one) => [one.name, one.initial]))
  );
  const [text, setText] = useState(() => JSON.stringify(skeleton(inputs), null, 2));
  const [delay, setDelay] = useState("");
  const [key, setKey] = useState("");
  const values = (): Json => isForm ? readForm(inputs!, given) : readJson(text, "The input");
  return (
    <Dialog
      title={`Start ${visible(name)}`}
      go="Start"
      onClose={onClose}
      onGo={async () => {
        const options = {
          ...(delay.trim() === "" ? {} : { delay: delay.trim() }),
          ...(key.trim() === "" ? {} : { idempotencyKey: key.trim() }),
        };
        const { id } = await ask<{ id: string }>("POST", `workflows/${encodeURIComponent(name)}/start`, {
          inputs: values(),
          options,
        });
        say(`${visible(name)} is started`);
        refresh("executions");
        if (onStarted === undefined) go(executionHref(id));
        else onStarted(id);
      }}
    >
      <p>
        It runs version {version.version}, the current one. {inputs !== undefined && (
          <button
            type="button"
            class="plain"
            onClick={() => {
              // What was entered goes along, as far as it can be read.
              if (isForm) setText(JSON.stringify(softly(() => readForm(inputs, given)) ?? {}, null, 2));
              setForm(!isForm);
            }}
          >
            {isForm ? "Write JSON instead" : "Back to the form"}
          </button>
        )}
      </p>
      {isForm
        ? inputs!.map((one) => (
          <One
            key={one.name}
            input={one}
            value={given[one.name] ?? ""}
            onInput={(value) => setGiven({ ...given, [one.name]: value })}
          />
        ))
        : (
          <Field
            label="Input, as JSON"
            value={text}
            onInput={setText}
            lines={8}
            {...(isObject(version.inputSchema)
              ? { hint: "It is checked against the schema of the flow" }
              : {})}
          />
        )}
      <details>
        <summary class="soft">Options</summary>
        <div class="pair gap">
          <Field label="Begin in" value={delay} onInput={setDelay} placeholder="now" hint="30s, 5m, 2h" />
          <Field
            label="Idempotency key"
            value={key}
            onInput={setKey}
            placeholder="none"
            hint="a second start gives the first one"
          />
        </div>
      </details>
    </Dialog>
  );
}

function One(
  { input, value, onInput }: { input: Input; value: string; onInput: (value: string) => void },
): JSX.Element {
  const { name, kind, choices, isRequired, hint } = input;
  const label = `${visible(name)}${isRequired ? "" : " (optional)"}`;
  if (kind === "choice" || kind === "boolean") {
    const all = kind === "boolean" ? [true, false] : choices;
    return (
      <label class="field">
        <span>{label}</span>
        <select value={value} onChange={(event) => onInput(event.currentTarget.value)}>
          <option value="">{isRequired ? "Choose" : "not given"}</option>
          {all.map((one) => {
            const text = JSON.stringify(one);
            return <option key={text} value={text}>{visible(typeof one === "string" ? one : text)}</option>;
          })}
        </select>
        {hint !== "" && <small>{visible(hint)}</small>}
      </label>
    );
  }
  return (
    <Field
      {...{ label, value, onInput }}
      {...(hint === "" ? {} : { hint: visible(hint) })}
      {...(kind === "json" ? { lines: 3 } : {})}
    />
  );
}

function readForm(inputs: readonly Input[], given: Record<string, string>): Json {
  const values: { [name: string]: Json } = {};
  for (const { name, kind, isRequired } of inputs) {
    const text = given[name] ?? "";
    if (kind === "text") {
      if (text !== "" || isRequired) values[name] = text;
    } else if (text.trim() === "") {
      if (isRequired) throw new Error(`${name} is missing`);
    } else if (kind === "number" && !Number.isFinite(Number(text))) {
      throw new Error(`${name} must be a number, and is "${text}"`);
    } else values[name] = kind === "number" ? Number(text) : readJson(text, name);
  }
  return values;
}

function readJson(text: string, what: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is not JSON: ${(error as Error).message}. A text needs quotes`);
  }
}

function softly(read: () => Json): Json | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function skeleton(inputs: readonly Input[] | undefined): Json {
  return Object.fromEntries(
    (inputs ?? []).filter(({ isRequired }) => isRequired).map(({ name, kind }) => [
      name,
      kind === "number" ? 0 : kind === "boolean" ? false : kind === "text" ? "" : null,
    ]),
  );
}
