/** One execution: where it stands and why, what it did, and what can be done. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { ask, refresh, Refusal, usePage } from "../api.ts";
import { ChangeFields, type ChangeForm, changeOf, NO_CHANGE } from "../change.tsx";
import { ago, count, duration, full, inline, many, now, short, shortId, size, visible } from "../format.ts";
import { JsonView, Node } from "../json.tsx";
import { Source } from "../code.tsx";
import { go, href, place, withQuery } from "../router.ts";
import {
  Bones,
  Button,
  complain,
  Copy,
  Dialog,
  Empty,
  executionHref,
  Field,
  Id,
  say,
  State,
  statusName,
  Time,
  Trouble,
  useKeys,
} from "../ui.tsx";
import type { Failure, Fibre, HeldKey, Json, Past, Reason, Status, Step, Whole } from "../wire.ts";
import { Timeline } from "./timeline.tsx";

const OVER: readonly Status[] = ["completed", "failed", "cancelled", "frozen"];

/** The screen. */
export function ExecutionScreen({ id }: { id: string }): JSX.Element {
  const { data, error } = usePage<Whole>(`executions/${id}`);
  useEffect(() => {
    document.title = data === undefined ? "Rhythm" : `${data.execution.target} ${shortId(id)} · Rhythm`;
  }, [data?.execution.target]);
  if (data === undefined) {
    return error === undefined ? <Bones rows={14} /> : (
      <>
        <Trouble error={error} />
        <a class="link" href={href("executions")}>All executions</a>
      </>
    );
  }
  return <View whole={data} />;
}

function View({ whole }: { whole: Whole }): JSX.Element {
  const { execution, steps, source } = whole;
  const isFlow = source !== null;
  const asked = Number(place.value.query.get("step"));
  const last = steps.at(-1)?.step;
  const at = steps.some(({ step }) => step === asked) && asked !== last ? asked : undefined;
  const choose = (step: number | undefined): void =>
    go(withQuery({ step: step === undefined || step === last ? undefined : String(step) }), "replace");
  const index = at === undefined ? steps.length - 1 : steps.findIndex(({ step }) => step === at);
  useKeys({
    ArrowLeft: () => index > 0 && choose(steps[index - 1]!.step),
    ArrowRight: () => index < steps.length - 1 && choose(steps[index + 1]!.step),
    Home: () => steps.length > 0 && choose(steps[0]!.step),
    End: () => choose(undefined),
  });
  const past = usePast(execution.id, at);
  const before = usePast(execution.id, isFlow && index > 0 ? steps[index - 1]!.step : undefined);
  const fibres = at === undefined ? whole.fibres : past?.fibres ?? [];
  return (
    <>
      <Head {...{ whole, at }} />
      {execution.pausedAt !== null && !OVER.includes(execution.status) && (
        <div class="notice">
          <b>Paused</b> since <Time at={execution.pausedAt} /> by {execution.pausedBy ?? "somebody"}
          {execution.pauseReason !== null && `: ${execution.pauseReason}`}
        </div>
      )}
      {steps.length > 0 && isFlow && (
        <Slider {...{ steps, index, status: execution.status }} onChoose={choose} />
      )}
      <div class="split">
        <div>
          {isFlow
            ? <SourcePanel {...{ whole, fibres, past, isPast: at !== undefined }} />
            : <TaskPanel whole={whole} />}
          <Keys whole={whole} />
          {execution.error !== null && at === undefined && (
            <ErrorPanel failure={execution.error} status={execution.status} />
          )}
        </div>
        <Details
          {...{ whole, fibres, past, step: steps[index], before: before?.fibres, isPast: at !== undefined }}
        />
      </div>
      <Timeline {...{ whole }} />
    </>
  );
}

/** A workflow as it was after a step. Steps that are shown stay. */
const pasts = new Map<string, Promise<Past>>();

function usePast(id: string, step: number | undefined): Past | undefined {
  const [past, setPast] = useState<{ key: string; value: Past }>();
  const key = `${id}/${step}`;
  useEffect(() => {
    if (step === undefined) return;
    let isGone = false;
    if (pasts.size > 200) pasts.clear();
    let reading = pasts.get(key);
    if (reading === undefined) pasts.set(key, reading = ask<Past>("GET", `executions/${id}/at/${step}`));
    reading.then((value) => isGone || setPast({ key, value }), (error) => {
      pasts.delete(key);
      if (!isGone) complain(error);
    });
    return () => {
      isGone = true;
    };
  }, [key]);
  // While another step is read, the one before stays: nothing jumps.
  return step === undefined ? undefined : past?.value;
}

