import type { RetryPolicy, SqlTag } from "../define/mod.ts";
import type { JsonObject } from "../shared/json.ts";

/** One call of one step. */
export interface StepCall<T = unknown> {
  /** The step's name, with its key. */
  readonly name: string;
  /** When and how often a failed attempt is made again. */
  readonly retry?: RetryPolicy | number | undefined;
  /** Whether the function gets the transaction that saves its result. */
  readonly transactional: boolean;
  /** What the workflow is found by once it has ended. */
  readonly variables?: JsonObject;
  /** What it answers: the wait that took the question, and a value or an error. */
  readonly answer?: JsonObject;
  /** Calls the function; with the transaction, if it is transactional. */
  readonly run: (sql: SqlTag | undefined) => T | Promise<T>;
}
