/** Signals: who waits for which, and which came that nobody waits for. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, refresh, usePage } from "../api.ts";
import { count, cut, inline, visible } from "../format.ts";
import { href } from "../router.ts";
import { Bones, Button, Dialog, Empty, Field, Id, say, Sheet, State, Time, Trouble } from "../ui.tsx";
import type { Signals as Data } from "../wire.ts";
import { flowHref } from "./flows.tsx";

type Ask = Data["asks"][number];
type Wait = Data["waits"][number];

/** The screen. */
export function Signals(): JSX.Element {
  const { data, error } = usePage<Data>("signals");
  const [open, setOpen] = useState<Wait | "any">();
  const [asked, setAsked] = useState<Ask>();
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Signals</h1>
        <div class="acts">
          <Button kind="first" needs="sendSignal" onClick={() => setOpen("any")}>Send a signal</Button>
        </div>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones />}
      {data !== undefined && (
        <>
          <Waits waits={data.waits} onSend={setOpen} />
          <Questions asks={data.asks} onAnswer={setAsked} />
          <Kept kept={data.kept} />
        </>
      )}
      {asked !== undefined && <AnswerDialog asked={asked} onClose={() => setAsked(undefined)} />}
      {open !== undefined && (
        <SendDialog
          wait={open === "any" ? undefined : open}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}

function Waits({ waits, onSend }: { waits: readonly Wait[]; onSend: (wait: Wait) => void }): JSX.Element {
  return (
    <section class="panel" aria-label="Waited for">
      <header>
        <h2>Waited for</h2>
        <span class="end">{waits.length === 0 ? "" : `${count(waits.length)} kinds`}</span>
      </header>
      {waits.length === 0
        ? (
          <Empty title="No workflow waits for a signal">
            <p>
              A flow waits with <code>await Signal.next("approval")</code>.
            </p>
          </Empty>
        )
        : (
          <Sheet
            label="Signals that are waited for"
            heads={[["Signal"], ["Flow"], ["Version", "num"], ["Line"], ["Waiting", "num"], ["Oldest"], [
              "First gives up",
            ], [""]]}
          >
            {waits.map((wait) => {
              const { name, flow, version, executions, lines, oldest, createdAt, until } = wait;
              const line = lines.length === 1 ? lines[0] : undefined;
              const query = `flow:${flow}${version === null ? "" : ` version:${version}`}${
                line === undefined ? "" : ` line:${line}`
              } status:waiting`;
              return (
                <tr key={`${name} ${flow} ${version}`}>
                  <td>
                    <b class="mono">{visible(name)}</b>
                  </td>
                  <td>
                    <a class="link" href={flowHref(flow)}>{visible(flow)}</a>
                  </td>
                  <td class="num soft">{version ?? "–"}</td>
                  <td>
                    {lines.length === 0 ? <span class="faint">–</span> : (
                      <a
                        href={flowHref(flow, {
                          version: version === null ? undefined : String(version),
                          line: String(line ?? lines[0]),
                        })}
                      >
                        {lines.slice(0, 4).join(", ")}
                      </a>
                    )}
                  </td>
                  <td class="num">
                    <a href={href("executions", { q: query })}>{count(executions)}</a>
                  </td>
                  <td class="soft">
                    <Id id={oldest} /> <Time at={createdAt} />
                  </td>
                  <td class="soft">
                    {until === null ? <span class="faint">never</span> : <Time at={until} />}
                  </td>
                  <td class="acts">
                    <Button
                      needs="sendSignal"
                      aria-label={`Send ${name} to ${flow}`}
                      onClick={() => onSend(wait)}
                    >
                      Send
                    </Button>
                  </td>
                </tr>
              );
            })}
          </Sheet>
        )}
    </section>
  );
}

function Questions({ asks, onAnswer }: {
  asks: readonly Ask[];
  onAnswer: (asked: Ask) => void;
}): JSX.Element {
  const open = asks.filter(({ status }) => status === "open").length;
  return (
    <section class="panel" aria-label="Questions">
      <header class="wrap">
        <h2>Questions</h2>
        <span class="end">
          {asks.length === 0 ? "" : `${count(open)} open · `}among the last 2,000 signals
        </span>
      </header>
      {asks.length === 0
        ? (
          <Empty title="No workflow was asked anything">
            <p>
              A question is a signal with an answer: <code>rhythm ask &lt;id&gt; quote</code>
            </p>
          </Empty>
        )
        : (
          <Sheet
            label="Questions to workflows"
            heads={[["Question"], ["To"], ["State"], ["Payload"], ["Asked"], ["Answer"], [""]]}
          >
            {asks.map((one) => (
              <tr key={one.id}>
                <td>
                  <b class="mono">{visible(one.name)}</b>
                </td>
                <td>
                  <a class="link" href={flowHref(one.target)}>{visible(one.target)}</a>{" "}
                  <Id id={one.executionId} />
                </td>
                <td>
                  <span class={`state ${ASK_STATES[one.status]}`}>{one.status}</span>
                </td>
                <td>
                  <code class="soft">{inline(one.payload, 60)}</code>
                </td>
                <td class="soft">
                  <Time at={one.askedAt} />
                </td>
                <td class="soft">
                  {one.status === "open"
                    ? (one.taken ? "the workflow has it" : "the workflow has not taken it")
                    : one.status === "answered"
                    ? <code>{inline(one.answer, 60)}</code>
                    : cut(visible(one.error?.message ?? ""), 80)}
                </td>
                <td class="acts">
                  {one.status === "open" && (
                    <Button
                      needs="answerAsk"
                      aria-label={`Answer ${one.name} of ${one.target}`}
                      onClick={() => onAnswer(one)}
                    >
                      Answer
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </Sheet>
        )}
    </section>
  );
}

const ASK_STATES = { open: "suspended", answered: "completed", rejected: "failed", unanswered: "cancelled" };

function AnswerDialog({ asked, onClose }: { asked: Ask; onClose: () => void }): JSX.Element {
  const [answer, setAnswer] = useState("{}");
  const [rejection, setRejection] = useState("");
  return (
    <Dialog
      title={`Answer ${visible(asked.name)}`}
      go={rejection === "" ? "Answer" : "Reject"}
      onClose={onClose}
      onGo={async () => {
        const path = `executions/${asked.executionId}/asks/${asked.id}/answer`;
        const { answered } = await ask(
          "POST",
          path,
          rejection === "" ? { answer: parsed("answer", answer) } : { error: rejection },
        ) as { answered: boolean };
        say(answered ? `“${visible(asked.name)}” has its answer` : "It was answered already");
        refresh("signals");
      }}
    >
      <p>
        Those who asked get this answer in place of the workflow's. The workflow goes on, and its own answer
        is ignored.
      </p>
      <pre>{inline(asked.payload, 500)}</pre>
      <Field label="Answer, as JSON" value={answer} onInput={setAnswer} lines={4} />
      <Field
        label="Or why it is rejected"
        value={rejection}
        onInput={setRejection}
        placeholder="out of stock"
      />
    </Dialog>
  );
}

function parsed(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The ${what} is not JSON: ${(error as Error).message}. A text needs quotes`);
  }
}

function Kept({ kept }: { kept: Data["kept"] }): JSX.Element {
  return (
    <section class="panel" aria-label="Nobody waits for them">
      <header class="wrap">
        <h2>Nobody waits for them</h2>
        <span class="end">of the last 2,000 signals</span>
      </header>
      {kept.length === 0
        ? (
          <Empty title="Every signal was taken">
            <p>
              One that is sent too early, or under a wrong name, is kept for its workflow and listed here.
            </p>
          </Empty>
        )
        : (
          <Sheet
            label="Signals that nobody waits for"
            heads={[["Signal"], ["To"], ["Workflow"], ["Payload"], ["Sent"]]}
          >
            {kept.map(({ id, name, flow, executionId, status, payload, sentAt }) => (
              <tr key={id}>
                <td>
                  <b class="mono">{visible(name)}</b>
                </td>
                <td>
                  {visible(flow)} <Id id={executionId} />
                </td>
                <td>
                  <State status={status} />
                </td>
                <td>
                  <code class="soft">{inline(payload, 60)}</code>
                </td>
                <td class="soft">
                  <Time at={sentAt} />
                </td>
              </tr>
            ))}
          </Sheet>
        )}
    </section>
  );
}

function SendDialog({ wait, onClose }: { wait: Wait | undefined; onClose: () => void }): JSX.Element {
  const [id, setId] = useState(wait?.oldest ?? "");
  const [name, setName] = useState(wait?.name ?? "");
  const [payload, setPayload] = useState("{}");
  return (
    <Dialog
      title="Send a signal"
      go="Send"
      onClose={onClose}
      onGo={async () => {
        const value = parsed("payload", payload);
        await ask(
          "POST",
          `executions/${encodeURIComponent(id.trim())}/signals/${encodeURIComponent(name.trim())}`,
          { payload: value },
        );
        say(`Signal “${visible(name)}” was sent`, {
          href: href(`executions/${encodeURIComponent(id.trim())}`),
          text: "Show the workflow",
        });
        refresh("signals");
      }}
    >
      <p>
        {wait === undefined
          ? "The workflow takes it when it waits for one of this name. Until then it is kept."
          : `It goes to the oldest of those that wait in ${
            visible(wait.flow)
          }. For others, choose them in Executions.`}
      </p>
      <Field label="Workflow" value={id} onInput={setId} placeholder="its id" required />
      <Field label="Signal" value={name} onInput={setName} placeholder="approval" required />
      <Field label="Payload, as JSON" value={payload} onInput={setPayload} lines={5} />
    </Dialog>
  );
}
