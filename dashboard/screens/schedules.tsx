/** Schedules: what runs again and again, when it ran and when it runs next. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, refresh, usePage } from "../api.ts";
import { ago, count, duration, full, inZone, many, now, visible } from "../format.ts";
import { JsonView } from "../json.tsx";
import { go, href } from "../router.ts";
import {
  Bones,
  Button,
  complain,
  Dialog,
  Empty,
  executionHref,
  Field,
  Figures,
  Id,
  say,
  Sheet,
  State,
  Time,
  Trouble,
} from "../ui.tsx";
import type { Json, Schedule, WholeSchedule } from "../wire.ts";

function pathOf(name: string): string {
  return `schedules/${encodeURIComponent(name)}`;
}

/** All schedules. */
export function Schedules(): JSX.Element {
  const { data, error } = usePage<Schedule[]>("schedules");
  const [open, setOpen] = useState(false);
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Schedules</h1>
        <div class="acts">
          <Button kind="first" needs="putSchedule" onClick={() => setOpen(true)}>New schedule</Button>
        </div>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones />}
      {data?.length === 0 && (
        <Empty title="No schedule is set">
          <p>A schedule starts a flow or a task again and again.</p>
          <pre>rhythm schedules set nightly --cron "0 3 * * *" --target report</pre>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <div class="panel">
          <Sheet
            label="Schedules"
            heads={[["Schedule"], ["Starts"], ["When"], ["Next"], ["Last"], ["Started", "num"], [
              "Left out",
              "num",
            ], [
              "",
            ]]}
          >
            {data.map((schedule) => <Line key={schedule.name} schedule={schedule} />)}
          </Sheet>
        </div>
      )}
      {open && <ScheduleDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function Line({ schedule }: { schedule: Schedule }): JSX.Element {
  const { name, target, cron, timezone, nextRunAt, lastRunAt, lastExecutionId, lastError, paused } = schedule;
  return (
    <tr>
      <td>
        <a class="link" href={href(pathOf(name))}>{visible(name)}</a>{" "}
        {paused && <span class="badge known">paused</span>}
        {lastError !== null && (
          <span class="badge new" title={visible(lastError.message ?? "")}>did not start</span>
        )}
      </td>
      <td>{visible(target)}</td>
      <td>
        <code>{visible(cron)}</code> <span class="faint after">{visible(timezone)}</span>
      </td>
      <td class={isLate(schedule) ? "bad" : "soft"}>
        {nextRunAt === null ? "–" : <Time at={nextRunAt} />}
      </td>
      <td class="soft">
        {lastRunAt === null
          ? "never"
          : lastExecutionId === null
          ? <Time at={lastRunAt} />
          : (
            <a href={executionHref(lastExecutionId)}>
              <Time at={lastRunAt} />
            </a>
          )}
      </td>
      <td class="num">{count(schedule.fired)}</td>
      <td class="num soft">{count(schedule.skipped)}</td>
      <td class="acts">
        <Button
          needs="triggerSchedule"
          onClick={() => void change(name, "trigger")}
          aria-label={`Start now: ${name}`}
        >
          Start now
        </Button>{" "}
        <Button
          needs="pauseSchedule"
          onClick={() => void change(name, paused ? "resume" : "pause")}
          aria-label={`${paused ? "Resume" : "Pause"} ${name}`}
        >
          {paused ? "Resume" : "Pause"}
        </Button>
      </td>
    </tr>
  );
}

function isLate({ nextRunAt }: Schedule): boolean {
  return nextRunAt !== null && now.value - Date.parse(nextRunAt) > 60_000;
}

const DONE = { trigger: "started", pause: "is paused", resume: "goes on" };

async function change(name: string, verb: keyof typeof DONE): Promise<void> {
  try {
    await ask("POST", `${pathOf(name)}/${verb}`, {});
    say(`${visible(name)} ${DONE[verb]}`);
    refresh("schedules");
  } catch (error) {
    complain(error);
  }
}

/** Runs that did not come: of times that are past. */
function BackfillDialog({ name, onClose }: { name: string; onClose: () => void }): JSX.Element {
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  return (
    <Dialog
      title={`Back-fill ${visible(name)}`}
      go="Start them"
      onClose={onClose}
      onGo={async () => {
        const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
        const { ids } = await ask<{ ids: string[] }>("POST", `${pathOf(name)}/backfill`, span);
        say(`${many(ids.length, "time")} of ${visible(name)}: what had not run was started`);
        refresh("schedules");
      }}
    >
      <p>
        Each of its times between these two starts an execution, whatever its overlap. What ran already is
        left alone.
      </p>
      <div class="pair">
        <Field label="From" type="datetime-local" value={from} onInput={setFrom} required autoFocus />
        <Field
          label="To"
          type="datetime-local"
          value={to}
          onInput={setTo}
          required
          hint="in your time zone"
        />
      </div>
    </Dialog>
  );
}

/** One schedule. */
export function ScheduleScreen({ id: name }: { id: string }): JSX.Element {
  const { data, error } = usePage<WholeSchedule>(pathOf(name));
  const [open, setOpen] = useState<"change" | "remove" | "backfill">();
  if (data === undefined) return error === undefined ? <Bones /> : <Trouble error={error} />;
  const { schedule, next, runs } = data;
  const { paused, cron, timezone, lastError } = schedule;
  return (
    <>
      <div class="title">
        <a class="soft" href={href("schedules")}>Schedules</a>
        <span class="faint" aria-hidden="true">/</span>
        <h1 tabIndex={-1}>{visible(name)}</h1>
        {paused && <span class="badge known">paused</span>}
        <div class="acts">
          <Button kind="danger" needs="removeSchedule" onClick={() => setOpen("remove")}>Remove</Button>
          <Button needs="putSchedule" onClick={() => setOpen("change")}>Change</Button>
          <Button needs="backfillSchedule" onClick={() => setOpen("backfill")}>Back-fill</Button>
          <Button needs="pauseSchedule" onClick={() => void change(name, paused ? "resume" : "pause")}>
            {paused ? "Resume" : "Pause"}
          </Button>
          <Button kind="first" needs="triggerSchedule" onClick={() => void change(name, "trigger")}>
            Start now
          </Button>
        </div>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {lastError !== null && (
        <div class="notice bad">
          <b>Its last run could not be started</b>
          <span>{visible(lastError.message ?? "")}</span>
          <span class="soft">Change it, or what it starts; the next run is tried at its time.</span>
        </div>
      )}
      {isLate(schedule) && (
        <div class="notice bad">
          <b>It is late</b>
          <span>Nothing lets time pass: start a worker, or let pg_cron tick.</span>
        </div>
      )}
      <Figures
        figures={[
          {
            name: "next run",
            value: schedule.nextRunAt === null ? "paused" : ago(schedule.nextRunAt, now.value),
            kind: schedule.nextRunAt === null ? "wait" : "",
          },
          {
            name: "last run",
            value: schedule.lastRunAt === null ? "never" : ago(schedule.lastRunAt, now.value),
          },
          { name: "started", value: count(schedule.fired) },
          { name: "left out, as one still ran", value: count(schedule.skipped), kind: "soft" },
          { name: "queued", value: count(schedule.queued), kind: "soft" },
        ]}
      />
      <div class="two">
        <section class="panel" aria-label="Next runs">
          <header>
            <h2>Next</h2>
            <code>{visible(cron)}</code>
            <span class="end">times in {visible(timezone)}</span>
          </header>
          <ul class="lines2">
            {next.map((at) => (
              <li key={at}>
                <span class="grow" title={full(at)}>{inZone(at, timezone) ?? full(at)}</span>
                <span class="soft">{ago(at, now.value)}</span>
              </li>
            ))}
          </ul>
        </section>
        <section class="panel" aria-label="Last runs">
          <header>
            <h2>Last</h2>
            <span class="end">{runs.length === 20 ? "the last 20 times" : "its times so far"}</span>
          </header>
          {runs.length === 0 ? <Empty title="None of its times has come yet" /> : (
            <ul class="lines2">
              {runs.map(({ slot, executionId, status, errorType }) => (
                <li key={slot}>
                  <span class="grow" title={full(slot)}>{inZone(slot, timezone) ?? full(slot)}</span>
                  {errorType !== null && <span class="bad">{visible(errorType)}</span>}
                  {status === null ? <span class="faint">nothing started</span> : <State status={status} />}
                  {executionId !== null && <Id id={executionId} />}
                </li>
              ))}
            </ul>
          )}
        </section>
        <section class="panel" aria-label="What it starts">
          <header>
            <h2>Starts</h2>
            <span class="end">{schedule.type}</span>
          </header>
          <dl class="vars">
            <Fact name={schedule.type === "task" ? "task" : "flow"}>
              <a class="link" href={href("executions", { q: `meta.schedule:${name}` })}>
                {visible(schedule.target)}
              </a>
            </Fact>
            <Fact name="if one still runs">{OVERLAP[schedule.overlap]}</Fact>
            <Fact name="if times were missed">{CATCH_UP[schedule.catchUp]}</Fact>
            {schedule.jitterSeconds > 0 && (
              <Fact name="jitter">up to {duration(schedule.jitterSeconds * 1_000)}</Fact>
            )}
            {Object.entries(schedule.options).map(([option, value]) => (
              <Fact key={option} name={option}>
                <code>{visible(JSON.stringify(value))}</code>
              </Fact>
            ))}
          </dl>
        </section>
        <section class="panel" aria-label="Inputs">
          <header>
            <h2>Inputs</h2>
          </header>
          <JsonView value={schedule.inputs} label="inputs" />
        </section>
      </div>
      {open === "backfill" && <BackfillDialog name={name} onClose={() => setOpen(undefined)} />}
      {open === "change" && <ScheduleDialog present={schedule} onClose={() => setOpen(undefined)} />}
      {open === "remove" && (
        <Dialog
          title={`Remove ${visible(name)}`}
          go="Remove"
          kind="danger first"
          onClose={() => setOpen(undefined)}
          onGo={async () => {
            await ask("DELETE", pathOf(name));
            say(`${visible(name)} is removed`);
            go(href("schedules"));
          }}
        >
          <p>It starts nothing any more. What it has started stays.</p>
        </Dialog>
      )}
    </>
  );
}

function Fact(
  { name, children }: { name: string; children: JSX.Element | string | (string | JSX.Element)[] },
): JSX.Element {
  return (
    <div>
      <dt>{visible(name)}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const OVERLAP: Record<Schedule["overlap"], string> = {
  skip: "the run is left out",
  queue: "the run waits for it",
  allow: "both run",
  cancel: "it is cancelled",
};
const CATCH_UP: Record<Schedule["catchUp"], string> = {
  none: "they are left out",
  one: "the last one runs",
  all: "all of them run",
};

function ScheduleDialog({ present, onClose }: {
  present?: WholeSchedule["schedule"];
  onClose: () => void;
}): JSX.Element {
  const [name, setName] = useState(present?.name ?? "");
  const [cron, setCron] = useState(present?.cron ?? "0 9 * * mon-fri");
  const [timezone, setTimezone] = useState(
    present?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  );
  const [type, setType] = useState<string>(present?.type ?? "workflow");
  const [target, setTarget] = useState(present?.target ?? "");
  const [overlap, setOverlap] = useState<string>(present?.overlap ?? "skip");
  const [catchUp, setCatchUp] = useState<string>(present?.catchUp ?? "one");
  const [inputs, setInputs] = useState(JSON.stringify(present?.inputs ?? {}, null, 2));
  return (
    <Dialog
      title={present === undefined ? "New schedule" : `Change ${visible(present.name)}`}
      go="Save"
      onClose={onClose}
      onGo={async () => {
        await ask("PUT", pathOf(name.trim()), {
          ...{ cron, timezone, type, target, overlap, catchUp, inputs: jsonIn(inputs) },
          ...(present === undefined ? {} : { jitter: present.jitterSeconds, options: present.options }),
        });
        say(`${visible(name)} is set`);
        refresh("schedules");
        if (present === undefined) go(href(pathOf(name.trim())));
      }}
    >
      {present === undefined && (
        <Field label="Name" value={name} onInput={setName} placeholder="nightly_report" required autoFocus />
      )}
      <div class="pair">
        <label class="field">
          <span>Starts a</span>
          <select value={type} onChange={(event) => setType(event.currentTarget.value)}>
            <option value="workflow">flow</option>
            <option value="task">task</option>
          </select>
        </label>
        <Field label="Its name" value={target} onInput={setTarget} required />
      </div>
      <div class="pair">
        <Field
          label="When"
          value={cron}
          onInput={setCron}
          hint="minute hour day month weekday, or @daily"
          required
        />
        <Field label="Time zone" value={timezone} onInput={setTimezone} required />
      </div>
      <Upcoming {...{ cron, timezone }} />
      <div class="pair">
        <label class="field">
          <span>If one still runs</span>
          <select value={overlap} onChange={(event) => setOverlap(event.currentTarget.value)}>
            {Object.entries(OVERLAP).map(([value, said]) => <option key={value} value={value}>{said}
            </option>)}
          </select>
        </label>
        <label class="field">
          <span>If times were missed</span>
          <select value={catchUp} onChange={(event) => setCatchUp(event.currentTarget.value)}>
            {Object.entries(CATCH_UP).map(([value, said]) => <option key={value} value={value}>{said}
            </option>)}
          </select>
        </label>
      </div>
      <Field label="Inputs, as JSON" value={inputs} onInput={setInputs} lines={4} />
    </Dialog>
  );
}

function jsonIn(text: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The inputs are not JSON: ${(error as Error).message}`);
  }
}

// What is being typed is asked for once it stands still.
function Upcoming({ cron, timezone }: { cron: string; timezone: string }): JSX.Element {
  const [times, setTimes] = useState<string[]>([]);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let isOld = false;
    const later = setTimeout(async () => {
      const query = new URLSearchParams({ cron, timezone });
      try {
        const found = await ask<string[]>("GET", `pages/upcoming?${query}`);
        if (isOld) return;
        setTimes(found);
        setProblem(undefined);
      } catch (error) {
        if (!isOld) setProblem((error as Error).message);
      }
    }, 300);
    return () => {
      isOld = true;
      clearTimeout(later);
    };
  }, [cron, timezone]);
  return (
    <p role="status" class={problem === undefined ? "" : "bad"}>
      {problem === undefined
        ? `Next: ${times.slice(0, 3).map((at) => inZone(at, timezone) ?? full(at)).join(" · ")} …`
        : visible(problem)}
    </p>
  );
}
