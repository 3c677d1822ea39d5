/** Queues: what waits in each, who takes from it, its limits, its keys. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, refresh, usePage } from "../api.ts";
import { about, brief, count, duration, now, pace, visible } from "../format.ts";
import { href } from "../router.ts";
import {
  Bones,
  Button,
  complain,
  Dialog,
  Empty,
  Field,
  Figures,
  Paused,
  PauseDialog,
  say,
  Share,
  Sheet,
  Trouble,
} from "../ui.tsx";
import type { Queue, QueueKey } from "../wire.ts";

const LATE_MS = 60_000;

function pathOf(queue: string): string {
  return `queues/${encodeURIComponent(queue)}`;
}

/** All queues. */
export function Queues(): JSX.Element {
  const { data, error } = usePage<Queue[]>("queues");
  const unserved = data?.filter(({ ready, workers, paused }) => ready > 0 && workers === 0 && !paused) ?? [];
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Queues</h1>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones />}
      {unserved.length > 0 && (
        <div class="notice bad">
          <b>No worker takes from {unserved.map(({ queue }) => visible(queue)).join(", ")}</b>
          <span>
            Start one:{" "}
            <code>rhythm worker --queues {unserved.map(({ queue }) => visible(queue)).join(",")}</code>
          </span>
        </div>
      )}
      {data?.length === 0 && (
        <Empty title="There is no queue yet">
          <p>A queue is there as soon as something waits in it, a worker takes from it, or it has a limit.</p>
          <pre>rhythm worker --queues default</pre>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <div class="panel">
          <Sheet
            label="Queues"
            heads={[
              ["Queue"],
              ["Ready", "num"],
              ["Oldest", "num"],
              ["Running", "num"],
              ["Delayed", "num"],
              [
                "Waiting",
                "num",
              ],
              ["Pace", "num"],
              ["Workers", "num"],
              ["Limits"],
              [""],
            ]}
          >
            {data.map((queue) => <Line key={queue.queue} queue={queue} />)}
          </Sheet>
        </div>
      )}
    </>
  );
}

function Line({ queue }: { queue: Queue }): JSX.Element {
  const [open, setOpen] = useState(false);
  const { queue: name, ready, oldestAt, running, delayed, suspended, perMinute, workers, paused } = queue;
  const { isEstimate } = queue;
  const ageMs = oldestAt === null ? 0 : now.value - Date.parse(oldestAt);
  return (
    <tr>
      <td>
        <a class="link" href={href(pathOf(name))}>{visible(name)}</a>{" "}
        {paused && <span class="badge known">paused</span>}
      </td>
      <td class="num">{about(ready, isEstimate)}</td>
      <td class={`num ${ageMs > LATE_MS && !paused ? "bad" : "soft"}`}>
        {oldestAt === null ? "–" : duration(ageMs)}
      </td>
      <td class="num">
        {count(running)}
        {queue.concurrency !== null && <span class="faint after">of {count(queue.concurrency)}</span>}
      </td>
      <td class="num soft">{about(delayed, isEstimate)}</td>
      <td class="num soft">{count(suspended)}</td>
      <td class="num soft">{perMinute > 0 ? `${paceOf(perMinute)}/min` : "–"}</td>
      <td class={`num ${workers === 0 && ready > 0 ? "bad" : ""}`}>{count(workers)}</td>
      <td class="soft">{limitsOf(queue).join(" · ") || <span class="faint">none</span>}</td>
      <td class="acts">
        {paused
          ? <Button needs="resumeQueue" onClick={() => void resume(name)}>Resume</Button>
          : (
            <Button needs="pauseQueue" onClick={() => setOpen(true)} aria-label={`Pause ${name}`}>
              Pause
            </Button>
          )}
        {open && (
          <PauseDialog
            what={`the queue ${visible(name)}`}
            path={pathOf(name)}
            onDone={() => refresh("queues")}
            onClose={() => setOpen(false)}
          />
        )}
      </td>
    </tr>
  );
}

