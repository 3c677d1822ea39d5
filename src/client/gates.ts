import { listGates, removeGate, setGate } from "../db/calls/gates.ts";
import {
  ANY_STORED_TEXT,
  type ArgumentType,
  checkArgument,
  checkShape,
  EXECUTION,
  type Gate,
  type GateCondition,
  type GateOptions,
  InvalidOptionError,
  NAME,
  OBJECT,
  type Shape,
  VARIABLES,
} from "../define/mod.ts";
import { toJson } from "../shared/json.ts";
import type { ClientCore } from "./core.ts";
import { idOf } from "./request.ts";

const NUMBER: ArgumentType = { kind: "number", from: 1, to: 2 ** 31 - 1, whole: true };
const GATE: Shape = {
  line: NUMBER,
  before: NAME,
  when: OBJECT,
  version: NUMBER,
  note: ANY_STORED_TEXT,
  by: ANY_STORED_TEXT,
};
const WHEN: Shape = { variables: VARIABLES, metadata: OBJECT, queue: NAME, parent: EXECUTION };

/** Gates: where executions stop until somebody lets them on with `executions.resume()` or `edit()`, or the gate is removed. */
export class Gates {
  readonly #core: ClientCore;

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /**
   * Sets a gate: in a line of a flow, or before a task that it starts. It needs no worker, and holds for what is under way, too.
   *
   * @param flow the flow
   * @param options the line or the task, and which executions
   * @returns the number of the gate
   * @throws {UnknownNameError} there is no such flow or version
   *
   * @example Look at one order before it is charged
   * ```ts
   * import { Rhythm } from "@rhythm/core";
   *
   * async function main(): Promise<void> {
   *   await using rhythm = await Rhythm.init();
   *   const gate = await rhythm.gates.set("order", { before: "charge", when: { metadata: { customer: "ada" } } });
   *   // … look at it, change it, and then:
   *   await rhythm.gates.remove(gate);
   * }
   * ```
   */
  async set(flow: string, options: GateOptions): Promise<number> {
    const where = "gates.set()";
    checkArgument(flow, { argument: "flow", type: NAME, where });
    checkShape(options, GATE, { where });
    const { line = null, before = null, when = {}, version = null, note = null, by = null } = options;
    if ((line === null) === (before === null)) {
      throw new InvalidOptionError("line", `${where}: a gate needs either "line" or "before"`);
    }
    checkShape(when, WHEN, { where, argument: "when" });
    const { parent, ...same } = when;
    const condition = toJson({ ...same, ...(parent !== undefined && { parent: idOf(parent) }) }, {
      what: "when",
    });
    return await this.#core.retried(() =>
      setGate(this.#core.engine, { flow, line, before, condition, version, note, by })
    );
  }

  /** All gates, with how many executions stand at each. */
  async list(): Promise<readonly Gate[]> {
    const gates = await this.#core.retried(() => listGates(this.#core.engine));
    return gates.map((one) => ({ ...one, when: one.when as GateCondition }));
  }

  /** Removes a gate; what stands there goes on. False: there is none of this number. */
  async remove(gate: number): Promise<boolean> {
    checkArgument(gate, { argument: "gate", type: NUMBER, where: "gates.remove()" });
    return await this.#core.retried(() => removeGate(this.#core.engine, gate));
  }
}
