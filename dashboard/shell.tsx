/** The frame around all screens. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { connection, login, logout, pulse, session, usePage } from "./api.ts";
import { brief, duration, heedPush, pushedMs } from "./format.ts";
import { NAMES, parse } from "./query.ts";
import { later } from "./later.tsx";
import { go, href, place } from "./router.ts";
import { Audit } from "./screens/audit.tsx";
import { Components } from "./screens/components.tsx";
import { ExecutionScreen } from "./screens/execution.tsx";
import { Executions } from "./screens/executions.tsx";
import { Failures } from "./screens/failures.tsx";
import { Operations, OperationScreen } from "./screens/operations.tsx";
import { Overview } from "./screens/overview.tsx";
import { Queues, QueueScreen } from "./screens/queues.tsx";
import { Schedules, ScheduleScreen } from "./screens/schedules.tsx";
import { Sql } from "./screens/sql.tsx";
import { Tokens } from "./screens/tokens.tsx";
import { Workers } from "./screens/workers.tsx";
import { nextTheme, theme } from "./theme.ts";
import { Button, Empty, Mark, Stale, Toast, useKeys } from "./ui.tsx";

interface Entry {
  /** The first part of its address. */
  readonly path: string;
  readonly name: string;
  /** The key after `g` that leads there. */
  readonly key: string;
  readonly Screen: (props: Record<never, never>) => JSX.Element;
  /** One of its things: the second part of the address is its id. */
  readonly One?: (props: { id: string }) => JSX.Element;
  /** Where it is: everywhere, or only in `rhythm dev`, for its own token. */
  readonly where?: "dev";
  /** A figure of the pulse beside its name. */
  readonly figure?: (pulse: Record<string, number>) => [text: string, kind: string] | undefined;
}

const Flows = later(async () => (await import("./screens/flows.tsx")).Flows);
const Compare = later(async () => (await import("./screens/compare.tsx")).Compare);
const Doctor = later(async () => (await import("./screens/doctor.tsx")).Doctor);
const Signals = later(async () => (await import("./screens/signals.tsx")).Signals);
const Dev = later(async () => (await import("./screens/dev.tsx")).Dev);
const FlowScreen = later(async () => (await import("./screens/flow.tsx")).FlowScreen);

/** Every screen, in the order of the menu; an array is a group. */
const SCREENS: readonly (readonly Entry[])[] = [
  [
    { path: "", name: "Overview", key: "o", Screen: Overview },
    { path: "executions", name: "Executions", key: "e", Screen: Executions, One: ExecutionScreen },
    {
      path: "failures",
      name: "Failures",
      key: "f",
      Screen: Failures,
      figure: ({ newFailures }) => newFailures! > 0 ? [`${newFailures} new`, "bad"] : undefined,
    },
  ],
  [
    { path: "flows", name: "Flows", key: "l", Screen: Flows, One: FlowScreen },
    { path: "queues", name: "Queues", key: "q", Screen: Queues, One: QueueScreen },
    { path: "schedules", name: "Schedules", key: "s", Screen: Schedules, One: ScheduleScreen },
    { path: "workers", name: "Workers", key: "w", Screen: Workers },
    { path: "signals", name: "Signals", key: "i", Screen: Signals },
  ],
  [
    {
      path: "operations",
      name: "Operations",
      key: "a",
      Screen: Operations,
      One: OperationScreen,
      figure: ({ operations }) => operations! > 0 ? [String(operations), ""] : undefined,
    },
    { path: "audit", name: "Audit", key: "u", Screen: Audit },
    { path: "tokens", name: "Tokens", key: "t", Screen: Tokens },
    { path: "sql", name: "SQL", key: "y", Screen: Sql },
    { path: "doctor", name: "Doctor", key: "d", Screen: Doctor },
    { path: "dev", name: "Dev", key: "v", Screen: Dev, where: "dev" },
  ],
];

function screens(): readonly (readonly Entry[])[] {
  const who = session.value;
  const isDev = who?.mode === "dev" && who.name === "shared token";
  return SCREENS.map((group) => group.filter(({ where }) => where === undefined || isDev));
}

/** Everything. */
export function App(): JSX.Element {
  const who = session.value;
  if (who === undefined) return <div class="login" aria-busy="true" />;
  if (who === null) return <Login />;
  return <Frame />;
}

