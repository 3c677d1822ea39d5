/**
 * The words of snapshot format 2.
 *
 * A snapshot is `{ v, p, t, s, h, m, o, j, u, g, c, b }`: format, program, time and chance, shapes (lists of keys), heap, fibre of
 * the body, pending operations (id and promise), jobs, unhandled rejections, `Inputs` and `Context`, reason of cancellation, budget.
 * Time and chance are the step, its moment, the place of the next id, and how many random numbers were drawn. The budget is the
 * number of instructions that a paused step has left. Values are JSON's own, or
 * arrays: `[]` is `undefined`, `[n]` is heap object n, `["…", …]` is what JSON has no word for. Objects keep the order of their keys
 * because no JSON object stands for one, so a store that sorts keys does no harm.
 *
 * @module
 */

/** The number of the format that this library writes. */
export const SNAPSHOT_FORMAT = 2;

/** The first number of a heap entry: what it is. */
export const Kind = {
  /** shape, values */
  object: 0,
  /** values */
  array: 1,
  /** value */
  box: 2,
  /** index, captures */
  function: 3,
  /** index, name, captures */
  namedFunction: 4,
  /** id */
  native: 5,
  /** id, data */
  bound: 6,
  /** name */
  namespace: 7,
  /** kind, hidden, props, trace, and the origin if there is one */
  error: 8,
  /** source, flags, lastIndex */
  regexp: 9,
  /** keys and values */
  map: 10,
  /** values */
  set: 11,
  /** time */
  date: 12,
  /** source, mode, index, done, subject, entries left */
  iterator: 13,
  /** state, value, handled, id, reactions */
  promise: 14,
  /** function, promise, pc, awaited, registers */
  fibre: 15,
  /** kind, promise, keys, remaining, values */
  combinator: 16,
  /** reason */
  cancellation: 17,
  /** shape, values */
  bare: 18,
  /** shape, values of the shape, elements */
  match: 19,
} as const;

/** The first member of a reaction. */
export const ReactionKind = { await: 0, then: 1, finally: 2, pass: 3, resolve: 4, element: 5 } as const;

/** Promise states by number. */
export const STATES = ["pending", "fulfilled", "rejected"] as const;
