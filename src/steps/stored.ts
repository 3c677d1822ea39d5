/**
 * What becomes of a value that is stored as JSON: what code gets from a step, in its first run and in every replay.
 * A `Date` is a text then, and methods are gone.
 */
export type Stored<T> = 0 extends 1 & T ? T
  : T extends { toJSON(): infer Json } ? Stored<Json>
  : T extends (...args: never[]) => unknown ? never
  : T extends object ? { [Key in keyof T]: Stored<T[Key]> }
  : T;