function Head({ whole, at }: { whole: Whole; at: number | undefined }): JSX.Element {
  const { execution, source, reasons, traceUrl } = whole;
  const { id, status } = execution;
  return (
    <div class="title">
      <h1 tabIndex={-1}>{visible(execution.target)}</h1>
      <span class="mono faint" title={id}>{shortId(id)}</span>
      <Copy text={id} label="Copy id" />
      <State status={status} paused={execution.pausedAt} />
      <span class="soft">{summary(whole, reasons)}</span>
      <span class="soft">
        {source !== null ? `version ${source.version} · ` : ""}
        <a href={href("executions", { q: `queue:${execution.queue}` })}>queue {execution.queue}</a>
        {execution.attempt > 0 && ` · attempt ${execution.attempt}`}
        {execution.maxAttempts > 1 && ` of ${execution.maxAttempts}`}
      </span>
      {traceUrl !== null && (
        <span>
          <a class="link" href={traceUrl} rel="noreferrer">trace</a>
        </span>
      )}
      {execution.parentId !== null && (
        <span class="soft">
          child of <Id id={execution.parentId} />
        </span>
      )}
      <Acts {...{ whole, at }} />
    </div>
  );
}

function summary({ execution }: Whole, reasons: readonly Reason[]): string {
  const { createdAt, completedAt, frozenStatus } = execution;
  if (frozenStatus !== null) return `a copy from elsewhere; there it was ${statusName(frozenStatus)}`;
  if (completedAt !== null) {
    return `${ago(completedAt, now.value)}, after ${
      duration(Date.parse(completedAt) - Date.parse(createdAt))
    }`;
  }
  const [first] = reasons;
  const what = first?.reason === "signal"
    ? `for signal “${first.name}”`
    : first?.reason === "task" || first?.reason === "workflow"
    ? `for ${first.name}`
    : first?.reason === "timer"
    ? "for a timer"
    : "";
  const since = first?.since ?? createdAt;
  return `${what === "" ? "" : `${what} · `}${duration(now.value - Date.parse(since))}`;
}

type Act = "signal" | "cancel" | "change" | "edit" | "rewind" | "fork" | undefined;

