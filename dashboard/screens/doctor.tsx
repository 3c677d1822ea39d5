/** Doctor: what is wrong with this installation, and what to do. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { usePage } from "../api.ts";
import { many, visible } from "../format.ts";
import { Bones, Button, Copy, Trouble } from "../ui.tsx";
import type { Finding } from "../wire.ts";

const ORDER: Record<Finding["state"], [rank: number, kind: string, name: string]> = {
  problem: [0, "failed", "problem"],
  warning: [1, "suspended", "warning"],
  skipped: [2, "cancelled", "not looked at"],
  ok: [3, "completed", "well"],
};

/** The screen. */
export function Doctor(): JSX.Element {
  const { data, error } = usePage<Finding[]>("doctor");
  const [run, setRun] = useState<number>();
  const whole = usePage<Finding[]>(run === undefined ? null : `doctor?check=${run}`);
  const found = whole.data?.filter(({ check }) => check === "check()") ?? [];
  const all = [...(data ?? []), ...found].sort((a, b) => ORDER[a.state][0] - ORDER[b.state][0]);
  const isRunning = run !== undefined && whole.data === undefined && whole.error === undefined;
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Doctor</h1>
        {data !== undefined && <span class="soft" role="status">{verdict(all)}</span>}
        <div class="acts">
          <Button
            disabled={isRunning}
            title="It reads everything: on a large database it takes a while"
            onClick={() => setRun((run ?? 0) + 1)}
          >
            {isRunning ? "check() runs …" : found.length === 0 ? "Run check()" : "Run check() again"}
          </Button>
        </div>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {whole.error !== undefined && <Trouble error={whole.error} />}
      {data === undefined && error === undefined && <Bones rows={10} />}
      {data !== undefined && (
        <section class="panel" aria-label="Findings">
          <ul class="findings">
            {all.map(({ check, state, message, fix }, index) => (
              <li key={index}>
                <span class={`state ${ORDER[state][1]}`}>{ORDER[state][2]}</span>
                <b>{check}</b>
                <div>
                  <bdi>{visible(message)}</bdi>
                  {fix !== undefined && <Fix text={fix} />}
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      <p class="soft gap">
        The same in a terminal, with check(): <code>rhythm doctor</code>
      </p>
    </>
  );
}

function verdict(all: readonly Finding[]): string {
  const sum = (state: Finding["state"]): number => all.filter((one) => one.state === state).length;
  const [problems, warnings] = [sum("problem"), sum("warning")];
  const said = [
    ...(problems > 0 ? [many(problems, "problem")] : []),
    ...(warnings > 0 ? [many(warnings, "warning")] : []),
  ];
  return said.length === 0 ? "all is well" : said.join(", ");
}

// What stands between backticks is to be typed.
function Fix({ text }: { text: string }): JSX.Element {
  const parts = text.split("`");
  const commands = parts.filter((_, index) => index % 2 === 1);
  return (
    <p class="fix">
      <span aria-hidden="true" class="faint">→</span>{" "}
      {parts.map((part, index) => index % 2 === 1 ? <code key={index}>{visible(part)}</code> : visible(part))}
      {commands.length === 1 && (
        <>
          {" "}
          <Copy text={commands[0]!} />
        </>
      )}
    </p>
  );
}
