/** Workers: who is there, what each has in hand, and when it was heard last. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, refresh, usePage } from "../api.ts";
import { brief, count, cut, duration, many, now, size, visible } from "../format.ts";
import { href } from "../router.ts";
import { Bones, Button, complain, Dialog, Empty, Field, Figures, say, Sheet, Time, Trouble } from "../ui.tsx";
import type { Worker } from "../wire.ts";

/** All workers. */
export function Workers(): JSX.Element {
  const { data, error } = usePage<Worker[]>("workers");
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Workers</h1>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones />}
      {data?.length === 0 && (
        <Empty title="No worker is there">
          <p>Nothing runs until one is started.</p>
          <pre>rhythm worker</pre>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && <Show workers={data} />}
    </>
  );
}

function isAlive({ leaseUntil }: Worker): boolean {
  return Date.parse(leaseUntil) > now.value;
}

function Show({ workers }: { workers: Worker[] }): JSX.Element {
  const alive = workers.filter(isAlive);
  const silent = workers.length - alive.length;
  const libraries = [...new Set(alive.map(({ library }) => library).filter((one) => one !== null))].sort();
  const inHand = workers.reduce((sum, { running }) => sum + running, 0);
  return (
    <>
      {alive.length === 0 && (
        <div class="notice bad">
          <b>No worker is alive</b>
          <span>
            Nothing runs until one is started: <code>rhythm worker</code>
          </span>
        </div>
      )}
      {alive.length > 0 && silent > 0 && (
        <div class="notice bad">
          <b>{many(silent, "worker is", "workers are")} silent</b>
          <span>What it had in hand goes to others. Find out why its process died or hangs.</span>
        </div>
      )}
      {libraries.length > 1 && (
        <div class="notice wait">
          <b>Workers run {libraries.map((one) => visible(one)).join(" and ")}</b>
          <span>That is right during a deploy. Afterwards, look for one that was left.</span>
        </div>
      )}
      <Figures
        figures={[
          { name: "alive", value: count(alive.length), kind: alive.length === 0 ? "bad" : "" },
          { name: "silent", value: count(silent), kind: silent > 0 ? "bad" : "soft" },
          { name: "in hand", value: brief(inHand), href: href("executions", { q: "status:running" }) },
          {
            name: "asleep, until there is work",
            value: count(alive.filter(({ sleeping }) => sleeping).length),
          },
        ]}
      />
      <div class="panel">
        <Sheet
          label="Workers"
          heads={[["Worker"], ["In hand", "num"], ["Last heard"], ["Memory", "num"], ["Up"], ["Queues"], [
            "Tasks",
          ], [
            "Version",
          ], [""]]}
        >
          {workers.map((worker) => <Line key={worker.id} worker={worker} />)}
        </Sheet>
      </div>
    </>
  );
}

function Line({ worker }: { worker: Worker }): JSX.Element {
  const {
    id,
    name,
    running,
    beatAt,
    leaseMs,
    startedAt,
    queues,
    tasks,
    library,
    sleeping,
    drainingSince,
    memoryBytes,
  } = worker;
  const [open, setOpen] = useState(false);
  const alive = isAlive(worker);
  const lagMs = now.value - Date.parse(beatAt);
  const all = tasks.filter((one) => !one.startsWith("rhythm.")).map((one) => visible(one)).join(", ");
  return (
    <tr>
      <td title={id}>
        <span class={`state ${alive ? "completed" : "failed"}`}>
          <b>{visible(name)}</b>
          {!alive && "silent"}
          {alive && sleeping && drainingSince === null && <span class="faint">asleep</span>}
          {drainingSince !== null && (
            <span class="wait">
              {running === 0 ? "drained: it can be stopped" : "draining"}
            </span>
          )}
        </span>
      </td>
      <td class="num">{count(running)}</td>
      <td
        class={!alive ? "bad" : lagMs > leaseMs / 2 ? "wait" : "soft"}
        title={`It may be silent for ${duration(leaseMs)}`}
      >
        <Time at={beatAt} />
      </td>
      <td class="num soft">{memoryBytes === null ? "–" : size(memoryBytes)}</td>
      <td class="soft">{duration(Math.max(0, now.value - Date.parse(startedAt)))}</td>
      <td>
        {queues.map((queue, index) => (
          <span key={queue}>
            {index > 0 && ", "}
            <a class="link" href={href(`queues/${encodeURIComponent(queue)}`)}>{visible(queue)}</a>
          </span>
        ))}
      </td>
      <td class="soft" title={all}>{all === "" ? "–" : cut(all, 18)}</td>
      <td class="mono soft">{visible(library ?? "–")}</td>
      <td class="acts">
        {drainingSince === null
          ? (
            <Button needs="drainWorker" aria-label={`Drain ${name}`} onClick={() => setOpen(true)}>
              Drain
            </Button>
          )
          : (
            <Button
              needs="resumeWorker"
              aria-label={`Resume ${name}`}
              onClick={() => void resume(worker)}
            >
              Resume
            </Button>
          )}
        {open && <DrainDialog worker={worker} onClose={() => setOpen(false)} />}
      </td>
    </tr>
  );
}

function DrainDialog({ worker: { id, name, running }, onClose }: {
  worker: Worker;
  onClose: () => void;
}): JSX.Element {
  const [reason, setReason] = useState("");
  return (
    <Dialog
      title={`Drain ${visible(name)}`}
      go="Drain"
      onClose={onClose}
      onGo={async () => {
        await ask("POST", `workers/${id}/drain`, reason === "" ? {} : { reason });
        say(`${visible(name)} takes nothing new`);
        refresh("workers");
      }}
    >
      <p>
        It takes nothing new and ends what it has in hand ({count(running)}{" "}
        now). Then it can be stopped. Its workflows go on at other workers.
      </p>
      <Field label="Why" value={reason} onInput={setReason} placeholder="a new machine" autoFocus />
    </Dialog>
  );
}

async function resume({ id, name }: Worker): Promise<void> {
  try {
    await ask("POST", `workers/${id}/resume`, {});
    say(`${visible(name)} takes what comes again`);
    refresh("workers");
  } catch (error) {
    complain(error);
  }
}
