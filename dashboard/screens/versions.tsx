/** The versions of a flow: who runs on which, and what differs between two of them. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { CodeLine, frontMatter } from "../code.tsx";
import { count, many, visible } from "../format.ts";
import { type DiffLine, diffLines } from "../diff.ts";
import { go, href, place, withQuery } from "../router.ts";
import { Button, Empty, Share, Sheet, Time } from "../ui.tsx";
import type { FlowVersion, WholeFlow } from "../wire.ts";
import { CurrentDialog, nameOf } from "./flow.tsx";

/** Versions and their differences. */
export function Versions({ flow, onCurrent }: {
  flow: WholeFlow;
  onCurrent: (version: number) => Promise<void>;
}): JSX.Element {
  const { versions, row } = flow;
  const [asked, setAsked] = useState<FlowVersion>();
  const all = row.waits.reduce((sum, one) => sum + one.waiting, 0);
  const { query } = place.value;
  const pick = (name: string, fallback: FlowVersion | undefined): FlowVersion | undefined =>
    versions.find(({ version }) => String(version) === query.get(name)) ?? fallback;
  const to = pick("to", versions[0]);
  const from = pick("from", versions.find(({ version }) => version < (to?.version ?? 0)));
  return (
    <>
      <section class="panel" aria-label="Who runs on which">
        <header>
          <h2>Who runs on which</h2>
          <span class="end">
            {flow.hasMore ? `the last ${versions.length}` : many(versions.length, "version")}
          </span>
        </header>
        <Sheet
          label="Versions"
          heads={[["Version"], ["Deployed"], ["Waiting", "num"], ["Share"], [""]]}
        >
          {versions.map((one) => (
            <tr key={one.version}>
              <td>
                <a class="link" href={withQuery({ tab: undefined, version: String(one.version) })}>
                  version {one.version}
                </a>{" "}
                {one.isCurrent && <span class="badge resolved">current</span>}
                {!one.isCurrent && one.waiting === 0 && <span class="badge">drained</span>}
              </td>
              <td class="soft">
                <Time at={one.createdAt} />
              </td>
              <td class="num">
                {one.waiting === 0 ? <span class="faint">0</span> : (
                  <a
                    href={href("executions", {
                      q: `flow:${flow.name} version:${one.version} status:waiting`,
                    })}
                  >
                    {count(one.waiting)}
                  </a>
                )}
              </td>
              <td>
                <Share part={one.waiting} whole={all} label={`Share of what waits, version ${one.version}`} />
              </td>
              <td class="acts">
                {one.waiting > 0 && !one.isCurrent && (
                  <a class="button" href={withQuery({ tab: "migrate", from: String(one.version) })}>
                    Migrate
                  </a>
                )} {!one.isCurrent && <Button onClick={() => setAsked(one)}>Make current</Button>}
              </td>
            </tr>
          ))}
        </Sheet>
      </section>
      {versions.length > 1 && from !== undefined && to !== undefined && (
        <section class="panel" aria-label="Difference">
          <header class="wrap">
            <h2>What differs</h2>
            <Pick label="Old version" name="from" versions={versions} value={from.version} />
            <span class="faint" aria-hidden="true">→</span>
            <Pick label="New version" name="to" versions={versions} value={to.version} />
          </header>
          <Difference before={from.source} after={to.source} />
        </section>
      )}
      {asked !== undefined && (
        <CurrentDialog
          version={asked.version}
          waiting={all - asked.waiting}
          onGo={() => onCurrent(asked.version)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}

/** Chooses a version; it is in the address. */
export function Pick({ label, name, versions, value }: {
  label: string;
  name: string;
  versions: readonly FlowVersion[];
  value: number;
}): JSX.Element {
  return (
    <label class="choice">
      <span class="hidden">{label}</span>
      <select
        value={String(value)}
        onChange={(event) => go(withQuery({ [name]: event.currentTarget.value }), "replace")}
      >
        {versions.map((one) => <option key={one.version} value={String(one.version)}>{nameOf(one)}</option>)}
      </select>
    </label>
  );
}

const CONTEXT = 3;
const CLASSES = { same: "", new: "added", old: "removed" } as const;

/** Two texts, and what differs; what is the same is folded. */
export function Difference({ before, after }: { before: string; after: string }): JSX.Element {
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  const [isWhole, setWhole] = useState(false);
  const [old, fresh] = useMemo(() => [before, after].map(frontMatter), [before, after]);
  const isFold = ({ from, to }: DiffLine): boolean => to === undefined ? from! <= old! : to <= fresh!;
  const added = lines.filter(({ kind }) => kind === "new").length;
  const removed = lines.filter(({ kind }) => kind === "old").length;
  if (added + removed === 0) return <Empty title="They have the same text" />;
  const parts = isWhole ? lines : folded(lines);
  return (
    <>
      <div class="code diff" tabIndex={0} role="region" aria-label="Lines that differ">
        <ol>
          {parts.map((one, index) =>
            typeof one === "number"
              ? (
                <li key={index} class="gap-line">
                  <button type="button" class="plain" onClick={() => setWhole(true)}>
                    {many(one, "line")} that are the same
                  </button>
                </li>
              )
              : (
                <li key={index} class={CLASSES[one.kind]}>
                  <span class="nr">{one.from ?? ""}</span>
                  <span class="nr">{one.to ?? ""}</span>
                  <span class="mark" aria-hidden="true">
                    {one.kind === "new" ? "+" : one.kind === "old" ? "−" : ""}
                  </span>
                  {one.kind !== "same" && (
                    <span class="hidden">{one.kind === "new" ? "added: " : "removed: "}</span>
                  )}
                  <CodeLine text={visible(one.text)} isFold={isFold(one)} />
                </li>
              )
          )}
        </ol>
      </div>
      <p class="pad soft">
        {many(added, "line")} added, {many(removed, "line")} removed
      </p>
    </>
  );
}

function folded(lines: readonly DiffLine[]): (DiffLine | number)[] {
  const near = lines.map(() => false);
  lines.forEach(({ kind }, index) => {
    if (kind === "same") return;
    for (let at = Math.max(0, index - CONTEXT); at <= Math.min(lines.length - 1, index + CONTEXT); at++) {
      near[at] = true;
    }
  });
  const parts: (DiffLine | number)[] = [];
  lines.forEach((line, index) => {
    if (near[index]) parts.push(line);
    else if (typeof parts.at(-1) === "number") parts[parts.length - 1] = parts.at(-1) as number + 1;
    else parts.push(1);
  });
  return parts;
}