function Acts({ whole, at }: { whole: Whole; at: number | undefined }): JSX.Element {
  const { execution, source, reasons, steps, fibres } = whole;
  const [open, setOpen] = useState<Act>();
  const { id, status } = execution;
  const isOver = OVER.includes(status);
  const isFlow = source !== null && steps.length > 0;
  const wanted = reasons.find(({ reason }) => reason === "signal")?.name;
  const isPaused = execution.pausedAt !== null && !isOver;
  const isAtGate = !isOver && reasons.some(({ reason }) => reason === "gate");
  const simple = async (verb: string, said: string): Promise<void> => {
    try {
      await ask("POST", `executions/${id}/${verb}`, {});
      say(said);
      refresh("executions");
    } catch (error) {
      complain(error);
    }
  };
  const canChange = isFlow && (status === "suspended" || status === "failed");
  return (
    <div class="acts">
      {isFlow && <a class="button" href={href("compare", { one: id })}>Compare</a>}
      {isFlow && (
        <Button needs="forkExecution" onClick={() => setOpen("fork")}>
          Fork {at === undefined ? "" : "here"}
        </Button>
      )}
      {canChange && at !== undefined && (
        <Button needs="rewindExecution" onClick={() => setOpen("rewind")}>Rewind here</Button>
      )}
      {canChange && at === undefined && fibres.length > 0 && (
        <Button
          needs="editExecution"
          onClick={() => setOpen("edit")}
        >
          Edit variables
        </Button>
      )}
      {!isOver && (
        <Button
          needs="pauseExecution"
          onClick={() => void simple(isPaused ? "resume" : "pause", isPaused ? "Resumed" : "Paused")}
        >
          {isPaused ? "Resume" : "Pause"}
        </Button>
      )}
      {isAtGate && !isPaused && (
        <Button
          kind="first"
          needs="resumeExecution"
          onClick={() => void simple("resume", "It goes on")}
        >
          Let it on
        </Button>
      )}
      {status === "pending" && (
        <Button needs="changeExecution" onClick={() => setOpen("change")}>Change</Button>
      )}
      {!isOver && (
        <Button kind="danger" needs="cancelExecution" onClick={() => setOpen("cancel")}>Cancel</Button>
      )}
      {(status === "failed" || status === "cancelled") && (
        <Button
          kind="first"
          needs="retryExecution"
          onClick={() => void simple("retry", "It runs again")}
        >
          Retry
        </Button>
      )}
      {!isOver && execution.type === "workflow" && (
        <Button
          kind={wanted === undefined ? "" : "first"}
          needs="sendSignal"
          onClick={() => setOpen("signal")}
        >
          Send signal
        </Button>
      )}
      {open === "signal" && <SignalDialog {...{ id, wanted }} onClose={() => setOpen(undefined)} />}
      {open === "change" && <WaitingDialog {...{ execution }} onClose={() => setOpen(undefined)} />}
      {open === "cancel" && <CancelDialog {...{ whole }} onClose={() => setOpen(undefined)} />}
      {(open === "edit" || open === "rewind" || open === "fork") && (
        <ChangeDialog
          {...{ whole, act: open, at }}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  );
}

function SignalDialog(
  { id, wanted, onClose }: { id: string; wanted: string | undefined; onClose: () => void },
): JSX.Element {
  const [name, setName] = useState(wanted ?? "");
  const [payload, setPayload] = useState("{}");
  return (
    <Dialog
      title="Send a signal"
      go="Send"
      onClose={onClose}
      onGo={async () => {
        await ask("POST", `executions/${id}/signals/${encodeURIComponent(name)}`, { payload: read(payload) });
        say(`Signal “${name}” was sent`);
        refresh("executions");
      }}
    >
      <p>
        {wanted === undefined
          ? "It is kept until the workflow takes it."
          : `The workflow waits for “${wanted}”.`}
      </p>
      <Field label="Signal" value={name} onInput={setName} required />
      <Field label="Payload, as JSON" value={payload} onInput={setPayload} lines={5} />
    </Dialog>
  );
}

/** Another queue, priority or time for what has not begun. */
function WaitingDialog(
  { execution, onClose }: { execution: Whole["execution"]; onClose: () => void },
): JSX.Element {
  const [form, setForm] = useState<ChangeForm>(NO_CHANGE);
  return (
    <Dialog
      title={`Change ${execution.target}`}
      go="Change"
      onClose={onClose}
      onGo={async () => {
        await ask("POST", `executions/${execution.id}/change`, changeOf(form));
        say("It was changed");
        refresh("executions");
      }}
    >
      <p>Only what has not begun can be changed. It keeps its place among those of its priority.</p>
      <ChangeFields form={form} onInput={setForm} now={execution} />
    </Dialog>
  );
}

function CancelDialog({ whole, onClose }: { whole: Whole; onClose: () => void }): JSX.Element {
  const [reason, setReason] = useState("");
  const { execution, family } = whole;
  const live = family.filter(({ id, completedAt }) => id !== execution.id && completedAt === null).length;
  return (
    <Dialog
      title={`Cancel ${execution.target}?`}
      go="Cancel it"
      kind="danger first"
      onClose={onClose}
      onGo={async () => {
        await ask("POST", `executions/${execution.id}/cancel`, reason === "" ? {} : { reason });
        say("It was asked to end");
        refresh("executions");
      }}
    >
      <p>
        {live === 0
          ? "It ends, after its clean-up."
          : `It ends, after its clean-up, and with it ${many(live, "child", "children")}.`}
      </p>
      <Field label="Why" value={reason} onInput={setReason} hint="It is kept with the execution" />
    </Dialog>
  );
}

const CHANGES = {
  edit: [
    "Edit variables",
    "Save",
    "The workflow goes on with these values. What it was before stays in its history.",
  ],
  rewind: ["Rewind", "Rewind", "It goes on from this step. Children that it began since are cancelled."],
  fork: [
    "Fork",
    "Fork",
    "A new workflow goes on from this step, beside this one. What was under way then starts over.",
  ],
} as const;

function ChangeDialog({ whole, act, at, onClose }: {
  whole: Whole;
  act: "edit" | "rewind" | "fork";
  at: number | undefined;
  onClose: () => void;
}): JSX.Element {
  const { execution, steps } = whole;
  const step = at ?? steps.at(-1)!.step;
  const past = usePast(execution.id, act === "edit" ? undefined : step);
  const fibres = act === "edit" ? whole.fibres : past?.fibres ?? [];
  const [fibre, setFibre] = useState(0);
  const [changed, setChanged] = useState<Record<string, string>>({});
  const [note, setNote] = useState("");
  const [starts, setStarts] = useState<string>();
  const [title, verb, text] = CHANGES[act];
  const variables = Object.entries(fibres[fibre]?.variables ?? {}).filter(([, value]) => !hasSpecial(value));
  const body = (): Record<string, unknown> => {
    const set: Record<string, Json> = {};
    for (const [name, given] of Object.entries(changed)) {
      const before = JSON.stringify(fibres[fibre]?.variables[name], null, 1);
      if (given !== before) set[name] = read(given, name);
    }
    if (act === "edit" && Object.keys(set).length === 0) throw new Error("Nothing is changed");
    return {
      ...(Object.keys(set).length === 0 ? {} : { set, fibre }),
      ...(act === "edit" ? {} : { step }),
      ...(note === "" ? {} : { note }),
    };
  };
  const tryIt = async (): Promise<void> => {
    try {
      const fork = await ask<{ starts: { kind: string; name?: string }[] }>(
        "POST",
        `executions/${execution.id}/fork`,
        { ...body(), dryRun: true },
      );
      setStarts(
        fork.starts.length === 0
          ? "It would start nothing anew."
          : `It would start anew: ${fork.starts.map(({ kind, name }) => name ?? kind).join(", ")}.`,
      );
    } catch (error) {
      setStarts((error as Error).message);
    }
  };
  return (
    <Dialog
      title={act === "edit" ? title : `${title} at step ${step}`}
      go={verb}
      onClose={onClose}
      onGo={async () => {
        const done = await ask<{ id?: string }>("POST", `executions/${execution.id}/${act}`, body());
        refresh("executions");
        if (act === "fork" && done.id !== undefined) {
          say("The copy goes on from there", {
            href: executionHref(execution.id),
            text: "Back to the first one",
          });
          go(executionHref(done.id));
        } else {
          go(withQuery({ step: undefined }), "replace");
          say(act === "edit" ? "The variables are changed" : "It goes on from there");
        }
      }}
    >
      <p>{text}</p>
      {fibres.length > 1 && (
        <label class="field">
          <span>Branch</span>
          <select value={fibre} onChange={(event) => setFibre(Number(event.currentTarget.value))}>
            {fibres.map((one, index) => (
              <option key={index} value={index}>{one.function || "flow"}, line {one.line}</option>
            ))}
          </select>
        </label>
      )}
      {variables.map(([name, value]) => (
        <Field
          key={`${fibre}${name}`}
          label={name}
          lines={Math.min(6, JSON.stringify(value, null, 1).split("\n").length)}
          value={changed[name] ?? JSON.stringify(value, null, 1)}
          onInput={(text) => setChanged({ ...changed, [name]: text })}
        />
      ))}
      <Field label="Why" value={note} onInput={setNote} hint="It is kept in the history" />
      {act === "fork" && (
        <p>
          <button type="button" class="plain" onClick={() => void tryIt()}>What would it start?</button>{" "}
          {starts}
        </p>
      )}
    </Dialog>
  );
}

function hasSpecial(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "$" in value || Object.values(value).some(hasSpecial);
}

function read(text: string, name = "The payload"): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(
      0,
      "INVALID_JSON",
      `${name} is not JSON: ${(error as Error).message}. A text needs quotes`,
    );
  }
}

