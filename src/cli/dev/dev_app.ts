import { relative, sep } from "node:path";
import { systemClock } from "../../runtime/clock.ts";
import type { AppWorker } from "../../app/app_worker.ts";
import { type FlowSource, readFlowSources } from "../../app/flow_sources.ts";
import { httpParts } from "../../app/http_parts.ts";
import { placeOf } from "../../define/database_place.ts";
import { type AppParts, assemble, type Rhythm } from "../../app/rhythm.ts";
import type { Database } from "../../db/database.ts";
import { type AnyTask, type AnyWorkflow, ClosedError, type Logger } from "../../define/mod.ts";
import type { JsonObject } from "../../shared/json.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { analyzeFlow } from "../../flow/check/mod.ts";
import { renderDiagnostics } from "../../flow/mod.ts";
import { createHandler, type DashboardParts, type Handler, Watched } from "../../http/mod.ts";
import type { WorkerEvent } from "../../worker/loop/observer.ts";
import { nearPath } from "../flow/read_flows.ts";
import { count } from "../format.ts";
import { loadTasks } from "../load_tasks.ts";
import type { Target } from "../target.ts";
import type { Terminal } from "../terminal.ts";
import type { Account } from "./account.ts";
import { heardTask, heardWorkflow } from "./console.ts";
import type { DevClock } from "./dev_clock.ts";
import type { DevTools } from "./dev_routes.ts";
import { FlowFiles } from "./flow_files.ts";
import { ReloadHooks } from "./reload_hooks.ts";
import { pictureFor } from "../flow/picture.ts";

/** What the application of `rhythm dev` is made of. */
export interface DevParts {
  readonly database: Database;
  readonly target: Target;
  /** Places of flows. */
  readonly flows: readonly string[];
  /** Modules of tasks. */
  readonly modules: readonly string[];
  readonly account: Account;
  readonly terminal: Terminal;
  readonly token: string;
  /** Codes that each let one browser in, once. */
  readonly links: Set<string>;
  /** The clock of an embedded database. Nothing: the database is a server, with a clock of its own. */
  readonly clock: DevClock | undefined;
  readonly worker: { queues?: string[]; concurrency?: number };
}

/** The application of `rhythm dev`: flows, tasks and a worker, each replaced when its files change. */
export class DevApp {
  readonly #parts: DevParts;
  readonly #hooks: ReloadHooks;
  readonly #leaving = new Set<Promise<void>>();
  #version = 0;
  #tasks: readonly AnyTask[] = [];
  #workflows: readonly AnyWorkflow[] = [];
  readonly #inputs = new Map<string, JsonObject | undefined>();
  #areTasksBroken = false;
  /** The problems that were shown, by the flow, with its text. */
  readonly #shown = new Map<string, string>();
  /** Tasks that are waited for and that nothing here runs: each is told once. */
  readonly #missing = new Set<string>();
  /** Workflows whose cancelling is waited for. */
  readonly #watched = new Set<string>();
  readonly #flowVersions = new Map<string, number>();
  /** The names of the flows in files, by their paths. */
  #namesOfFiles: ReadonlyMap<string, string> = new Map();
  #changing: Promise<void> = Promise.resolve();
  #queues = "";
  #rhythm: Rhythm | undefined;
  #worker: AppWorker | undefined;
  #handler: Handler | undefined;
  #pages: Watched | undefined;

  /** @param parts what it is made of */
  constructor(parts: DevParts) {
    this.#parts = parts;
    this.#hooks = new ReloadHooks(parts.target.project.root);
  }