function paceOf(perMinute: number): string {
  return perMinute < 9.95 ? String(Math.round(perMinute * 10) / 10) : brief(perMinute);
}

function limitsOf(queue: Queue): string[] {
  const said: string[] = [];
  if (queue.concurrency !== null) said.push(`${count(queue.concurrency)} at once`);
  if (queue.rate !== null) said.push(pace(queue.rate, queue.perSeconds!));
  if (queue.perKeyConcurrency !== null) said.push(`a key: ${count(queue.perKeyConcurrency)} at once`);
  if (queue.perKeyRate !== null) said.push(`a key: ${pace(queue.perKeyRate, queue.perKeyPerSeconds!)}`);
  if (queue.fair) said.push("keys take turns");
  return said;
}

async function resume(name: string): Promise<void> {
  try {
    await ask("POST", `${pathOf(name)}/resume`, {});
    say(`The queue ${visible(name)} goes on`);
    refresh("queues");
  } catch (error) {
    complain(error);
  }
}

/** One queue. */
export function QueueScreen({ id: name }: { id: string }): JSX.Element {
  const { data, error } = usePage<{ queue: Queue; keys: QueueKey[]; hasMore: boolean }>(pathOf(name));
  const [open, setOpen] = useState<"pause" | "limits">();
  if (data === undefined) return error === undefined ? <Bones /> : <Trouble error={error} />;
  const { queue, keys, hasMore } = data;
  const ageMs = queue.oldestAt === null ? 0 : now.value - Date.parse(queue.oldestAt);
  const forecast = queue.ready > 0 && queue.perMinute > 0 && !queue.paused
    ? queue.ready / queue.perMinute * 60_000
    : undefined;
  const limits = limitsOf(queue);
  return (
    <>
      <div class="title">
        <a class="soft" href={href("queues")}>Queues</a>
        <span class="faint" aria-hidden="true">/</span>
        <h1 tabIndex={-1}>{visible(name)}</h1>
        {queue.paused && <span class="badge known">paused</span>}
        <div class="acts">
          <a class="button" href={href("executions", { q: `queue:${name}` })}>Executions</a>
          {queue.paused
            ? <Button needs="resumeQueue" onClick={() => void resume(name)}>Resume</Button>
            : <Button needs="pauseQueue" onClick={() => setOpen("pause")}>Pause</Button>}
          <Button kind="first" needs="configureQueue" onClick={() => setOpen("limits")}>Change limits</Button>
        </div>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {queue.pause !== null && <Paused what="This queue" pause={queue.pause} />}
      {queue.ready > 0 && queue.workers === 0 && (
        <div class="notice bad">
          <b>No worker takes from it</b>
          <span>
            Start one: <code>rhythm worker --queues {visible(name)}</code>
          </span>
        </div>
      )}
      <Figures
        figures={[
          { name: "ready", value: about(queue.ready, queue.isEstimate) },
          {
            name: "oldest waits",
            value: queue.oldestAt === null ? "–" : duration(ageMs),
            kind: ageMs > LATE_MS && !queue.paused ? "bad" : "",
          },
          {
            name: queue.concurrency === null ? "running" : `running, of ${count(queue.concurrency)}`,
            value: count(queue.running),
          },
          { name: "ended", value: `${paceOf(queue.perMinute)}/min` },
          ...(forecast === undefined ? [] : [{ name: "empty in, at this pace", value: duration(forecast) }]),
          { name: "delayed", value: about(queue.delayed, queue.isEstimate), kind: "soft" },
          { name: "waiting", value: count(queue.suspended), kind: "soft" },
          {
            name: queue.workers === 1 ? "worker" : "workers",
            value: count(queue.workers),
            kind: queue.workers === 0 && queue.ready > 0 ? "bad" : "",
          },
        ]}
      />
      <section class="panel" aria-label="Limits">
        <header>
          <h2>Limits</h2>
          <span class="end">over all workers together</span>
        </header>
        <p class="pad">{limits.length === 0 ? <span class="soft">None</span> : limits.join(" · ")}</p>
      </section>
      <section class="panel" aria-label="Keys">
        <header>
          <h2>Concurrency keys</h2>
          <span class="end">{hasMore ? `the first ${count(keys.length)}` : count(keys.length)}</span>
        </header>
        {keys.length === 0
          ? (
            <Empty title="No key has anything to do">
              <p>
                Executions that are started with a <code>concurrencyKey</code>{" "}
                share the limits of a key: one for each customer, for example.
              </p>
            </Empty>
          )
          : <Keys {...{ queue, keys }} />}
      </section>
      {open === "pause" && (
        <PauseDialog
          what={`the queue ${visible(name)}`}
          path={pathOf(name)}
          onDone={() => refresh("queues")}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === "limits" && <LimitsDialog queue={queue} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function Keys({ queue, keys }: { queue: Queue; keys: QueueKey[] }): JSX.Element {
  const [open, setOpen] = useState<{ what: "pause" | "limits"; key: QueueKey }>();
  const path = (key: string): string => `${pathOf(queue.queue)}/keys/${encodeURIComponent(key)}`;
  const resumeKey = async (key: string): Promise<void> => {
    try {
      await ask("POST", `${path(key)}/resume`, {});
      say(`The key ${visible(key)} goes on`);
      refresh("queues");
    } catch (error) {
      complain(error);
    }
  };
  return (
    <>
      <Sheet
        label="Concurrency keys"
        heads={[["Key"], ["Ready", "num"], ["Running", "num"], ["Share"], ["Turns", "num"], ["Limits"], [""]]}
      >
        {keys.map((key) => {
          const most = key.concurrency ?? queue.perKeyConcurrency;
          const begin = key.rate === null
            ? queue.perKeyRate === null ? undefined : pace(queue.perKeyRate, queue.perKeyPerSeconds!)
            : pace(key.rate, key.perSeconds!);
          const said = [...(most === null ? [] : [`${count(most)} at once`]), ...(begin ? [begin] : [])];
          return (
            <tr key={key.key}>
              <td>
                <bdi class="mono">{visible(key.key)}</bdi>{" "}
                {key.paused && <span class="badge known">paused</span>}
              </td>
              <td class="num">{count(key.ready)}</td>
              <td class="num">
                {count(key.running)}
                {most !== null && <span class="faint after">of {count(most)}</span>}
              </td>
              <td>
                <Share part={key.running} whole={queue.running} label={`Share of what runs, ${key.key}`} />
              </td>
              <td class="num soft">{queue.fair ? count(key.weight ?? 1) : "–"}</td>
              <td class="soft">
                {said.join(" · ") || <span class="faint">none</span>}
                {key.concurrency === null && key.rate === null && said.length > 0 && (
                  <span class="faint after">as all keys</span>
                )}
              </td>
              <td class="acts">
                <Button
                  needs="configureKey"
                  onClick={() => setOpen({ what: "limits", key })}
                  aria-label={`Change ${key.key}`}
                >
                  Change
                </Button>{" "}
                {key.paused
                  ? <Button needs="resumeKey" onClick={() => void resumeKey(key.key)}>Resume</Button>
                  : (
                    <Button
                      needs="pauseKey"
                      onClick={() => setOpen({ what: "pause", key })}
                      aria-label={`Pause ${key.key}`}
                    >
                      Pause
                    </Button>
                  )}
              </td>
            </tr>
          );
        })}
      </Sheet>
      {open?.what === "pause" && (
        <PauseDialog
          what={`the key ${visible(open.key.key)}`}
          path={path(open.key.key)}
          onDone={() => refresh("queues")}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open?.what === "limits" && (
        <KeyDialog
          keyNow={open.key}
          path={path(open.key.key)}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}

function shown(value: number | null): string {
  return value === null ? "" : String(value);
}

function spanOf(seconds: number | null): string {
  return seconds === null || seconds === 1 ? "" : `${seconds}s`;
}

// What is no number is sent as it is: the server says what it must be.
function numberIn(text: string): number | string | undefined {
  const trimmed = text.trim();
  return trimmed === "" ? undefined : /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
}

function textIn(text: string): string | undefined {
  return text.trim() === "" ? undefined : text.trim();
}

function LimitsDialog({ queue, onClose }: { queue: Queue; onClose: () => void }): JSX.Element {
  const [concurrency, setConcurrency] = useState(shown(queue.concurrency));
  const [rate, setRate] = useState(shown(queue.rate));
  const [per, setPer] = useState(spanOf(queue.perSeconds));
  const [perKeyConcurrency, setPerKeyConcurrency] = useState(shown(queue.perKeyConcurrency));
  const [perKeyRate, setPerKeyRate] = useState(shown(queue.perKeyRate));
  const [perKeyPer, setPerKeyPer] = useState(spanOf(queue.perKeyPerSeconds));
  const [fair, setFair] = useState(queue.fair);
  return (
    <Dialog
      title={`Limits of ${visible(queue.queue)}`}
      go="Save"
      onClose={onClose}
      onGo={async () => {
        await ask("PUT", pathOf(queue.queue), {
          concurrency: numberIn(concurrency),
          rate: numberIn(rate),
          per: textIn(per),
          perKeyConcurrency: numberIn(perKeyConcurrency),
          perKeyRate: numberIn(perKeyRate),
          perKeyPer: textIn(perKeyPer),
          ...(fair ? { fair: "key" } : {}),
        });
        say("The limits hold from now on");
        refresh("queues");
      }}
    >
      <p>They hold over all workers together. An empty field is no limit.</p>
      <Field
        label="Run at once"
        value={concurrency}
        onInput={setConcurrency}
        placeholder="no limit"
        autoFocus
      />
      <div class="pair">
        <Field label="Begin at most" value={rate} onInput={setRate} placeholder="no limit" />
        <Field label="within" value={per} onInput={setPer} placeholder="1s" hint="10s, 5m, 1h" />
      </div>
      <Field
        label="Run at once of one key"
        value={perKeyConcurrency}
        onInput={setPerKeyConcurrency}
        placeholder="no limit"
      />
      <div class="pair">
        <Field
          label="Begin at most of one key"
          value={perKeyRate}
          onInput={setPerKeyRate}
          placeholder="no limit"
        />
        <Field label="within" value={perKeyPer} onInput={setPerKeyPer} placeholder="1s" />
      </div>
      <label class="check">
        <input type="checkbox" checked={fair} onChange={() => setFair(!fair)} />
        Keys take turns, so that many of one key do not delay another's
      </label>
    </Dialog>
  );
}

function KeyDialog({ keyNow, path, onClose }: {
  keyNow: QueueKey;
  path: string;
  onClose: () => void;
}): JSX.Element {
  const [concurrency, setConcurrency] = useState(shown(keyNow.concurrency));
  const [rate, setRate] = useState(shown(keyNow.rate));
  const [per, setPer] = useState(spanOf(keyNow.perSeconds));
  const [weight, setWeight] = useState(shown(keyNow.weight));
  return (
    <Dialog
      title={`Limits of the key ${visible(keyNow.key)}`}
      go="Save"
      onClose={onClose}
      onGo={async () => {
        await ask("PUT", path, {
          concurrency: numberIn(concurrency),
          rate: numberIn(rate),
          per: textIn(per),
          weight: numberIn(weight),
        });
        say("The limits hold from now on");
        refresh("queues");
      }}
    >
      <p>An empty field is as for all keys of the queue.</p>
      <Field
        label="Run at once"
        value={concurrency}
        onInput={setConcurrency}
        placeholder="as all keys"
        autoFocus
      />
      <div class="pair">
        <Field label="Begin at most" value={rate} onInput={setRate} placeholder="as all keys" />
        <Field label="within" value={per} onInput={setPer} placeholder="1s" hint="10s, 5m, 1h" />
      </div>
      <Field
        label="Turns while others have one"
        value={weight}
        onInput={setWeight}
        placeholder="1"
        hint="in a queue where keys take turns"
      />
    </Dialog>
  );
}
