/** A JSON value as a tree that folds. Large and deep values cost only what is unfolded. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { inline, many, size, specialOf, visible } from "./format.ts";
import { Copy } from "./ui.tsx";
import type { Json } from "./wire.ts";

const MOST_TEXT = 1_000;
const MOST_MEMBERS = 100;

/** The whole tree, with a search and a copy. */
export function JsonView({ value, label }: { value: Json; label: string }): JSX.Element {
  const [wanted, setWanted] = useState("");
  const isSmall = typeof value !== "object" || value === null;
  const found = wanted === "" ? undefined : matches(value, wanted.toLowerCase());
  return (
    <>
      <div class="row pad">
        {isSmall ? <span class="grow" /> : (
          <label class="grow field" style={{ margin: 0 }}>
            <span class="hidden">Search in {label}</span>
            <input
              placeholder="Search names and values"
              value={wanted}
              onInput={(event) => setWanted(event.currentTarget.value)}
            />
          </label>
        )}
        <Copy text={JSON.stringify(value, null, 2)} />
      </div>
      {found === undefined
        ? (
          <div class="json">
            <Node value={value} depth={0} />
          </div>
        )
        : (
          <div class="json">
            {found.length === 0 && <span class="faint">Nothing has "{wanted}"</span>}
            {found.map(([path, one]) => (
              <div key={path}>
                <span class="name">{visible(path)}:</span> <span class="lit-value">{inline(one, 200)}</span>
              </div>
            ))}
          </div>
        )}
    </>
  );
}

/** One value, and what is in it once it is unfolded. */
export function Node({ value, depth, name }: { value: Json; depth: number; name?: string }): JSX.Element {
  const members = typeof value === "object" && value !== null && specialOf(value) === undefined
    ? Object.entries(value)
    : undefined;
  const [open, setOpen] = useState(depth < 2 && (members?.length ?? 0) <= 40);
  const [shown, setShown] = useState(MOST_MEMBERS);
  const label = name === undefined ? null : <span class="name">{visible(name)}:&nbsp;</span>;
  if (members === undefined) {
    return (
      <div>
        {label}
        <Leaf value={value} />
      </div>
    );
  }
  const isList = Array.isArray(value);
  if (members.length === 0) return <div>{label}{isList ? "[]" : "{}"}</div>;
  return (
    <div>
      <button type="button" class="toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        {label}
        {open ? many(members.length, isList ? "element" : "member") : inline(value, 70)}
      </button>
      {open && (
        <div class="in">
          {members.slice(0, shown).map(([one, inner]) => (
            <Node key={one} name={one} value={inner as Json} depth={depth + 1} />
          ))}
          {members.length > shown && (
            <button
              type="button"
              class="plain"
              onClick={() => setShown(shown + 1_000)}
            >
              Show more of {many(members.length - shown, "other")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Leaf({ value }: { value: Json }): JSX.Element {
  const [whole, setWhole] = useState(false);
  if (typeof value === "object" && value !== null) return <span class="faint">{specialOf(value)}</span>;
  if (typeof value !== "string") return <span class="lit-value">{String(value)}</span>;
  const isCut = value.length > MOST_TEXT && !whole;
  return (
    <>
      <bdi class="str">
        {visible(JSON.stringify(isCut ? value.slice(0, MOST_TEXT) : value).slice(0, isCut ? -1 : undefined))}
      </bdi>
      {isCut && (
        <button type="button" class="plain" onClick={() => setWhole(true)}>
          … show all {size(value.length)}
        </button>
      )}
    </>
  );
}

function matches(value: Json, wanted: string): [path: string, value: Json][] {
  const found: [string, Json][] = [];
  const look = (path: string, name: string, one: Json): void => {
    if (found.length >= 200) return;
    const isTree = typeof one === "object" && one !== null;
    if (name.toLowerCase().includes(wanted) || (!isTree && String(one).toLowerCase().includes(wanted))) {
      found.push([path === "" ? "value" : path, one]);
      return;
    }
    if (!isTree) return;
    for (const [inner, next] of Object.entries(one)) {
      look(path === "" ? inner : `${path}.${inner}`, inner, next as Json);
    }
  };
  look("", "", value);
  return found;
}