  /** The flows that can be started. */
  get flowNames(): string[] {
    return [...this.#flowVersions.keys()];
  }

  /** The tasks that can be queued. */
  get taskNames(): string[] {
    return this.#tasks.map((task) => task.name);
  }

  /** The schema of a flow's inputs, if it has one. */
  inputOf(flow: string): JsonObject | undefined {
    return this.#inputs.get(flow);
  }

  /** Loads everything for the first time. What is wrong is shown; the rest runs. */
  async load(): Promise<void> {
    await this.#loadTasks();
    await this.#renew(await this.#goodFlows());
  }

  /** Loads again what has changed. */
  async change(paths: ReadonlySet<string>): Promise<void> {
    this.#changing = this.#changing.then(() => this.#change(paths));
    await this.#changing;
  }

  async #change(paths: ReadonlySet<string>): Promise<void> {
    try {
      const flows = [...paths].some((path) => path.endsWith(".flow"));
      const tasks = [...paths].some((path) => this.#hooks.knows(path) || this.#parts.modules.includes(path));
      if (tasks && await this.#loadTasks()) {
        this.#say("↻", `${count(this.#tasks.length, "task")} loaded again`);
        await this.#renew(await this.#goodFlows());
      } else if (flows) {
        const before = this.#queues;
        const sources = await this.#goodFlows();
        await this.#register(sources);
        if (this.#queues !== before) await this.#renew(sources);
      }
    } catch (error) {
      this.#parts.account.trouble(error);
    }
  }

  /** Answers HTTP. */
  async answer(request: Request): Promise<Response> {
    return await this.#handler!(request);
  }

  /** Ends the workers; running handlers may finish. */
  async stop(): Promise<void> {
    const { rhythm, worker } = { rhythm: this.#rhythm, worker: this.#worker };
    this.#rhythm = undefined;
    this.#pages?.close();
    if (worker !== undefined) await worker.stop();
    await Promise.all(this.#leaving);
    await rhythm?.close();
  }

  async #loadTasks(): Promise<boolean> {
    try {
      const { tasks, workflows } = await loadTasks(this.#parts.modules, ++this.#version);
      this.#tasks = tasks.map(heardTask);
      this.#workflows = workflows.map(heardWorkflow);
      if (this.#areTasksBroken) this.#fixed(this.#parts.modules.map(nearPath).join(", "));
      this.#areTasksBroken = false;
      return true;
    } catch (error) {
      this.#areTasksBroken = true;
      this.#parts.account.trouble(error);
      return false;
    }
  }

  /** A new application and worker; the old one's handlers finish beside it. */
  async #renew(sources: readonly FlowSource[]): Promise<void> {
    const { database, target, token, links, clock = systemClock } = this.#parts;
    const place = target.url === undefined ? { kind: "embedded" as const, at: "" } : placeOf(target.url);
    const parts: AppParts = {
      clock,
      // What pushes the clock fires all timers.
      keepsTimers: this.#parts.clock === undefined,
      place,
      database: lent(database),
      schema: target.schema,
      tasks: this.#tasks,
      workflows: this.#workflows,
      logger: this.#logger(),
    };
    const rhythm = await assemble(parts, []);
    const [previous, old] = [this.#rhythm, this.#worker];
    this.#rhythm = rhythm;
    await this.#register(sources);
    const before = this.#pages;
    const watched = this.#pages = new Watched(systemClock);
    const http = httpParts(rhythm, parts, { token, links, watched });
    // Sessions end by the real time: who pushes the clock stays in.
    this.#handler = createHandler({ ...http, clock: systemClock, dashboard: this.#withDev(http.dashboard!) });
    // Browsers come back by themselves.
    before?.close();
    this.#worker = rhythm.worker({ ...this.#parts.worker, observer: (event) => this.#hear(event) });
    this.#running(this.#worker.run());
    if (old !== undefined) this.#running(old.stop().then(() => previous!.close()));
  }

  #withDev(dashboard: DashboardParts): DashboardParts {
    const { target: { project }, flows, clock } = this.#parts;
    const tools: DevTools = {
      files: new FlowFiles(project.root, flows),
      clock,
      tasks: () => this.#knownTasks(),
      load: (path) => this.change(new Set([path])),
      registered: (path) => {
        const name = this.#namesOfFiles.get(path);
        const version = name === undefined ? undefined : this.#flowVersions.get(name);
        return version === undefined ? undefined : { name: name!, version };
      },
    };
    const { reads } = dashboard;
    return {
      ...dashboard,
      reads: {
        ...reads,
        pulse: async () => ({ ...await reads.pulse(), clockShiftMs: clock?.shiftMs ?? 0 }),
      },
      dev: {
        routes: async () => (await import("./dev_routes.ts")).devRoutes(tools),
        page: {
          look: async () => await (await import("./dev_routes.ts")).devPage(tools),
          everyMs: 2_000,
        },
      },
    };
  }

  #knownTasks(): Set<string> | undefined {
    const isKnown = this.#parts.modules.length > 0 && !this.#areTasksBroken;
    return isKnown ? new Set(this.taskNames) : undefined;
  }

  #hear(event: WorkerEvent): void {
    this.#parts.account.hear(event);
    if (event.type === "suspended" && !this.#watched.has(event.id)) void this.#watch(event);
    for (const wait of event.waits ?? []) {
      const name = /^task "(.*)"$/.exec(wait)?.[1];
      if (name === undefined || this.#missing.has(name) || this.taskNames.includes(name)) continue;
      this.#missing.add(name);
      const { paint } = this.#parts.terminal;
      this.#parts.account.tell(
        `${
          paint("warn", "warning:")
        } flow ${event.target} waits for task "${name}", and no task here has that name.${
          didYouMean(name, this.taskNames)
        }`.replace(/\.$/, ""),
      );
    }
  }

  // A workflow that waits and has nothing to clean up is cancelled in the database alone: no worker hears of it.
  async #watch(event: WorkerEvent): Promise<void> {
    const { account } = this.#parts;
    const { id, kind, target, attempt } = event;
    this.#watched.add(id);
    for (let rhythm = this.#rhythm; rhythm !== undefined;) {
      try {
        const { status, cancelReason } = await rhythm.executions.wait(id);
        if (status === "cancelled" && account.isOpen(id)) {
          account.hear({ type: "cancelled", id, kind, target, attempt, reason: cancelReason ?? undefined });
        }
        break;
      } catch (error) {
        if (!(error instanceof ClosedError)) account.trouble(error);
        // Its successor goes on watching.
        rhythm = rhythm === this.#rhythm ? undefined : this.#rhythm;
      }
    }
    this.#watched.delete(id);
  }

  #running(work: Promise<void>): void {
    const guarded = work.catch((error) => this.#parts.account.trouble(error)).finally(() =>
      this.#leaving.delete(guarded)
    );
    this.#leaving.add(guarded);
  }

  /** Every flow that compiles; the problems of the others are shown, and tasks that nothing here has. */
  async #goodFlows(): Promise<FlowSource[]> {
    const good: FlowSource[] = [];
    const tasks = this.#knownTasks();
    const names = new Map<string, string>();
    for (const flow of await readFlowSources(this.#parts.flows)) {
      const { source } = flow;
      const name = nearPath(flow.path ?? flow.name);
      const { ast, diagnostics, frontMatter } = analyzeFlow({ name, source, tasks });
      const isBad = ast === undefined || diagnostics.some(({ severity }) => severity === "error");
      if (!isBad) good.push(flow);
      const own = frontMatter.name ?? flow.name;
      this.#inputs.set(own, frontMatter.input);
      if (flow.path !== undefined) {
        const { root } = this.#parts.target.project;
        names.set(relative(root, flow.path).replaceAll(sep, "/"), own);
      }
      this.#showProblems(name, {
        source,
        problems: diagnostics.length === 0
          ? ""
          : renderDiagnostics(diagnostics, { name, source, ...pictureFor(this.#parts.terminal) }),
      });
    }
    // At once: pages may ask meanwhile.
    this.#namesOfFiles = names;
    return good;
  }

  // Once for each text of the flow.
  #showProblems(name: string, { source, problems }: { source: string; problems: string }): void {
    const before = this.#shown.get(name);
    if (problems === "") {
      if (before !== undefined) this.#fixed(name);
      this.#shown.delete(name);
      return;
    }
    const now = `${source}\n${problems}`;
    this.#shown.set(name, now);
    if (before !== now) this.#parts.account.tell(`${problems}\n`);
  }

  #fixed(what: string): void {
    const { account, terminal } = this.#parts;
    account.tell(`${terminal.paint("good", "✔")} ${what} is fixed`);
  }

