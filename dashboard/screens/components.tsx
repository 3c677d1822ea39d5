/** Every component in every state. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Refusal } from "../api.ts";
import { Source } from "../code.tsx";
import { JsonView } from "../json.tsx";
import {
  Bones,
  Button,
  complain,
  Dialog,
  Empty,
  Field,
  Figures,
  Paused,
  say,
  Share,
  Sheet,
  State,
  Time,
  Trouble,
} from "../ui.tsx";
import type { Json, Row, Status } from "../wire.ts";
import { List } from "./executions.tsx";
import { Trend } from "./failures.tsx";

const SAMPLE = `const user = await Task.run("get_user", { id: Inputs.id })
const limit = user.plan === "pro" ? 5000 : 500 // more
const { approved } = await Signal.next("approval")
return { approved }
`;
const STATUSES: Status[] = ["pending", "running", "suspended", "completed", "failed", "cancelled", "frozen"];
const AT = "2030-01-31T12:00:00.000Z";

function row(nth: number, more: Partial<Row>): Row {
  return {
    ...{
      id: `0197f3c2-0000-7000-8000-00000000000${nth}`,
      type: "workflow",
      target: "onboard_user",
      status: "suspended",
      queue: "default",
    },
    ...{
      version: 7,
      attempt: 1,
      maxAttempts: 1,
      note: null,
      parentId: null,
      errorType: null,
      errorMessage: null,
      fingerprint: null,
    },
    ...{
      cancelReason: null,
      createdAt: AT,
      runAt: null,
      startedAt: AT,
      completedAt: null,
      pausedAt: null,
      waitKind: null,
      waitName: null,
      waitUntil: null,
      waits: null,
    },
    ...more,
  };
}

const HOSTILE: Json = {
  html: "<img src=x onerror=alert(1)><script>alert(2)</script>",
  rtl: "abc\u202edcba\u202c, zero\u200bwidth, bell\u0007",
  long: "x".repeat(1_000_000),
  deep: JSON.parse(`${"[".repeat(500)}1${"]".repeat(500)}`),
  wide: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`name${index}`, index])),
  __proto__x: null,
  "": "an empty name",
};

/** The page. */
export function Components(): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState("text");
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Components</h1>
      </div>
      <section class="panel" aria-label="Status">
        <header>
          <h2>Status</h2>
        </header>
        <p class="pad row wrap">
          {STATUSES.map((status) => <State key={status} status={status} />)}
          <State status="running" paused={AT} />
        </p>
        <p class="pad row wrap">
          {["new", "known", "resolved", "ignored"].map((one) => (
            <span key={one} class={`badge ${one}`}>{one}</span>
          ))}
          <Time at={AT} />
        </p>
      </section>
      <section class="panel" aria-label="Buttons">
        <header>
          <h2>Buttons</h2>
        </header>
        <p class="pad row wrap">
          <Button kind="first">First</Button>
          <Button>Other</Button>
          <Button kind="danger">Danger</Button>
          <Button kind="danger first">Danger, first</Button>
          <Button disabled>Disabled</Button>
          <Button kind="first" aria-disabled title="This needs the role operator or admin">No right</Button>
          <Button kind="danger" aria-disabled title="This needs the role operator or admin">No right</Button>
          <Button onClick={() => say("It is done")}>Say</Button>
          <Button onClick={() => complain(new Error("It could not be done"))}>Complain</Button>
          <Button onClick={() => setOpen(true)}>Dialog</Button>
        </p>
        {isOpen && (
          <Dialog
            title="A dialog"
            go="Refuse"
            onClose={() => setOpen(false)}
            onGo={() => Promise.reject(new Error("It was refused, because …"))}
          >
            <p>It says what will happen.</p>
            <Field label="Field" value={text} onInput={setText} hint="A hint" />
          </Dialog>
        )}
      </section>
      <section class="panel gap" aria-label="States of a page">
        <header>
          <h2>States of a page</h2>
        </header>
        <div class="pad">
          <Trouble error={new Refusal(0, "", "The server does not answer. It may be restarting")} />
          <Trouble error={new Refusal(403, "", "Only an operator may do this")} />
          <Trouble error={new Refusal(404, "", "There is no execution 0197f3c2")} />
          <div class="notice wait">
            <b>Not live</b> What you see may be old.
          </div>
          <div class="notice good">
            <b>Done</b> All is well.
          </div>
          <Bones rows={2} />
          <Empty title="Nothing has run yet">
            <pre>rhythm start hello</pre>
          </Empty>
        </div>
      </section>
      <section class="panel scroll" aria-label="List">
        <List
          rows={[
            row(1, {
              waitKind: "signal",
              waitName: "approval",
              waits: 3,
            }),
            row(2, {
              status: "failed",
              errorType: "TypeError",
              errorMessage: "Cannot read “id” of undefined ".repeat(20),
              completedAt: AT,
            }),
            row(3, { status: "pending", note: "No worker has the task send_email", startedAt: null }),
            row(4, {
              status: "cancelled",
              cancelReason: "<b>changed</b> my mind\u202e!",
              completedAt: AT,
              target: "a_very_long_name_".repeat(12),
            }),
          ]}
          chosen={new Set(["0197f3c2-0000-7000-8000-000000000002"])}
          cursorAt="0197f3c2-0000-7000-8000-000000000001"
          onChoose={() => {}}
          onChooseAll={() => {}}
        />
      </section>
      <section class="panel gap" aria-label="Source">
        <header>
          <h2>Source</h2>
        </header>
        <Source
          label="A source"
          source={SAMPLE}
          fibres={[{
            function: "",
            line: 3,
            column: 1,
            variables: { user: { name: "Grace", plan: "pro" }, limit: 5000 },
            waitsFor: [],
          }]}
        />
      </section>
      <section class="panel gap" aria-label="Hostile values">
        <header>
          <h2>Hostile values</h2>
        </header>
        <JsonView value={HOSTILE} label="hostile values" />
      </section>
      <section class="gap" aria-label="Figures">
        <Figures
          figures={[
            { name: "of many", value: "48,210" },
            { name: "too many", value: "3 h 2 m", kind: "bad" },
            { name: "paused", value: "2", kind: "wait" },
            { name: "beside the point", value: "0", kind: "soft" },
            { name: "leads on", value: "2.1k", href: "#" },
          ]}
        />
      </section>
      <section class="panel gap" aria-label="Sheet">
        <Sheet label="A sheet" heads={[["Name"], ["Share"], ["Number", "num"], [""]]}>
          {[0, 0.4, 1].map((part) => (
            <tr key={part}>
              <td>a name</td>
              <td>
                <Share part={part} whole={1} label="Share" />
              </td>
              <td class="num">{part}</td>
              <td class="acts">
                <Button>Pause</Button>
              </td>
            </tr>
          ))}
        </Sheet>
      </section>
      <section class="gap" aria-label="Paused">
        <Paused
          what="This queue"
          pause={{ pausedAt: AT, pausedBy: "ada", reason: "<b>the provider</b> is down" }}
        />
      </section>
      <section class="panel gap" aria-label="Trend">
        <header>
          <h2>Trend</h2>
          <Trend trend={Array.from({ length: 24 }, (_, index) => index % 5 === 0 ? index : 0)} />
        </header>
      </section>
    </>
  );
}
