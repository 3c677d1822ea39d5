/**
 * What a generated program has in scope at the place where the generator stands.
 *
 * @module
 */

import type { Dice } from "./dice.ts";

/**
 * What an expression gives. `x` anything · `p` primitive · `n` number · `s` string · `b` boolean · `a` array ·
 * `o` object · `m` Map · `t` Set · `d` Date · `e` Error · `r` RegExp · `P` a promise that is fulfilled ·
 * `Q` a promise that may be rejected.
 */
export type Kind = "x" | "p" | "n" | "s" | "b" | "a" | "o" | "m" | "t" | "d" | "e" | "r" | "P" | "Q";

/** A variable the program may use. */
export interface Variable {
  readonly name: string;
  readonly kind: Kind;
  readonly constant: boolean;
}

/** A function the program may call. */
export interface Callable {
  readonly name: string;
  readonly parameters: number;
  readonly asynchronous: boolean;
  /** May throw, or reject: called only where that is caught. */
  readonly throws: boolean;
}

/** A place that `break` or `continue` can name. */
export interface Label {
  readonly name: string;
  readonly loop: boolean;
}

/** The generator's position: scopes, and what is allowed here. */
export class Scope {
  readonly dice: Dice;
  variables: Variable[] = [];
  callables: Callable[] = [];
  labels: Label[] = [];
  /** `await` is allowed. */
  asynchronous = true;
  /** A throw here is caught by something. */
  guarded = false;
  /** Inside a loop of this function. */
  loop = false;
  /** Inside a loop or a switch of this function. */
  breakable = false;
  /** Inside a callback whose number of calls JavaScript does not fix. */
  pure = false;
  /** Nesting of statements. */
  depth = 0;
  #names = { count: 0 };

  constructor(dice: Dice) {
    this.dice = dice;
  }

  /** A name not used before in this program. */
  fresh(prefix: string): string {
    return `${prefix}${this.#names.count++}`;
  }

  /** The same position with some of its rules changed; declarations made inside do not leak out. */
  enter(
    changes: Partial<Pick<Scope, "asynchronous" | "guarded" | "loop" | "breakable" | "pure" | "labels">>,
  ): Scope {
    const inner = new Scope(this.dice);
    Object.assign(inner, {
      asynchronous: this.asynchronous,
      guarded: this.guarded,
      loop: this.loop,
      breakable: this.breakable,
      pure: this.pure,
      labels: this.labels,
      depth: this.depth + 1,
      ...changes,
    });
    inner.variables = [...this.variables];
    inner.callables = [...this.callables];
    inner.#names = this.#names;
    return inner;
  }

  /** Make a variable known from here on. */
  declare(name: string, kind: Kind, options: { constant: boolean }): void {
    this.variables.push({ name, kind, constant: options.constant });
  }

  /** Make a variable unknown from here on, because another one of its name hides it. */
  forget(name: string): void {
    this.variables = this.variables.filter((one) => one.name !== name);
  }

  /** A variable that has one of these kinds. */
  variable(kinds: readonly Kind[], options: { assignable?: boolean } = {}): Variable | undefined {
    const fitting = this.variables.filter((one) =>
      kinds.includes(one.kind) && !(options.assignable && one.constant)
    );
    return fitting.length === 0 ? undefined : this.dice.pick(fitting);
  }

  /** A function that may be called here, and gives a value (not a promise). */
  callable(options: { asynchronous: boolean; throws: boolean }): Callable | undefined {
    const fitting = this.callables.filter((one) =>
      one.asynchronous === options.asynchronous && one.throws === options.throws
    );
    return fitting.length === 0 || this.pure ? undefined : this.dice.pick(fitting);
  }
}
