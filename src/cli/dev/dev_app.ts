import { systemClock } from "../../runtime/clock.ts";
import type { AppWorker } from "../../app/app_worker.ts";
import { type FlowSource, readFlowSources } from "../../app/flow_sources.ts";
import { httpParts } from "../../app/http_parts.ts";
import { placeOf } from "../../define/database_place.ts";
import { type AppParts, assemble, type Rhythm } from "../../app/rhythm.ts";
import type { Database } from "../../db/database.ts";
import type { AnyTask, AnyWorkflow, Logger } from "../../define/mod.ts";
import { compileFlow, renderDiagnostics } from "../../flow/mod.ts";
import { createHandler, type Handler } from "../../http/mod.ts";
import type { WorkerEvent } from "../../worker/loop/observer.ts";
import { nearPath } from "../flow/read_flows.ts";
import { count } from "../format.ts";
import { loadTasks } from "../load_tasks.ts";
import type { Target } from "../target.ts";
import type { Terminal } from "../terminal.ts";
import type { Account } from "./account.ts";
import { ReloadHooks } from "./reload_hooks.ts";

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
  readonly #required = new Map<string, string[]>();
  /** The texts whose problems were shown. */
  readonly #shown = new Map<string, string>();
  /** Tasks that are waited for and that nothing here runs: each is told once. */
  readonly #missing = new Set<string>();
  readonly #flowVersions = new Map<string, number>();
  #queues = "";
  #rhythm: Rhythm | undefined;
  #worker: AppWorker | undefined;
  #handler: Handler | undefined;

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

  /** The inputs that a flow cannot do without. */
  requiredInputs(flow: string): string[] {
    return this.#required.get(flow) ?? [];
  }

  /** Loads everything for the first time. What is wrong is shown; the rest runs. */
  async load(): Promise<void> {
    await this.#loadTasks();
    await this.#renew(await this.#goodFlows());
  }

  /** Loads again what has changed. */
  async change(paths: ReadonlySet<string>): Promise<void> {
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
    if (worker !== undefined) await worker.stop();
    await Promise.all(this.#leaving);
    await rhythm?.close();
  }

  async #loadTasks(): Promise<boolean> {
    try {
      const { tasks, workflows } = await loadTasks(this.#parts.modules, ++this.#version);
      this.#tasks = tasks;
      this.#workflows = workflows;
      return true;
    } catch (error) {
      this.#parts.account.trouble(error);
      return false;
    }
  }

  /** A new application and worker; the old one's handlers finish beside it. */
  async #renew(sources: readonly FlowSource[]): Promise<void> {
    const { database, target, token } = this.#parts;
    const place = target.url === undefined ? { kind: "embedded" as const, at: "" } : placeOf(target.url);
    const parts: AppParts = {
      clock: systemClock,
      place,
      database: lent(database),
      schema: target.schema,
      tasks: this.#tasks,
      workflows: this.#workflows,
      logger: this.#logger(),
    };
    const rhythm = await assemble(parts, []);
    const [before, old] = [this.#rhythm, this.#worker];
    this.#rhythm = rhythm;
    await this.#register(sources);
    this.#handler = createHandler(httpParts(rhythm, parts, { token }));
    this.#worker = rhythm.worker({ ...this.#parts.worker, observer: (event) => this.#hear(event) });
    this.#running(this.#worker.run());
    if (old !== undefined) this.#running(old.stop().then(() => before!.close()));
  }

  #hear(event: WorkerEvent): void {
    this.#parts.account.hear(event);
    for (const wait of event.waits ?? []) {
      const name = /^task "(.*)"$/.exec(wait)?.[1];
      if (name === undefined || this.#missing.has(name) || this.taskNames.includes(name)) continue;
      this.#missing.add(name);
      const { paint } = this.#parts.terminal;
      this.#parts.account.tell(
        `${
          paint("warn", "warning:")
        } flow ${event.target} waits for task "${name}", and no task here has that name`,
      );
    }
  }

  #running(work: Promise<void>): void {
    const guarded = work.catch((error) => this.#parts.account.trouble(error)).finally(() =>
      this.#leaving.delete(guarded)
    );
    this.#leaving.add(guarded);
  }

  /** Every flow that compiles; the problems of the others are shown. */
  async #goodFlows(): Promise<FlowSource[]> {
    const good: FlowSource[] = [];
    for (const flow of await readFlowSources(this.#parts.flows)) {
      const name = nearPath(flow.path ?? flow.name);
      const { program, diagnostics, frontMatter } = compileFlow({ name, source: flow.source });
      if (program !== undefined) good.push(flow);
      const required = frontMatter.input?.required;
      this.#required.set(frontMatter.name ?? flow.name, Array.isArray(required) ? required.map(String) : []);
      const isNew = this.#shown.get(name) !== flow.source;
      this.#shown.set(name, flow.source);
      if (diagnostics.length === 0 || !isNew) continue;
      const { colours: colors } = this.#parts.terminal;
      this.#parts.account.tell(`${renderDiagnostics(diagnostics, { name, source: flow.source, colors })}\n`);
    }
    return good;
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
    const tell =
      (style: "warn" | "bad", word: string) =>
      (message: string, fields: Record<string, unknown> = {}): void => {
        const told = fields.error instanceof Error ? `: ${fields.error.message}` : "";
        account.tell(`${terminal.paint(style, word)} ${message}${told}`);
      };
    return { debug: () => {}, info: () => {}, warn: tell("warn", "warning:"), error: tell("bad", "error:") };
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
