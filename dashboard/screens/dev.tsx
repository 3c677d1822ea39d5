/** `rhythm dev`: edit a flow, run it, answer it, push the clock, look at what came from elsewhere. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, refresh, session, usePage } from "../api.ts";
import { type Editor, openEditor, type Problem } from "../editor.ts";
import { count, duration, full, heedPush, many, now, visible } from "../format.ts";
import { Node } from "../json.tsx";
import { go, href, place, withQuery } from "../router.ts";
import {
  Bones,
  Button,
  complain,
  Dialog,
  Empty,
  executionHref,
  Field,
  Id,
  say,
  State,
  Trouble,
} from "../ui.tsx";
import type { Json, Whole } from "../wire.ts";
import { StartDialog } from "./start_flow.tsx";

interface Registered {
  name: string;
  version: number;
}

interface Page {
  files: { path: string; digest: string; registered: Registered | null }[];
  folder: string | null;
  tasks: string[];
  clock: { shiftMs: number } | null;
}

interface Checked {
  name: string;
  inputSchema: Json;
  diagnostics: (Problem & { line: number; column: number })[];
}

interface File extends Checked {
  path: string;
  source: string;
  digest: string;
  registered: Registered | null;
}

/** Texts that are not saved, by their files. They stay while other files, and other screens, are looked at. */
const drafts = new Map<string, string>();

/** The screen. */
export function Dev(): JSX.Element {
  const isHere = session.value?.mode === "dev" && session.value.name === "shared token";
  const { data, error } = usePage<Page>(isHere ? "dev" : null);
  const title = (
    <div class="title">
      <h1 tabIndex={-1}>Dev</h1>
      <span class="soft">edit, run, answer, push the clock</span>
    </div>
  );
  if (!isHere) {
    return (
      <>
        {title}
        <Empty title="Only rhythm dev has this screen">
          <p>
            It reads and writes files of a project, so it is there for the link that <code>rhythm dev</code>
            {" "}
            prints, and for its own token.
          </p>
        </Empty>
      </>
    );
  }
  if (data === undefined) {
    return <>{title}{error === undefined ? <Bones rows={12} /> : <Trouble error={error} />}</>;
  }
  return (
    <>
      {title}
      {error !== undefined && <Trouble error={error} />}
      <Workbench page={data} />
    </>
  );
}

function Workbench({ page }: { page: Page }): JSX.Element {
  const { files, folder } = page;
  const asked = place.value.query.get("file");
  const path = files.some((one) => one.path === asked) ? asked! : files[0]?.path;
  const [isNew, setNew] = useState(false);
  return (
    <div class="dev">
      <div>
        <section class="panel" aria-label="Flows">
          <header>
            <h2>Flows</h2>
            <span class="end">
              {folder !== null && <Button onClick={() => setNew(true)}>New</Button>}
            </span>
          </header>
          <ul class="files">
            {files.map((one) => (
              <li key={one.path}>
                <a
                  href={withQuery({ file: one.path, run: undefined })}
                  aria-current={one.path === path ? "true" : undefined}
                >
                  <span class="cut">{visible(one.path)}</span>
                  {drafts.has(one.path) && <span class="wait" title="not saved">● not saved</span>}
                </a>
              </li>
            ))}
          </ul>
          {files.length === 0 && (
            <Empty title="There are no flows yet">
              <p>A flow is a file that ends in .flow, in the directory flows of the project.</p>
            </Empty>
          )}
        </section>
      </div>
      {path !== undefined && <FilePanel key={path} path={path} page={page} />}
      {path === undefined && (
        <div class="aside">
          <ClockPanel clock={page.clock} />
          <Replay />
        </div>
      )}
      {isNew && <NewDialog folder={folder!} onClose={() => setNew(false)} />}
    </div>
  );
}

function NewDialog({ folder, onClose }: { folder: string; onClose: () => void }): JSX.Element {
  const [name, setName] = useState("");
  return (
    <Dialog
      title="New flow"
      go="Create it"
      onClose={onClose}
      onGo={async () => {
        const path = `${folder === "." ? "" : `${folder}/`}${name.trim().replace(/\.flow$/, "")}.flow`;
        await ask("PUT", "dev/file", { path, source: BEGINNING, digest: null });
        refresh("dev");
        go(withQuery({ file: path, run: undefined }));
      }}
    >
      <Field label="Name" value={name} onInput={setName} hint={`A file in ${folder}`} required autoFocus />
    </Dialog>
  );
}

const BEGINNING = `const { name } = Inputs
await Timer.delay("1d")
const { ok } = await Signal.next("approval")
return { name, ok }
`;