const ACTS: Record<Step["act"], string> = {
  step: "",
  edited: "edited",
  rewound: "rewound",
  forked: "forked",
  migrated: "migrated",
  repaired: "repaired",
  continued: "started over",
};

function Slider({ steps, index, status, onChoose }: {
  steps: readonly Step[];
  index: number;
  status: Status;
  onChoose: (step: number) => void;
}): JSX.Element {
  const places = useMemo(() => spread(steps), [steps]);
  const step = steps[index]!;
  const isLast = index === steps.length - 1;
  const kindOf = (one: Step, nth: number): string => {
    if (one.act !== "step") return "act";
    if (one.took.some((item) => item.status === "failed")) return "bad";
    if (nth === steps.length - 1 && status === "suspended") return "wait";
    return nth === 0
      ? ""
      : one.took.some(({ kind }) => kind === "timer" || kind === "signal")
      ? "wait"
      : "good";
  };
  return (
    <section class="panel steps" aria-label="Steps">
      <div class={`track ${steps.length > 80 ? "many" : ""}`}>
        {steps.map((one, nth) => (
          <button
            key={one.step}
            type="button"
            class={kindOf(one, nth)}
            style={{ left: `${places[nth]! * 100}%` }}
            aria-pressed={nth === index}
            aria-label={`Step ${one.step}: ${told(one)}`}
            title={`Step ${one.step} · ${told(one)} · ${full(one.at)}`}
            tabIndex={nth === index ? 0 : -1}
            onClick={() => onChoose(one.step)}
            onPointerEnter={(event) => {
              if (event.buttons === 1) onChoose(one.step);
            }}
          />
        ))}
      </div>
      <div class="under">
        <span>started {short(steps[0]!.at)}</span>
        <span aria-live="polite">
          step {count(step.step)} of {count(steps.at(-1)!.step)}
          {isLast ? " · now" : ` · ${short(step.at)}`} · {told(step)}{" "}
          <span class="faint">· ← → for one step</span>
        </span>
        <span class="right">{short(steps.at(-1)!.at)}</span>
      </div>
    </section>
  );
}

