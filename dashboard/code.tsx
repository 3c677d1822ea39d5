/** The source of a flow, with the lines where it stands, and values where the eye is. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { inline } from "./format.ts";
import type { Fibre } from "./wire.ts";

type Piece = [kind: string, text: string];

const TOKEN =
  /(\/\/.*$)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`?)|\b(\d[\d_.]*)\b|\b(const|let|var|if|else|for|of|in|while|do|return|await|async|function|try|catch|finally|throw|new|typeof|break|continue|switch|case|default|null|undefined|true|false)\b/g;

/** A line of a flow in pieces that are coloured. */
export function pieces(line: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of line.matchAll(TOKEN)) {
    if (match.index > at) found.push(["", line.slice(at, match.index)]);
    const kind = match[1] !== undefined
      ? "t-com"
      : match[2] !== undefined
      ? "t-str"
      : match[3] !== undefined
      ? "t-num"
      : "t-key";
    found.push([kind, match[0]]);
    at = match.index + match[0].length;
  }
  if (at < line.length) found.push(["", line.slice(at)]);
  return found;
}

/** A line of a flow. */
export function CodeLine({ text, isFold }: { text: string; isFold: boolean }): JSX.Element {
  if (isFold) return <span class="fold">{text}</span>;
  return (
    <span>
      {pieces(text).map(([kind, part], at) => kind === "" ? part : <span key={at} class={kind}>{part}</span>)}
    </span>
  );
}

/** How many lines the front matter has, with its fences. */
export function frontMatter(source: string): number {
  const lines = source.split("\n");
  if (!/^(```|---)/.test(lines[0] ?? "")) return 0;
  const end = lines.findIndex((line, index) => index > 0 && /^(```|---)\s*$/.test(line));
  return end < 0 ? 0 : end + 1;
}

// Where a value is read best: at the last line before the branch's own that gives the variable one.
function valuesAt(lines: readonly string[], fibres: readonly Fibre[]): Map<number, [string, string][]> {
  const found = new Map<number, [string, string][]>();
  for (const { line: until, variables } of fibres) {
    for (const [name, value] of Object.entries(variables)) {
      if (name === "Inputs" || /^\W/.test(name)) continue;
      const gives = givesTo(name);
      for (let index = Math.min(until, lines.length) - 1; index >= 0; index--) {
        if (!gives.test(lines[index]!) || (index === until - 1 && /await/.test(lines[index]!))) continue;
        const there = found.get(index + 1) ?? [];
        if (!there.some(([known]) => known === name)) there.push([name, inline(value, 48)]);
        found.set(index + 1, there);
        break;
      }
    }
  }
  return found;
}

// `const name =`, `const { a, name } =`, `name =`, `for (const name of`: the name stands before the sign.
function givesTo(name: string): RegExp {
  const own = name.replaceAll("$", "\\$");
  return new RegExp(
    `\\b(?:const|let|var)\\b[^=]*?(?<![\\w.$])${own}(?![\\w$])(?:[^=]*=(?!=)| of )|^\\s*${own}\\s*[-+*/%?|&]*=(?![=>])`,
  );
}

/** The source with its lit lines. */
export function Source({ source, fibres, failedAt, label }: {
  source: string;
  fibres: readonly Fibre[];
  failedAt?: number | undefined;
  label: string;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => source.replace(/\n$/, "").split("\n"), [source]);
  const drawn = useMemo(() => lines.map(pieces), [lines]);
  const fences = useMemo(() => frontMatter(source), [source]);
  const values = useMemo(() => valuesAt(lines, fibres), [lines, fibres]);
  const lit = new Map<number, number>();
  for (const { line } of fibres) lit.set(line, (lit.get(line) ?? 0) + 1);
  const first = failedAt ?? Math.min(...lit.keys());
  // The lit line is in sight, and the page itself does not move.
  useEffect(() => {
    const line = box.current?.querySelector<HTMLElement>(".lit, .failed");
    if (box.current === null || line === null || line === undefined) return;
    const { offsetTop } = line;
    const { scrollTop, clientHeight } = box.current;
    const top = offsetTop - box.current.offsetTop;
    if (top < scrollTop + 20 || top > scrollTop + clientHeight - 60) {
      box.current.scrollTop = top - clientHeight / 2;
    }
  }, [first, source]);
  return (
    <div class="code" ref={box} tabIndex={0} role="region" aria-label={label}>
      <ol>
        {drawn.map((line, index) => {
          const number = index + 1;
          const branches = lit.get(number);
          const kind = number === failedAt ? "failed" : branches !== undefined ? "lit" : "";
          return (
            <li key={number} class={kind} aria-current={kind === "" ? undefined : "step"}>
              <span class="nr">{number}</span>
              <span class="mark" title={branches === undefined ? undefined : `${branches} waiting here`}>
                {kind === "failed" ? "✕" : branches === undefined ? "" : branches > 1 ? branches : "◷"}
              </span>
              <span class={number <= fences ? "fold" : ""}>
                {number <= fences
                  ? lines[index]
                  : line.map(([kind, text], at) =>
                    kind === "" ? text : <span key={at} class={kind}>{text}</span>
                  )}
              </span>
              {values.get(number)?.map(([name, value]) => (
                <span key={name} class="value">
                  {name} = <b>{value}</b>
                </span>
              ))}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
