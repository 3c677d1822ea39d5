import {
  currentVersions,
  type FlowInfo,
  type FlowVersion,
  listFlows,
  listFlowVersions,
  registerFlow,
  setFlowVersion,
} from "../db/calls/flows.ts";
import { compileFlow, type Diagnostic, renderDiagnostics } from "../flow/mod.ts";
import {
  ANY_TEXT,
  ARRAY,
  checkArgument,
  checkShape,
  COUNT,
  type FlowHeat,
  type HeatFilter,
  NAME,
  type PauseOptions,
  STORED_TEXT,
  TEXT,
} from "../define/mod.ts";
import { deployOf, type RegisterOptions } from "./deploy.ts";
import { knownErrors, RhythmError } from "../shared/error.ts";
import { JsonError, toJson } from "../shared/json.ts";
import { heat } from "./heat.ts";
import type { ClientCore } from "./core.ts";
import { pairWith } from "./pairings.ts";
import { pause, resume } from "./pauses.ts";

/** A flow as text. */
export interface FlowText {
  /** The name it is registered under, unless its front matter gives another. */
  readonly name: string;
  /** The text. */
  readonly source: string;
  /** The file it came from, for diagnostics. */
  readonly path?: string;
}

/** A flow that was registered. */
export interface RegisteredFlow {
  /** The name it is started under. */
  readonly name: string;
  /** The number of the version that this text is. */
  readonly version: number;
  /** The number of the version that new executions start on; another one if this text is older, or of an older deploy. */
  readonly currentVersion: number;
  /** What is worth a look, though it does not keep the flow from running. */
  readonly warnings: readonly Diagnostic[];
}

/** Thrown when a flow has errors: its message shows each at its place in the source. */
export class FlowError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "FlowError";
  /** Everything that was found. */
  readonly diagnostics: readonly Diagnostic[];

  /**
   * Makes the error and its message.
   *
   * @param flows the flows with errors, rendered
   * @param diagnostics everything that was found
   */
  constructor(flows: readonly string[], rendered: string, diagnostics: readonly Diagnostic[]) {
    super(`Cannot register ${flows.map((name) => `"${name}"`).join(", ")}:\n\n${rendered}`, {
      code: "FLOW_INVALID",
    });
    this.diagnostics = diagnostics;
  }
}

/** Thrown when a flow's text has characters that Postgres does not store. */
export class FlowNotStorableError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "FlowNotStorableError";

  /**
   * Makes the error and its message.
   *
   * @param flow its name
   * @param options what was found as `cause`
   */
  constructor(flow: string, options: ErrorOptions = {}) {
    super(
      `Cannot register "${flow}": its text has the character U+0000, or half a surrogate pair, which Postgres does not store. Make it when the flow runs: String.fromCharCode(0)`,
      { ...options, code: "FLOW_NOT_STORABLE" },
    );
  }
}