// By time, but no closer than a finger needs.
function spread(steps: readonly Step[]): number[] {
  const times = steps.map(({ at }) => Date.parse(at));
  const [first, all] = [times[0]!, Math.max(1, times.at(-1)! - times[0]!)];
  const gap = Math.min(0.03, 1 / Math.max(1, steps.length));
  const places = times.map((time) => (time - first) / all);
  for (let index = 1; index < places.length; index++) {
    places[index] = Math.max(places[index]!, places[index - 1]! + gap);
  }
  const over = places.at(-1)!;
  if (over > 1) {
    places[places.length - 1] = 1;
    for (let index = places.length - 2; index >= 0; index--) {
      places[index] = Math.min(places[index]!, places[index + 1]! - gap);
    }
  }
  return places.map((one) => Math.max(0, one));
}

function told({ act, took, started, by, note }: Step): string {
  if (act !== "step") return `${ACTS[act]} by ${by ?? "somebody"}${note === null ? "" : `: ${note}`}`;
  const name = ({ kind, name: own, status }: Step["took"][number]): string =>
    `${own ?? kind}${status === "failed" ? " failed" : ""}`;
  if (took.length > 0) {
    return `took ${took.slice(0, 3).map(name).join(", ")}${
      took.length > 3 ? ` and ${took.length - 3} more` : ""
    }`;
  }
  return started.length > 0
    ? `started ${started.slice(0, 3).map(name).join(", ")}${
      started.length > 3 ? ` and ${started.length - 3} more` : ""
    }`
    : "began";
}

function SourcePanel({ whole, fibres, past, isPast }: {
  whole: Whole;
  fibres: readonly Fibre[];
  past: Past | undefined;
  isPast: boolean;
}): JSX.Element {
  const { execution, source } = whole;
  const text = isPast ? past?.source ?? source!.source : source!.source;
  const error = isPast ? past?.error : execution.error;
  const isOver = isPast ? past?.status !== "suspended" : OVER.includes(execution.status);
  const lines = [...new Set(fibres.map(({ line }) => line))];
  return (
    <section class="panel" aria-label="Source">
      <header>
        <h2>{visible(execution.target)}.flow</h2>
        <span class="soft cut">
          {fibres.length > 0 && !isOver
            ? `stands on line ${lines.slice(0, 4).join(", ")}${lines.length > 4 ? ", …" : ""}`
            : isPast && past?.status !== undefined
            ? statusName(past.status)
            : ""}
        </span>
        <span class="end">version {isPast ? past?.version ?? source!.version : source!.version}</span>
      </header>
      <Source
        source={text}
        fibres={fibres}
        failedAt={isOver ? error?.at?.line : undefined}
        label={`Source of ${execution.target}`}
      />
    </section>
  );
}