function Frame(): JSX.Element {
  const { data } = usePage<Record<string, number>>("pulse");
  pulse.value = data;
  heedPush(data?.clockShiftMs ?? 0);
  const [help, setHelp] = useState(false);
  useKeys({
    "?": () => setHelp(true),
    "/": () => document.querySelector<HTMLInputElement>(".search input")?.focus(),
    ...Object.fromEntries(screens().flat().map(({ path, key }) => [`g ${key}`, () => go(href(path))])),
  });
  const [first = "", second] = place.value.parts;
  const entry = SCREENS.flat().find(({ path }) => path === first);
  const who = session.value!;
  const where = who.environment ?? (who.mode === "dev" ? "dev" : undefined);
  const name = entry?.name ?? "Rhythm";
  useEffect(() => {
    if (second === undefined) document.title = `${name} · Rhythm`;
  }, [name, second]);
  return (
    <>
      <a
        class="skip button"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={href("")}>
          <Mark />
          Rhythm
        </a>
        {where !== undefined && <span class="pill" title={`schema ${who.schema}`}>{where}</span>}
        {pushedMs.value > 0 && (
          <span class="pill pushed" title="The clock of this server was pushed ahead of the real one">
            clock +{duration(pushedMs.value)}
          </span>
        )}
        <Search />
        <div class="status-line">
          <span class={`live ${connection.value}`} role="status">
            {connection.value === "live" ? "live" : connection.value === "stale" ? "not live" : "connecting"}
          </span>
          {data !== undefined && (
            <span class="user" title="ended in the last whole minute">{brief(data.perMinute!)}/min</span>
          )}
          <span class="row">
            <Button
              kind="icon"
              title={`Theme: ${theme.value}`}
              aria-label={`Theme: ${theme.value}. Change it`}
              onClick={nextTheme}
            >
              {theme.value === "dark" ? "☾" : theme.value === "light" ? "☀" : "◐"}
            </Button>
            <Button kind="icon" title="Keys (?)" aria-label="Keys" onClick={() => setHelp(true)}>?</Button>
            <Button
              kind="icon"
              title={`Log out ${who.name} (${who.role})`}
              aria-label="Log out"
              onClick={() => void logout()}
            >
              {/* Many fonts have no sign for this. */}
              <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d="M8 1.5v6M4.5 3.8a5.5 5.5 0 1 0 7 0" />
              </svg>
            </Button>
          </span>
        </div>
      </header>
      <div class="body">
        <div class="side">
          <nav aria-label="Screens">
            {screens().map((group, index) => (
              <>
                {index > 0 && <hr />}
                {group.map(({ path, name, figure }) => {
                  const said = data === undefined ? undefined : figure?.(data);
                  return (
                    <a key={path} href={href(path)} aria-current={path === first ? "page" : undefined}>
                      {name}
                      {said !== undefined && <span class={`count ${said[1]}`}>{said[0]}</span>}
                    </a>
                  );
                })}
              </>
            ))}
          </nav>
        </div>
        <main id="main" tabIndex={-1}>
          <Stale />
          <Screen entry={entry} first={first} id={second} />
        </main>
      </div>
      {help && <Help onClose={() => setHelp(false)} />}
      <Toast />
    </>
  );
}

function Screen(
  { entry, first, id }: { entry: Entry | undefined; first: string; id: string | undefined },
): JSX.Element {
  if (first === "_components") return <Components />;
  if (first === "compare") return <Compare />;
  if (entry !== undefined && id === undefined) return <entry.Screen />;
  if (entry?.One !== undefined && id !== undefined) return <entry.One key={id} id={id} />;
  return (
    <Empty title="There is no such page">
      <a class="link" href={href("")}>Go to the overview</a>
    </Empty>
  );
}

/** The query, wherever one is: Enter leads to the executions that fit; an id leads to its execution. */
function Search(): JSX.Element {
  const { parts, query } = place.value;
  const current = parts[0] === "executions" && parts.length === 1 ? query.get("q") ?? "" : "";
  const [text, setText] = useState(current);
  const [tried, setTried] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(current), [current]);
  const { problem } = parse(text);
  const submit = (): void => {
    const id = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.exec(text.trim())?.[0];
    if (id !== undefined) {
      setText("");
      go(href(`executions/${id.toLowerCase()}`));
    } else if (problem !== undefined) setTried(true);
    else go(href("executions", { q: text.trim() }));
    if (problem === undefined) input.current?.blur();
  };
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <input
        ref={input}
        value={text}
        aria-label="Search executions"
        aria-invalid={tried && problem !== undefined}
        placeholder="flow:onboard status:waiting age>2d"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setTried(false);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
      {tried && problem !== undefined && <span class="problem" role="alert">{problem}</span>}
    </form>
  );
}

function Help({ onClose }: { onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  const keys: [string, string][] = [
    ["/", "search"],
    ["?", "this list"],
    ...screens().flat().map(({ name, key }): [string, string] => [`g ${key}`, name]),
    ["j k", "next, previous row"],
    ["Enter", "open the row"],
    ["x", "choose the row"],
    ["← →", "one step back, on"],
    ["Home End", "first step, now"],
  ];
  return (
    <dialog ref={dialog} aria-label="Keys and search" onClose={onClose}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
        }}
      >
        <h2>Keys</h2>
        <dl class="keys">
          {keys.map(([key, what]) => (
            <>
              <dt>
                {key.split(" ").map((one) => (
                  <>
                    <kbd>{one}</kbd>
                    {" "}
                  </>
                ))}
              </dt>
              <dd>{what}</dd>
            </>
          ))}
        </dl>
        <h2 class="gap">Search</h2>
        <dl class="keys">
          {Object.entries(NAMES).map(([name, what]) => (
            <>
              <dt>
                <code>{name}</code>
              </dt>
              <dd class="soft">{what}</dd>
            </>
          ))}
        </dl>
        <footer>
          <Button type="submit" kind="first">Close</Button>
        </footer>
      </form>
    </dialog>
  );
}

function Login(): JSX.Element {
  const [token, setToken] = useState("");
  const [trouble, setTrouble] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Log in · Rhythm";
  }, []);
  const submit = async (): Promise<void> => {
    setBusy(true);
    try {
      await login({ token });
    } catch (error) {
      setTrouble((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1>
          <Mark /> Rhythm
        </h1>
        <p>
          Enter the token of this server. It is what <code>RHYTHM_TOKEN</code> or the option{" "}
          <code>token</code> says.
        </p>
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            name="token"
            autocomplete="current-password"
            required
            value={token}
            aria-invalid={trouble !== undefined}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {trouble !== undefined && <div class="notice bad" role="alert">{trouble}</div>}
        <Button type="submit" kind="first" disabled={busy}>Log in</Button>
      </form>
    </main>
  );
}