/** Flows: register, list, check. */
export class Flows {
  readonly #core: ClientCore;
  readonly #queues = new Set<string>();

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /**
   * Pauses a flow: its workflows neither begin nor continue, in any queue. A step that runs ends first.
   *
   * @param flow the name
   * @param options why, and who
   * @returns false if it was paused already
   */
  async pause(flow: string, options: PauseOptions = {}): Promise<boolean> {
    checkArgument(flow, { argument: "flow", type: NAME, where: "flows.pause()" });
    return await pause(this.#core, { kind: "flow", name: flow }, options, "flows.pause()");
  }

  /** Lets a paused flow continue; false if it was not paused. */
  async resume(flow: string): Promise<boolean> {
    checkArgument(flow, { argument: "flow", type: NAME, where: "flows.resume()" });
    return await resume(this.#core, { kind: "flow", name: flow });
  }

  /** The queues that registered flows name for their executions. */
  get queues(): readonly string[] {
    return [...this.#queues];
  }

  /**
   * Registers a flow: a text that is new becomes the version that new executions start on. One that was registered before,
   * and is no longer current, becomes current again only with a `deploy` that is not older than that of the current one.
   *
   * @param flow name and text
   * @param options when the text was deployed
   * @returns its name and version, and the version that is current
   * @throws {FlowError} the text has errors
   */
  async register(flow: FlowText, options: RegisterOptions = {}): Promise<RegisteredFlow> {
    const [registered] = await this.registerAll([flow], options);
    return registered!;
  }

  /** Registers flows: none of them, if one has errors. */
  async registerAll(flows: readonly FlowText[], options: RegisterOptions = {}): Promise<RegisteredFlow[]> {
    checkArgument(flows, { argument: "flows", type: ARRAY, where: "flows.registerAll()" });
    const deploy = deployOf(options, "flows.registerAll()");
    const registered: Omit<RegisteredFlow, "currentVersion">[] = [];
    const compiled = compileAll(flows);
    if (compiled.length === 0) return [];
    const names = compiled.map(({ flow, frontMatter }) => frontMatter.name ?? flow.name);
    const before = await this.#core.retried(() => currentVersions(this.#core.engine, names));
    for (const { flow, program, frontMatter, diagnostics } of compiled) {
      const { name = flow.name, description, input, index: _, ...options } = frontMatter;
      if (options.queue !== undefined) this.#queues.add(options.queue);
      const version = await this.#core.retried(() =>
        registerFlow(this.#core.engine, {
          name,
          source: flow.source,
          program: storable(name, flow.source, program),
          inputSchema: input === undefined ? null : JSON.stringify(input),
          options: JSON.stringify(options),
          description: description ?? null,
          deploy,
        })
      );
      // So that workflows can be moved from the version before, in SQL, too.
      if (before.has(name) && before.get(name) !== version) {
        await pairWith(this.#core, { name, version, limit: 1 });
      }
      registered.push({ name, version, warnings: diagnostics });
    }
    const current = await this.#core.retried(() => currentVersions(this.#core.engine, names));
    return registered.map((one) => ({ ...one, currentVersion: current.get(one.name) ?? one.version }));
  }

  /** Checks flows that somebody else registers, as `registerAll()` would; gives their names and texts. */
  declareAll(flows: readonly FlowText[]): { readonly name: string; readonly source: string }[] {
    return compileAll(flows).map(({ flow, frontMatter: { name = flow.name, queue } }) => {
      if (queue !== undefined) this.#queues.add(queue);
      return { name, source: flow.source };
    });
  }

  /** What is wrong with a flow, and what is worth a look; nothing is written. */
  check(flow: FlowText): readonly Diagnostic[] {
    checkText(flow, "flows.check()");
    return compileFlow({ name: fileName(flow), source: flow.source }).diagnostics;
  }

  /** The current version of each flow. */
  async list(): Promise<readonly FlowInfo[]> {
    return await this.#core.retried(() => listFlows(this.#core.engine));
  }

  /**
   * The versions of a flow, the newest first.
   *
   * @param name the flow's name
   * @returns empty: there is no such flow
   */
  async versions(name: string): Promise<readonly FlowVersion[]> {
    checkArgument(name, { argument: "name", type: STORED_TEXT, where: "flows.versions()" });
    return await this.#core.retried(() => listFlowVersions(this.#core.engine, name));
  }

  /**
   * A version of a flow with what happened at its lines: how often each was waited at, for how long, and how often it failed there.
   *
   * @param name the flow's name
   * @param filter the version and the time
   * @throws {UnknownNameError} there is no such flow or version
   */
  async heat(name: string, filter: HeatFilter = {}): Promise<FlowHeat> {
    return await heat(this.#core, name, filter, new Date(this.#core.now()));
  }

  /**
   * Makes a version of a flow the one that new executions start on, until a newer deploy or a new text is registered.
   * Executions under way stay on their version.
   *
   * @param name the flow's name
   * @param version the number of the version
   * @throws {UnknownNameError} there is no such version
   */
  async setVersion(name: string, version: number): Promise<void> {
    checkArgument(name, { argument: "name", type: STORED_TEXT, where: "flows.setVersion()" });
    checkArgument(version, { argument: "version", type: COUNT, where: "flows.setVersion()" });
    await this.#core.retried(() => setFlowVersion(this.#core.engine, name, version));
  }
}

function compileAll(flows: readonly FlowText[]): (ReturnType<typeof compileFlow> & { flow: FlowText })[] {
  for (const flow of flows) checkText(flow, "flows.register()");
  const compiled = flows.map((flow) => ({
    flow,
    ...compileFlow({ name: fileName(flow), source: flow.source }),
  }));
  const broken = compiled.filter(({ program }) => program === undefined);
  if (broken.length > 0) {
    const diagnostics = broken.flatMap((one) => one.diagnostics);
    const rendered = broken.map((one) =>
      renderDiagnostics(one.diagnostics, { name: fileName(one.flow), source: one.flow.source })
    );
    throw new FlowError(broken.map(({ flow }) => flow.name), rendered.join("\n\n"), diagnostics);
  }
  return compiled;
}

function checkText(flow: FlowText, where: string): void {
  const shape = { name: TEXT, source: ANY_TEXT, path: TEXT };
  checkShape(flow, shape, { where, argument: "flow", required: ["name", "source"] });
}

function fileName(flow: FlowText): string {
  return flow.path ?? `${flow.name}.flow`;
}

function storable(name: string, source: string, program: unknown): string {
  try {
    toJson(source);
    return toJson(program);
  } catch (cause) {
    if (cause instanceof JsonError) throw new FlowNotStorableError(name, { cause });
    throw cause;
  }
}

knownErrors({ FlowError, FlowNotStorableError });