function TaskPanel({ whole }: { whole: Whole }): JSX.Element {
  const { execution, reasons } = whole;
  const { startedAt, completedAt, attempt, maxAttempts, failures, crashes, runAt, expiresAt } = execution;
  const facts: [string, ComponentChildren][] = [
    ["created", <Time key="" at={execution.createdAt} />],
    ...(runAt === null ? [] : [["may run", <Time key="" at={runAt} />] as [string, ComponentChildren]]),
    ...(expiresAt === null || attempt > 0
      ? []
      : [["expires", <Time key="" at={expiresAt} />] as [string, ComponentChildren]]),
    ...(startedAt === null ? [] : [
      [attempt > 1 ? "last attempt began" : "began", <Time key="" at={startedAt} />] as [
        string,
        ComponentChildren,
      ],
    ]),
    ...(completedAt === null
      ? []
      : [["ended", <Time key="" at={completedAt} />] as [string, ComponentChildren]]),
    ...(startedAt === null ? [] : [
      [
        "took",
        duration((completedAt === null ? now.value : Date.parse(completedAt)) - Date.parse(startedAt)),
      ] as [string, ComponentChildren],
    ]),
    [
      "attempts",
      `${attempt} of ${maxAttempts}${failures > 0 ? `, ${failures} failed` : ""}${
        crashes > 0 ? `, ${crashes} lost with a worker` : ""
      }`,
    ],
    ...(execution.progress === null
      ? []
      : [["progress", <Node key="" value={execution.progress} depth={1} />] as [string, ComponentChildren]]),
  ];
  return (
    <section class="panel" aria-label="Attempts">
      <header>
        <h2>{execution.type === "task" ? "Task" : "Workflow"}</h2>
      </header>
      <dl class="vars">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {execution.error === null && <Why reasons={reasons} status={execution.status} />}
    </section>
  );
}

const KEYS: Record<HeldKey["kind"], string> = {
  kept: "as long as it is kept",
  queued: "until it begins",
  active: "until it ends",
  throttle: "throttled",
};

