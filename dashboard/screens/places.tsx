/** Where the workflows of a migration stood and where they go on, side by side. */
import type { JSX } from "preact";
import { count, many, visible } from "../format.ts";
import { Id } from "../ui.tsx";
import type { Place } from "../wire.ts";

const HOW: Record<NonNullable<Place["how"]> | "unknown", [kind: string, name: string]> = {
  sure: ["resolved", "sure"],
  likely: ["known", "not sure"],
  none: ["new", "no place"],
  unknown: ["", "a worker will say"],
};

/** Groups of workflows that stand at the same place. */
export function Places({ places, to }: { places: readonly Place[]; to: string }): JSX.Element {
  return (
    <ul class="places">
      {places.map((place) => {
        const [kind, name] = HOW[place.how ?? "unknown"];
        return (
          <li key={`${place.version} ${place.lines} ${place.toLines} ${place.result}`}>
            <div class="row wrap">
              <b>{many(place.executions, "workflow")}</b>
              <span class={`badge ${kind}`}>{name}</span>
              {place.result === "refused" && <span class="badge new">refused</span>}
              {place.why !== null && <span class="soft">{visible(place.why)}</span>}
              <span class="end soft">
                one of them <Id id={place.example} />
              </span>
            </div>
            <div class="sides">
              <Side title={`version ${count(place.version)}`} lines={place.lines} texts={place.sources} />
              <span class="faint arrow" aria-hidden="true">→</span>
              <Side
                title={to}
                lines={place.how === "none" ? [] : place.toLines}
                texts={place.toSources}
                none={place.how === "none" ? "nowhere: it stays on its version" : undefined}
              />
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function Side({ title, lines, texts, none }: {
  title: string;
  lines: readonly (number | null)[];
  texts: readonly (string | null)[];
  none?: string | undefined;
}): JSX.Element {
  return (
    <div class="side-of">
      <span class="faint">{title}</span>
      {lines.length === 0 && <span class="soft">{none ?? "at its beginning"}</span>}
      {lines.slice(0, 8).map((line, index) => (
        <code key={index} class="cut" title={visible(texts[index] ?? "")}>
          <span class="faint">{line ?? "–"}</span> {visible(texts[index] ?? "")}
        </code>
      ))}
      {lines.length > 8 && (
        <span class="faint">and {many(lines.length - 8, "other branch", "other branches")}</span>
      )}
    </div>
  );
}