  async #register(sources: readonly FlowSource[]): Promise<void> {
    const flows = this.#rhythm!.flows;
    const isFirst = this.#handler === undefined;
    const registered = await flows.registerAll(sources, { deploy: new Date(systemClock.now()) });
    for (const { name, version } of registered) {
      const before = this.#flowVersions.get(name);
      this.#flowVersions.set(name, version);
      if (before === undefined && isFirst) continue;
      if (before === undefined) this.#say("+", `flow ${name}`);
      else if (before !== version) {
        this.#say("↻", `flow ${name} is version ${version} now; what runs stays on its version`);
      }
    }
    this.#queues = flows.queues.toSorted().join();
  }

  #say(sign: string, text: string): void {
    const { terminal, account } = this.#parts;
    account.tell(`${terminal.paint("busy", sign)} ${text}`);
  }

  #logger(): Logger {
    const { terminal, account } = this.#parts;
    const quiet = (): void => {};
    const tell =
      (style: "warn" | "bad", word: string) =>
      (message: string, fields: Record<string, unknown> = {}): void => {
        const told = fields.error instanceof Error ? `: ${fields.error.message}` : "";
        account.tell(`${terminal.paint(style, word)} ${message}${told}`);
      };
    const worker = {
      debug: quiet,
      info: quiet,
      warn: tell("warn", "warning:"),
      error: tell("bad", "error:"),
    };
    const say = (level: "debug" | "info" | "warn" | "error"): Logger["info"] => (message, fields) =>
      account.sayOf(level, message, fields);
    const handler = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
    // What becomes of each execution is told as it happens.
    const execution = { level: "silent", debug: quiet, info: quiet, warn: quiet, error: quiet };
    const kinds = { worker, handler, task: execution, workflow: execution };
    return { ...worker, of: (kind) => kinds[kind] };
  }
}

// An application closes its database when it is closed; this one is used by the next.
function lent(database: Database): Database {
  return {
    kind: database.kind,
    url: database.url,
    query: (text, params) => database.query(text, params),
    script: (text) => database.script(text),
    transaction: (work) => database.transaction(work),
    listen: (channel, options) => database.listen(channel, options),
    close: () => Promise.resolve(),
  };
}