/** The keys with which it was started, who has them now, and until when. */
function Keys({ whole }: { whole: Whole }): JSX.Element | null {
  const { execution, keys, source } = whole;
  const mayExpire = source !== null && execution.expiresAt !== null && execution.attempt === 0;
  if (keys.length === 0 && !mayExpire) return null;
  return (
    <section class="panel" aria-label="Keys">
      <header>
        <h2>Keys</h2>
      </header>
      <dl class="vars">
        {mayExpire && (
          <div>
            <dt>expires</dt>
            <dd>
              <Time at={execution.expiresAt!} />, if it has not begun
            </dd>
          </div>
        )}
        {keys.map(({ kind, heldKey, holder, until }) => (
          <div key={`${kind} ${heldKey}`}>
            <dt class="cut">{visible(heldKey)}</dt>
            <dd>
              {KEYS[kind]}
              {kind === "throttle"
                ? " · the last start with it"
                : holder === execution.id
                ? " · held by this one"
                : (
                  <>
                    {" · held by "}
                    <Id id={holder} />
                  </>
                )}
              {until !== null && (
                <>
                  {" · until "}
                  <Time at={until} />
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function ErrorPanel({ failure, status }: { failure: Failure; status: Status }): JSX.Element {
  return (
    <section class="panel" aria-label="Error">
      <header>
        <h2 class="bad">{visible(failure.type)}</h2>
        <span class="soft">
          {status === "failed" ? "" : "of the attempt before"}{" "}
          {failure.at !== undefined && `line ${failure.at.line}`}
        </span>
        <span class="end row">
          {failure.executionId !== undefined && (
            <span>
              {failure.target} <Id id={failure.executionId} />
            </span>
          )}
          <Copy text={failure.stack ?? `${failure.type}: ${failure.message}`} />
        </span>
      </header>
      <p class="pad">
        <bdi>{visible(failure.message)}</bdi>
      </p>
      {failure.data !== undefined && failure.data !== null && (
        <div class="json">
          <Node value={failure.data} depth={0} name="data" />
        </div>
      )}
      {failure.stack !== undefined && <pre class="stack" tabIndex={0}>{visible(failure.stack)}</pre>}
    </section>
  );
}

function Why({ reasons, status }: { reasons: readonly Reason[]; status: Status }): JSX.Element | null {
  if (reasons.length === 0) return null;
  return (
    <div class="why">
      <h2>
        {OVER.includes(status)
          ? "How did it end?"
          : status === "running"
          ? "What does it do?"
          : "Why does it not go on?"}
      </h2>
      <ReasonList reasons={reasons} />
    </div>
  );
}

function ReasonList({ reasons }: { reasons: readonly Reason[] }): JSX.Element {
  return (
    <ul>
      {reasons.slice(0, 20).map((one, index) => (
        <li key={index}>
          {visible(one.sentence)}. {one.id !== undefined &&
            (one.reason === "task" || one.reason === "workflow" || one.reason === "key_owner") && (
            <Id id={one.id} />
          )}
          {one.until !== undefined && <span class="faint after">({ago(one.until, now.value)})</span>}
          {one.because !== undefined && one.because.length > 0 && <ReasonList reasons={one.because} />}
        </li>
      ))}
      {reasons.length > 20 && <li class="faint">and {many(reasons.length - 20, "other reason")}</li>}
    </ul>
  );
}

function Details({ whole, fibres, past, step, before, isPast }: {
  whole: Whole;
  fibres: readonly Fibre[];
  past: Past | undefined;
  step: Step | undefined;
  before: readonly Fibre[] | undefined;
  isPast: boolean;
}): JSX.Element {
  const { execution, logs, reasons, source } = whole;
  const isFlow = source !== null;
  const tabs: [id: string, name: string, content: () => ComponentChildren, small?: string][] = [
    ...(isFlow
      ? [["variables", "Variables", () => (
        <>
          <Variables {...{ fibres, before }} isOver={fibres.length === 0} />
          {isPast
            ? step !== undefined && <StepNotes {...{ step, past }} />
            : <Why reasons={reasons} status={execution.status} />}
        </>
      )] as [string, string, () => ComponentChildren]]
      : []),
    ["input", "Input", () => <Payload id={execution.id} name="inputs" value={execution.inputs} />],
    [
      "output",
      "Output",
      () =>
        execution.status === "completed"
          ? <Payload id={execution.id} name="output" value={execution.output} />
          : <Empty title="No output yet" />,
    ],
    ["logs", "Logs", () => <Logs lines={logs} />, logs.length === 0 ? "" : String(logs.length)],
    [
      "raw",
      "Raw",
      () => <pre class="raw mono">{visible(JSON.stringify(execution, null, 2)).slice(0, 100_000)}</pre>,
    ],
  ];
  const wanted = place.value.query.get("tab") ??
    (isFlow ? "variables" : execution.status === "completed" ? "output" : "input");
  const current = tabs.find(([id]) => id === wanted) ?? tabs[0]!;
  const move = (event: KeyboardEvent, index: number): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (index + by + tabs.length) % tabs.length;
    go(withQuery({ tab: tabs[next]![0] }), "replace");
    ((event.currentTarget as HTMLElement).parentElement!.children[next] as HTMLElement).focus();
  };
  return (
    <section class="panel" aria-label="Details">
      <div class="tabbar" role="tablist" aria-label="Details">
        {tabs.map(([id, name, , small], index) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={id === current[0]}
            aria-controls="tabpanel"
            tabIndex={id === current[0] ? 0 : -1}
            onClick={() => go(withQuery({ tab: id }), "replace")}
            onKeyDown={(event) => move(event, index)}
          >
            {name} {small !== undefined && <small>{small}</small>}
          </button>
        ))}
      </div>
      <div class="tabpanel" role="tabpanel" id="tabpanel" aria-labelledby={`tab-${current[0]}`} tabIndex={0}>
        {current[2]()}
      </div>
    </section>
  );
}

function Variables(
  { fibres, before, isOver }: {
    fibres: readonly Fibre[];
    before: readonly Fibre[] | undefined;
    isOver: boolean;
  },
): JSX.Element {
  if (isOver) {
    return (
      <Empty title="It stands nowhere">
        <p>Choose an earlier step to see its variables.</p>
      </Empty>
    );
  }
  return (
    <>
      {fibres.slice(0, 20).map((fibre, index) => {
        const old = before?.find((one, nth) => one.function === fibre.function && nth === index)?.variables;
        const names = Object.entries(fibre.variables);
        return (
          <div key={index}>
            {fibres.length > 1 && <p class="pad soft">{fibre.function || "flow"}, line {fibre.line}</p>}
            {names.length === 0 && <p class="pad soft">No variables yet.</p>}
            <dl class="vars">
              {names.map(([name, value]) => (
                <div key={name}>
                  <dt>{visible(name)}</dt>
                  <dd>
                    <Value value={value} old={old?.[name]} isKnown={old !== undefined} />
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        );
      })}
      {fibres.length > 20 && (
        <p class="pad faint">and {many(fibres.length - 20, "other branch", "other branches")}</p>
      )}
    </>
  );
}

function Value(
  { value, old, isKnown }: { value: Json; old: Json | undefined; isKnown: boolean },
): JSX.Element {
  const isChanged = isKnown && JSON.stringify(old) !== JSON.stringify(value);
  if (!isChanged) {
    return (
      <div class="mono">
        <Node value={value} depth={1.5} />
      </div>
    );
  }
  return (
    <div class="mono">
      {old !== undefined && (
        <>
          <span class="old">{inline(old, 40)}</span>
          {" "}
        </>
      )}
      {typeof value === "object" && value !== null
        ? (
          <div class="fresh">
            <Node value={value} depth={1.5} />
          </div>
        )
        : <span class="fresh">{inline(value, 400)}</span>}
    </div>
  );
}

function StepNotes({ step, past }: { step: Step; past: Past | undefined }): JSX.Element {
  const items = (all: readonly Step["took"][number][]): ComponentChildren =>
    all.slice(0, 20).map(({ kind, id, name, status }, index) => (
      <li key={index}>
        {kind} {name !== undefined && <b>{visible(name)}</b>}{" "}
        {status !== undefined && <span class="soft">{status}</span>}{" "}
        {id !== undefined && (kind === "task" || kind === "workflow") && <Id id={id} />}
      </li>
    ));
  return (
    <div class="why">
      <h2>Step {step.step}, {full(step.at)}</h2>
      {step.note !== null && <p>{visible(step.note)}</p>}
      {step.took.length > 0 && (
        <>
          <p class="soft">It took</p>
          <ul>{items(step.took)}</ul>
        </>
      )}
      {step.started.length > 0 && (
        <>
          <p class="soft">It started</p>
          <ul>{items(step.started)}</ul>
        </>
      )}
      {step.logs.length > 0 && (
        <>
          <p class="soft">It logged</p>
          <ul>
            {step.logs.map(({ message, line }, index) => (
              <li key={index} class="mono">{line}: {visible(message)}</li>
            ))}
          </ul>
        </>
      )}
      {past?.output !== undefined && <p class="mono">return {inline(past.output, 200)}</p>}
      {past?.error !== undefined && <p class="bad">{past.error.type}: {visible(past.error.message)}</p>}
    </div>
  );
}

function Payload({ id, name, value }: { id: string; name: "inputs" | "output"; value: Json }): JSX.Element {
  const [loaded, setLoaded] = useState<Json>();
  const large =
    typeof value === "object" && value !== null && !Array.isArray(value) && typeof value.$large === "number"
      ? value.$large
      : undefined;
  if (large === undefined || loaded !== undefined) return <JsonView value={loaded ?? value} label={name} />;
  const load = async (): Promise<void> => {
    try {
      const whole = await ask<Record<string, Json>>("GET", `executions/${id}`);
      setLoaded(whole[name] ?? null);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Empty title={`It has ${size(large)}`}>
      <Button onClick={() => void load()}>Load it</Button>
    </Empty>
  );
}

function Logs({ lines }: { lines: Whole["logs"] }): JSX.Element {
  if (lines.length === 0) return <Empty title="It logged nothing" />;
  return (
    <ol class="lines">
      {lines.map(({ id, at, level, message, data }) => (
        <li key={id} class={level}>
          <span class="faint">
            <Time at={at} how="short" />
          </span>
          <span>{level}</span>
          <span>
            <bdi>{visible(message)}</bdi>
            {data !== null && JSON.stringify(data) !== "{}" && (
              <span class="faint after">{inline(data, 300)}</span>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
