import { type JsonObject, toJson } from "../shared/json.ts";
import {
  checkArgument,
  checkStartOptions,
  engineOptions,
  type ExecutionRef,
  type ExecutionType,
  NAME,
  type Shape,
  type StartOptions,
} from "../define/mod.ts";
import { InvalidIdError } from "./errors.ts";

/** A request to start an execution. */
export interface StartRequest {
  /** A task or a workflow. */
  readonly type: ExecutionType;
  /** The task's or flow's name. */
  readonly target: string;
  /** What it is started with. */
  readonly inputs: unknown;
  /** How. */
  readonly options: StartOptions;
  /** The trace it belongs to. */
  readonly traceparent?: string | undefined;
  /** Whether its end must be notified. */
  readonly notifyOnEnd?: boolean;
}

/** A start in two parts, each JSON text. */
export interface Element {
  /** All but its inputs: an object. */
  readonly head: string;
  /** Its inputs. */
  readonly inputs: string;
}

/**
 * A start as `create_many()` takes it. Everything that can be wrong without asking the database is found here.
 *
 * @param request what to start
 * @param where what was called, for the sentences
 * @param also what else the caller could give beside the options
 * @returns its parts, as JSON text
 */
export function toCreate(request: StartRequest, where: string, also?: Shape): Element {
  const { type, target, options, traceparent, notifyOnEnd } = request;
  checkStartOptions(options, where, also);
  checkArgument(target, { argument: "target", type: NAME, where });
  const named: JsonObject = { type, target, ...engineOptions(options, "start") };
  if (traceparent !== undefined) named.traceparent = traceparent;
  if (notifyOnEnd === true) named.notify_on_end = true;
  return { head: JSON.stringify(named), inputs: inputsText(request, request.inputs) };
}

/** The inputs of a start as JSON text. */
export function inputsText({ type, target }: Pick<StartRequest, "type" | "target">, inputs: unknown): string {
  return inputs === undefined ? "{}" : toJson(inputs, { what: `inputs of ${type} "${target}"` });
}

/**
 * Starts as the array that `create_many()` takes. What all have in common is written once.
 *
 * @param elements at least one start
 * @returns JSON text
 */
export function requestsText(elements: readonly Element[]): string {
  const [first] = elements;
  const isAlike = elements.length > 1 && elements.every(({ head }) => head === first!.head);
  if (isAlike) {
    return `[${withMember(first!.head, "each", `[${elements.map(({ inputs }) => inputs).join()}]`)}]`;
  }
  return `[${elements.map(({ head, inputs }) => withMember(head, "inputs", inputs)).join()}]`;
}

function withMember(object: string, name: string, value: string): string {
  return `${object.slice(0, -1)},"${name}":${value}}`;
}

/** Whether an execution may already have the key of a start. */
export function isKeyed({ idempotencyKey, unique, debounce, throttle }: StartOptions): boolean {
  return [idempotencyKey, unique, debounce, throttle].some((one) => one !== undefined);
}

/** The id of an execution that was given as itself or as its id. */
export function idOf(ref: ExecutionRef): string {
  const id = typeof ref === "string" ? ref : ref?.id;
  if (typeof id === "string" && UUID.test(id)) return id;
  throw new InvalidIdError(id ?? ref);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
