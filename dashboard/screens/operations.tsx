/** What is done to many executions at once: how far it is, what it refused. */
import type { JSX } from "preact";
import { ask, refresh, usePage } from "../api.ts";
import { count, inline, many, shortId, visible } from "../format.ts";
import { href } from "../router.ts";
import { Bones, Button, complain, Empty, Id, say, Time, Trouble } from "../ui.tsx";
import type { Act, Operation, Place } from "../wire.ts";
import { Places } from "./places.tsx";

/** The last operations. */
export function Operations(): JSX.Element {
  const { data, error } = usePage<Operation[]>("operations");
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Operations</h1>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones />}
      {data?.length === 0 && (
        <Empty title="No operation has run yet">
          <p>
            Choose executions in <a class="link" href={href("executions")}>the list</a>, or retry a{" "}
            <a class="link" href={href("failures")}>kind of failures</a>.
          </p>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <div class="panel scroll">
          <table>
            <thead>
              <tr>
                <th>What</th>
                <th>State</th>
                <th class="num">Done</th>
                <th class="num">Unchanged</th>
                <th class="num">Refused</th>
                <th>Which executions</th>
                <th>By</th>
                <th>Begun</th>
              </tr>
            </thead>
            <tbody>
              {data.map((one) => (
                <tr key={one.id}>
                  <td>
                    <a class="link" href={href(`operations/${one.id}`)}>
                      {one.action}
                      {one.dryRun && " (dry run)"}
                    </a>
                  </td>
                  <td>
                    <span class={`state ${stateOf(one)}`}>{one.state}</span>
                  </td>
                  <td class="num">{count(one.done)}</td>
                  <td class="num soft">{count(one.unchanged)}</td>
                  <td class={`num ${one.refused > 0 ? "bad" : "soft"}`}>{count(one.refused)}</td>
                  <td>
                    <code class="soft">{inline(one.filter, 60)}</code>
                  </td>
                  <td class="soft">{visible(one.startedBy)}</td>
                  <td class="soft">
                    <Time at={one.createdAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function stateOf({ state }: Operation): string {
  return state === "running" ? "running" : state === "completed" ? "completed" : "paused";
}

/** One operation. */
export function OperationScreen({ id }: { id: string }): JSX.Element {
  const { data, error } = usePage<{ operation: Operation; acts: Act[]; places: Place[] }>(
    `operations/${encodeURIComponent(id)}`,
  );
  if (data === undefined) return error === undefined ? <Bones /> : <Trouble error={error} />;
  const { operation, acts, places } = data;
  const change = async (verb: "stop" | "resume"): Promise<void> => {
    try {
      await ask("POST", `operations/${id}/${verb}`, {});
      say(verb === "stop" ? "It stops after its current piece" : "It goes on");
      refresh("operations");
    } catch (error) {
      complain(error);
    }
  };
  const figures: [string, number, string][] = [
    [operation.dryRun ? "would change" : "done", operation.done, ""],
    ["looked at", operation.looked, "soft"],
    ["unchanged", operation.unchanged, "soft"],
    ["refused", operation.refused, operation.refused > 0 ? "bad" : "soft"],
    ["locked by others", operation.locked, "soft"],
  ];
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>
          {operation.action[0]!.toUpperCase() + operation.action.slice(1)}
          {operation.dryRun && ", dry run"}
        </h1>
        <span class="mono faint">{shortId(operation.id)}</span>
        <span class={`state ${stateOf(operation)}`}>{operation.state}</span>
        <span class="soft">
          by {visible(operation.startedBy)}, <Time at={operation.createdAt} />
        </span>
        <div class="acts">
          {operation.state === "running" && (
            <Button
              kind="danger"
              needs="stopOperation"
              onClick={() => void change("stop")}
            >
              Stop
            </Button>
          )}
          {operation.state === "stopped" && (
            <Button
              kind="first"
              needs="resumeOperation"
              onClick={() => void change("resume")}
            >
              Go on
            </Button>
          )}
        </div>
      </div>
      <div class="panel">
        <div class="figures">
          {figures.map(([name, number, kind]) => (
            <div key={name}>
              <b class={kind}>{count(number)}</b>
              <span class="soft">{name}</span>
            </div>
          ))}
        </div>
        {operation.state === "running" && (
          <div class="progress going" role="progressbar" aria-label="It goes on">
            <div />
          </div>
        )}
      </div>
      <div class="panel">
        <dl class="vars">
          <div>
            <dt>filter</dt>
            <dd class="mono">{inline(operation.filter, 1_000)}</dd>
          </div>
          <div>
            <dt>arguments</dt>
            <dd class="mono">{inline(operation.args, 1_000)}</dd>
          </div>
        </dl>
      </div>
      {places.length > 0 && (
        <section class="panel" aria-label="Where they stand">
          <header>
            <h2>Where they stand, and where they go on</h2>
          </header>
          <Places
            places={places}
            to={operation.args.to === undefined ? "the same version" : `version ${operation.args.to}`}
          />
        </section>
      )}
      <div class="panel scroll">
        <header>
          <h2>What it did</h2>
          <span class="end">{acts.length === 200 ? "the first 200" : many(acts.length, "execution")}</span>
        </header>
        {acts.length === 0
          ? <Empty title={operation.state === "running" ? "Nothing yet" : "Nothing fits its filter"} />
          : (
            <table>
              <thead>
                <tr>
                  <th>Execution</th>
                  <th>Result</th>
                  <th>Why</th>
                  <th>When</th>
                </tr>
              </thead>
              <tbody>
                {acts.map(({ executionId, at, result, detail }) => (
                  <tr key={executionId}>
                    <td>
                      <Id id={executionId} />
                    </td>
                    <td class={result === "refused" ? "bad" : ""}>
                      {result === null ? "locked, tried again" : result === "would" ? "would change" : result}
                    </td>
                    <td class="soft">{visible(detail ?? "")}</td>
                    <td class="soft">
                      <Time at={at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
      </div>
    </>
  );
}
