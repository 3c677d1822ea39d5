/** Flows: which are there, what their workflows do, and who runs on which version. */
import type { JSX } from "preact";
import { usePage } from "../api.ts";
import { count, many, visible } from "../format.ts";
import { href } from "../router.ts";
import { Bones, Empty, Sheet, Time, Trouble } from "../ui.tsx";
import type { FlowRow } from "../wire.ts";

/** The address of a flow. */
export function flowHref(name: string, query: Record<string, string | undefined> = {}): string {
  return href(`flows/${encodeURIComponent(name)}`, query);
}

/** All flows. */
export function Flows(): JSX.Element {
  const { data, error } = usePage<FlowRow[]>("flows");
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Flows</h1>
        {data !== undefined && data.length > 0 && <span class="faint">{count(data.length)}</span>}
      </div>
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones />}
      {data?.length === 0 && (
        <Empty title="No flow is registered yet">
          <p>A worker registers the flows that it is given. You can also do it in a terminal:</p>
          <pre>rhythm flow register flows/onboard_user.flow</pre>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <div class="panel">
          <Sheet
            label="Flows"
            heads={[
              ["Flow"],
              ["Pending", "num"],
              ["Running", "num"],
              ["Waiting", "num"],
              ["Failed", "num"],
              ["Current", "num"],
              ["On older versions", "num"],
              ["Deployed"],
            ]}
          >
            {data.map((flow) => <Line key={flow.name} flow={flow} />)}
          </Sheet>
        </div>
      )}
    </>
  );
}

function Line({ flow }: { flow: FlowRow }): JSX.Element {
  const { name, description, version, versions, pending, running, failed, updatedAt, pausedAt } = flow;
  const waiting = flow.waits.reduce((sum, one) => sum + one.waiting, 0);
  const older = flow.waits.filter((one) => one.version !== version);
  const left = older.reduce((sum, one) => sum + one.waiting, 0);
  const to = (status: string): string => href("executions", { q: `flow:${name} status:${status}` });
  const figure = (number: number, status: string, kind = ""): JSX.Element =>
    number === 0 ? <span class="faint">0</span> : <a class={kind} href={to(status)}>{count(number)}</a>;
  return (
    <tr>
      <td>
        <a class="link" href={flowHref(name)}>{visible(name)}</a>{" "}
        {pausedAt !== null && <span class="badge known">paused</span>}
        {description !== null && (
          <span class="cut faint note" title={visible(description)}>{visible(description)}</span>
        )}
      </td>
      <td class="num">{figure(pending, "pending")}</td>
      <td class="num">{figure(running, "running")}</td>
      <td class="num">{figure(waiting, "waiting")}</td>
      <td class="num">{figure(failed, "failed", "bad")}</td>
      <td class="num soft" title={many(versions, "version")}>{version}</td>
      <td class="num">
        {left === 0 ? <span class="faint">–</span> : (
          <a
            class="link"
            href={flowHref(name, { tab: "versions" })}
            title={older.map((one) => `${count(one.waiting)} on ${one.version}`).join(", ")}
          >
            {count(left)} on {many(older.length, "version")}
          </a>
        )}
      </td>
      <td class="soft">
        <Time at={updatedAt} />
      </td>
    </tr>
  );
}