function FilePanel({ path, page }: { path: string; page: Page }): JSX.Element {
  const onDisk = page.files.find((one) => one.path === path);
  const [file, setFile] = useState<File>();
  const [trouble, setTrouble] = useState<Error>();
  const [text, setText] = useState(drafts.get(path));
  const [checked, setChecked] = useState<Checked & { source: string }>();
  const [isBusy, setBusy] = useState(false);
  const [isStarting, setStarting] = useState(false);
  const editor = useRef<Editor>();
  // What stands in the editor, also before it is drawn.
  const latest = useRef("");
  const box = useRef<HTMLDivElement>(null);
  const run = place.value.query.get("run");
  const { data: whole } = usePage<Whole>(run === null ? null : `executions/${encodeURIComponent(run)}`);
  const isOpen = file !== undefined;
  const isChanged = file !== undefined && text !== undefined && text !== file.source;
  const isOld = file !== undefined && onDisk !== undefined && onDisk.digest !== file.digest;

  const read = async (how: "all" | "keep"): Promise<void> => {
    try {
      const found = await ask<File>("GET", `dev/file?path=${encodeURIComponent(path)}`);
      const draft = how === "keep" ? drafts.get(path) : undefined;
      if (draft === undefined) drafts.delete(path);
      setFile(found);
      setTrouble(undefined);
      setText(latest.current = draft ?? found.source);
      editor.current?.show(draft ?? found.source);
      if (draft === undefined) setChecked(found);
    } catch (error) {
      setTrouble(error as Error);
    }
  };
  useEffect(() => void read("keep"), []);
  // Somebody saved it elsewhere. What was typed here is not thrown away.
  useEffect(() => {
    if (isOld && !isChanged && !isBusy) void read("all");
  }, [onDisk?.digest]);

  const save = async (digest = file!.digest): Promise<File> => {
    setBusy(true);
    const source = latest.current;
    try {
      const saved = { ...await ask<File>("PUT", "dev/file", { path, source, digest }), source };
      if (drafts.get(path) === source) drafts.delete(path);
      setFile(saved);
      setChecked(saved);
      refresh("dev");
      return saved;
    } finally {
      setBusy(false);
    }
  };
  const act = useRef({ save: (): void => {}, run: (): void => {} });
  act.current = {
    save: () => {
      if (isOpen && latest.current !== file!.source) {
        void save().then(() => say(`${path} is saved`), complain);
      }
    },
    run: () => {
      if (!isOpen) return;
      void (latest.current !== file!.source ? save() : Promise.resolve(file!)).then((saved) => {
        if (saved.diagnostics.some(({ severity }) => severity === "error")) {
          complain(new Error("It is saved, and has errors: the version before still runs"));
        } else if (saved.registered === null) {
          complain(new Error("It is not loaded: see what rhythm dev prints"));
        } else setStarting(true);
      }, complain);
    },
  };
  useEffect(() => {
    if (!isOpen || box.current === null) return;
    const opened = openEditor(box.current, {
      text: text!,
      label: `Text of ${path}`,
      onChange: (next) => {
        drafts.set(path, next);
        setText(latest.current = next);
      },
      keys: { "Mod-s": () => act.current.save(), "Mod-Enter": () => act.current.run() },
    });
    editor.current = opened;
    return () => {
      editor.current = undefined;
      opened.close();
    };
  }, [isOpen]);
  // What is typed is checked a moment later. An answer to an older text is of no use.
  useEffect(() => {
    if (!isOpen || text === undefined) return;
    if (text === file!.source) {
      drafts.delete(path);
      return setChecked(file);
    }
    let isGone = false;
    const timer = setTimeout(() => {
      ask<Checked>("POST", "dev/check", { path, source: text })
        .then(
          (answer) => isGone || setChecked({ ...answer, source: text }),
          (error) => isGone || complain(error),
        );
    }, 250);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [text, file]);
  const problems = checked?.diagnostics ?? [];
  useEffect(() => editor.current?.mark(problems), [checked, isOpen]);
  const lines = whole?.source?.source === text && whole?.execution.completedAt === null
    ? whole.fibres.map(({ line }) => line).join()
    : "";
  useEffect(() => editor.current?.light(lines === "" ? [] : lines.split(",").map(Number)), [
    lines,
    isOpen,
    text,
  ]);
  useEffect(() => {
    const warn = (event: Event): void => {
      if (drafts.size > 0) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);

  if (trouble !== undefined) {
    return (
      <div class="notice bad" role="alert">
        <b>{visible(path)} could not be read</b>
        <span>{trouble.message}</span>
        <Button onClick={() => void read("keep")}>Try again</Button>
      </div>
    );
  }
  if (!isOpen) return <Bones rows={14} />;
  const errors = problems.filter(({ severity }) => severity === "error").length;
  return (
    <>
      <div>
        <section class="panel" aria-label="Editor">
          <header class="wrap">
            <h2 class="cut">{visible(path)}</h2>
            <span class="soft">
              {isChanged
                ? "not saved"
                : file.registered === null
                ? "not loaded"
                : `version ${file.registered.version}`}
            </span>
            <span class="end row">
              <Button disabled={!isChanged || isBusy} title="Ctrl S" onClick={() => act.current.save()}>
                Save
              </Button>
              <Button kind="first" disabled={isBusy} title="Ctrl Enter" onClick={() => act.current.run()}>
                {isChanged ? "Save and run" : "Run"}
              </Button>
            </span>
          </header>
          {isOld && isChanged && (
            <div class="notice wait" role="alert">
              <b>It was changed on disk, too</b>
              <span>What you typed is not saved.</span>
              <span class="row">
                <Button onClick={() => void read("all")}>Take the one on disk</Button>
                <Button onClick={() => void save(onDisk!.digest).catch(complain)}>Save mine over it</Button>
              </span>
            </div>
          )}
          <div class="editor" ref={box} />
          <div class="problems" role="status" aria-label="Problems">
            {problems.length === 0 ? <p class="good">✓ No problems</p> : (
              <p class="soft">
                {[
                  ...(errors > 0 ? [many(errors, "error")] : []),
                  ...(problems.length > errors ? [many(problems.length - errors, "warning")] : []),
                ].join(", ")}
              </p>
            )}
            <ul>
              {problems.slice(0, 50).map((one) => (
                <li key={`${one.code} ${one.start} ${one.message}`}>
                  <button type="button" class="plain left" onClick={() => editor.current?.goTo(one.start)}>
                    <span class="mono faint">{one.line}:{one.column}</span>{" "}
                    <span class={one.severity === "error" ? "bad" : "wait"}>{one.severity} {one.code}</span>
                    {" "}
                    {visible(one.message)}
                    {one.hint !== undefined && <span class="soft">. {visible(one.hint)}</span>}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        </section>
      </div>
      <div class="aside">
        <RunPanel id={run} whole={whole} clock={page.clock} />
        <ClockPanel clock={page.clock} />
        <Replay />
      </div>
      {isStarting && (
        <StartDialog
          name={file.registered!.name}
          version={{ version: file.registered!.version, inputSchema: file.inputSchema }}
          onClose={() => setStarting(false)}
          onStarted={(id) => go(withQuery({ run: id }), "replace")}
        />
      )}
    </>
  );
}

function RunPanel(
  { id, whole, clock }: { id: string | null; whole: Whole | undefined; clock: Page["clock"] },
): JSX.Element {
  if (id === null || whole === undefined) {
    return (
      <section class="panel" aria-label="Run">
        <header>
          <h2>Run</h2>
        </header>
        {id === null
          ? (
            <Empty title="Nothing runs here yet">
              <p>
                <i>Run</i>{" "}
                starts the flow. It stands in the line that is lit, and you answer its signals here.
              </p>
            </Empty>
          )
          : <Bones rows={4} />}
      </section>
    );
  }
  const { execution, reasons, logs } = whole;
  const isOver = execution.completedAt !== null;
  const signals = isOver ? [] : signalsOf(whole);
  const isTimed = !isOver && clock !== null && reasons.some(hasTime);
  return (
    <section class="panel" aria-label="Run">
      <header>
        <h2>
          Run <Id id={id} />
        </h2>
        <State status={execution.status} paused={execution.pausedAt} />
        <a class="link end" href={executionHref(id)}>All of it</a>
      </header>
      <div class="pad">
        {!isOver && reasons.map(({ sentence }) => <p key={sentence}>{visible(sentence)}</p>)}
        {signals.map((name) => <Answer key={`${name} ${whole.steps.length}`} id={id} name={name} />)}
        {isTimed && <Button onClick={() => void push(undefined)}>Push the clock to it</Button>}
        {execution.error !== null && (
          <div class="notice bad" role="alert">
            <b>{visible(execution.error.type)}</b>
            <span>{visible(execution.error.message)}</span>
          </div>
        )}
        {execution.status === "completed" && (
          <>
            <h3>Output</h3>
            <div class="json">
              <Node value={execution.output} depth={0} />
            </div>
          </>
        )}
        {logs.length > 0 && (
          <>
            <h3>Log</h3>
            <ul class="said">
              {logs.slice(-20).map((line) => <li key={line.id} class="mono">{visible(line.message)}</li>)}
            </ul>
          </>
        )}
      </div>
    </section>
  );
}

function hasTime({ reason, because = [] }: Whole["reasons"][number]): boolean {
  return reason === "timer" || reason === "retry_delayed" || reason === "delayed" || because.some(hasTime);
}

function signalsOf({ reasons, fibres }: Whole): string[] {
  const waited = fibres.flatMap(({ waitsFor }) => waitsFor).flatMap((wait) =>
    /^signal "(.*)"$/.exec(wait)?.[1] ?? []
  );
  return [
    ...new Set([
      ...reasons.flatMap(({ reason, name }) => reason === "signal" && name !== undefined ? [name] : []),
      ...waited,
    ]),
  ];
}

function Answer({ id, name }: { id: string; name: string }): JSX.Element {
  const [payload, setPayload] = useState("{}");
  const [trouble, setTrouble] = useState<string>();
  const send = async (): Promise<void> => {
    try {
      const value = payload.trim() === "" ? null : JSON.parse(payload);
      await ask("POST", `executions/${id}/signals/${encodeURIComponent(name)}`, { payload: value });
      setTrouble(undefined);
    } catch (error) {
      setTrouble(
        error instanceof SyntaxError ? `This is not JSON: ${error.message}` : (error as Error).message,
      );
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Field label={`Answer ${visible(name)}, as JSON`} value={payload} onInput={setPayload} lines={2} />
      {trouble !== undefined && <div class="notice bad" role="alert">{trouble}</div>}
      <Button type="submit">Send {visible(name)}</Button>
    </form>
  );
}

interface Pushed {
  shiftMs: number;
  movedMs: number;
  stops: number;
  stopped: string | null;
}

async function push(by: string | undefined): Promise<void> {
  try {
    const { shiftMs, movedMs, stops, stopped } = await ask<Pushed>(
      "POST",
      "dev/clock",
      by === undefined ? {} : { by },
    );
    heedPush(shiftMs);
    refresh("");
    const moved = movedMs > 0
      ? `The clock is ${duration(movedMs)} on, ${many(stops, "moment")} in which something was due`
      : "The clock stands where it was";
    say(`${moved}${stopped === null ? "" : `: ${stopped}`}`);
  } catch (error) {
    complain(error);
  }
}

function ClockPanel({ clock }: { clock: Page["clock"] }): JSX.Element {
  const [by, setBy] = useState("1d");
  const [isBusy, setBusy] = useState(false);
  const go = (how: string | undefined): void => {
    setBusy(true);
    void push(how).finally(() => setBusy(false));
  };
  return (
    <section class="panel" aria-label="Clock">
      <header>
        <h2>Clock</h2>
        {clock !== null && clock.shiftMs > 0 && <span class="end wait">+{duration(clock.shiftMs)}</span>}
      </header>
      {clock === null
        ? (
          <p class="pad soft">
            The clock of a server is the one of all. Without RHYTHM_DATABASE_URL, <code>rhythm dev</code>{" "}
            has an embedded database, whose clock can be pushed.
          </p>
        )
        : (
          <form
            class="pad"
            onSubmit={(event) => {
              event.preventDefault();
              go(by.trim());
            }}
          >
            <p>
              <time dateTime={new Date(now.value).toISOString()}>{full(now.value)}</time>
            </p>
            <Field
              label="Push it by"
              value={by}
              onInput={setBy}
              hint="30s, 2h, 7d. All that becomes due is done"
            />
            <div class="row wrap">
              <Button type="submit" kind="first" disabled={isBusy}>{isBusy ? "Time passes" : "Push"}</Button>
              <Button disabled={isBusy} onClick={() => go(undefined)}>To what is due next</Button>
            </div>
            <p class="faint">It cannot go back: remove .rhythm/data for a new beginning.</p>
          </form>
        )}
    </section>
  );
}

function Replay(): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const load = async (input: HTMLInputElement): Promise<void> => {
    const [chosen] = input.files ?? [];
    if (chosen === undefined) return;
    setBusy(true);
    try {
      if (chosen.size > MOST_BYTES) {
        throw new Error(`It has ${count(chosen.size)} bytes: use rhythm import for more than 2 MB`);
      }
      let value: unknown;
      try {
        value = JSON.parse(await chosen.text());
      } catch {
        throw new Error(`${chosen.name} is no JSON. Choose what rhythm export wrote`);
      }
      const { id } = await ask<{ id: string }>("POST", "executions/import", value);
      say("It is here as a frozen copy: nothing runs it");
      go(executionHref(id, { step: "1" }));
    } catch (error) {
      complain(error);
    } finally {
      input.value = "";
      setBusy(false);
    }
  };
  return (
    <section class="panel" aria-label="Replay">
      <header>
        <h2>Replay a run</h2>
      </header>
      <div class="pad">
        <label class="field">
          <span>
            A file of <code>rhythm export</code>
          </span>
          <input
            type="file"
            accept=".json,application/json"
            disabled={isBusy}
            onChange={(event) => void load(event.currentTarget)}
          />
          <small>It becomes a frozen copy, with every step of its past</small>
        </label>
        <a class="link" href={href("executions", { q: "status:frozen" })}>All frozen copies</a>
      </div>
    </section>
  );
}

const MOST_BYTES = 2_000_000;
