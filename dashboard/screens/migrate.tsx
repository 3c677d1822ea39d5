/** Moves the workflows of a flow to another version: first a dry run that says where each would go on. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, usePage } from "../api.ts";
import { count, many } from "../format.ts";
import { go, href, place, withQuery } from "../router.ts";
import { Bones, Button, complain, Empty, Field, say, Trouble } from "../ui.tsx";
import type { Act, FlowVersion, Operation, Place, WholeFlow } from "../wire.ts";
import { nameOf } from "./flow.tsx";
import { Places } from "./places.tsx";

/** The form, and what the dry run found. */
export function Migrate({ flow }: { flow: WholeFlow }): JSX.Element {
  const { versions } = flow;
  const { query } = place.value;
  const current = versions.find(({ isCurrent }) => isCurrent);
  const to = versions.find(({ version }) => String(version) === query.get("to")) ?? current;
  const from = versions.find(({ version }) => String(version) === query.get("from"));
  const dry = query.get("dry");
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  if (versions.length < 2 || to === undefined) {
    return (
      <Empty title="There is only one version">
        <p>Once another text of the flow is deployed, its workflows can be moved to it here.</p>
      </Empty>
    );
  }
  const filter = { target: flow.name, ...(from === undefined ? {} : { version: from.version }) };
  const start = async (more: Record<string, unknown>): Promise<void> => {
    setBusy(true);
    try {
      const operation = await ask<Operation>("POST", "operations", {
        ...{ action: "migrate", filter, to: to.version },
        ...(note === "" ? {} : { note }),
        ...more,
      });
      if (operation.dryRun) go(withQuery({ dry: operation.id }), "replace");
      else {
        say("The migration is under way");
        go(href(`operations/${operation.id}`));
      }
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  const choose = (name: "from" | "to", value: string): void =>
    go(withQuery({ [name]: value, dry: undefined }), "replace");
  return (
    <>
      <section class="panel" aria-label="What to move">
        <header class="wrap">
          <h2>Move workflows to another version</h2>
          <span class="end">nothing changes before you say so</span>
        </header>
        <div class="pad row wrap form-row">
          <Choose
            label="From"
            value={from === undefined ? "" : String(from.version)}
            onChoose={(value) => choose("from", value)}
          >
            <option value="">every other version</option>
            {versions.filter((one) => one !== to).map(option)}
          </Choose>
          <Choose label="To" value={String(to.version)} onChoose={(value) => choose("to", value)}>
            {versions.map(option)}
          </Choose>
          <div class="grow">
            <Field label="Why" value={note} onInput={setNote} placeholder="it is kept in their history" />
          </div>
          <Button
            kind={dry === null ? "first" : ""}
            disabled={isBusy}
            onClick={() => void start({ dryRun: true })}
          >
            {dry === null ? "Say what would happen" : "Look again"}
          </Button>
        </div>
      </section>
      {dry !== null && <Found id={dry} to={to} isBusy={isBusy} onGo={(accept) => void start({ accept })} />}
    </>
  );
}

function option(one: FlowVersion): JSX.Element {
  return <option key={one.version} value={String(one.version)}>{nameOf(one)}</option>;
}

function Choose({ label, value, onChoose, children }: {
  label: string;
  value: string;
  onChoose: (value: string) => void;
  children: JSX.Element | (JSX.Element | JSX.Element[])[] | JSX.Element[];
}): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>{children}</select>
    </label>
  );
}

function Found({ id, to, isBusy, onGo }: {
  id: string;
  to: FlowVersion;
  isBusy: boolean;
  onGo: (accept: "sure" | "likely") => void;
}): JSX.Element {
  const { data, error } = usePage<{ operation: Operation; acts: Act[]; places: Place[] }>(`operations/${id}`);
  if (data === undefined) return error === undefined ? <Bones rows={4} /> : <Trouble error={error} />;
  const { operation } = data;
  // Those that run the version already stay as they are.
  const places = data.places.filter(({ result }) => result === "would" || result === "refused");
  const sum = (how: Place["how"]): number =>
    places.reduce((all, one) => all + (one.how === how ? one.executions : 0), 0);
  const [sure, likely, none] = [sum("sure"), sum("likely"), sum("none")];
  return (
    <section class="panel" aria-label="What would happen">
      <header class="wrap">
        <h2>What would happen</h2>
        <span class="soft" role="status">
          {operation.state === "running"
            ? `looking: ${count(operation.looked)} so far`
            : `${count(sure)} sure, ${count(likely)} not sure, ${count(none)} without a place`}
        </span>
        <span class="end">
          <a class="link" href={href(`operations/${id}`)}>the dry run</a>
        </span>
      </header>
      {operation.state === "running" && operation.looked === 0 && (
        <p class="pad soft">A worker looks at them. If this stays, no worker is alive.</p>
      )}
      {operation.state !== "running" && places.length === 0 && (
        <Empty title="Nothing is to be moved">
          <p>No workflow that is under way runs another version than {to.version}.</p>
        </Empty>
      )}
      <Places places={places} to={`version ${to.version}`} />
      {operation.state !== "running" && sure + likely > 0 && (
        <div class="pad row wrap">
          <Button kind="first" disabled={isBusy || sure === 0} onClick={() => onGo("sure")}>
            Move {many(sure, "workflow")}
          </Button>
          {likely > 0 && (
            <Button disabled={isBusy} onClick={() => onGo("likely")}>
              Move {count(sure + likely)}, also where it is not sure
            </Button>
          )}
          <span class="soft">
            Each of them moves as soon as it goes on. What is refused stays on its version.
          </span>
        </div>
      )}
    </section>
  );
}
