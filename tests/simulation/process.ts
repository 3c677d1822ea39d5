import type { CancelTimer, Clock } from "../../src/runtime/clock.ts";
import type { Dice } from "./dice.ts";
import type { World } from "./world.ts";

/**
 * A process of this world: it has a clock, and runs until it is killed or frozen. A process that is frozen runs nothing:
 * what becomes due meanwhile comes when it is woken.
 */
export class Process {
  /** Its name in the trace. */
  readonly name: string;
  /** Its time, timers and chance. */
  readonly clock: Clock;
  /** How far its time of day is ahead of the server's, in milliseconds. */
  skewMs = 0;
  readonly #world: World;
  readonly #born: number;
  #state: "runs" | "frozen" | "dead" = "runs";
  #backlog: (() => void)[] = [];
  #onEnd: (() => void)[] = [];

  /** @param name its name @param world where it lives @param dice its chance */
  constructor(name: string, world: World, dice: Dice) {
    this.name = name;
    this.#world = world;
    this.#born = world.now;
    this.clock = clockOf(this, world, dice);
  }

  /** Whether it was not killed. */
  get lives(): boolean {
    return this.#state !== "dead";
  }

  /** Whether it runs nothing for now. */
  get isFrozen(): boolean {
    return this.#state === "frozen";
  }

  /** How long it has lived. */
  get age(): number {
    return this.#world.now - this.#born;
  }

  /** Lets something happen in this process: now, when it is woken, or never. */
  deliver(call: () => void): void {
    if (this.#state === "runs") call();
    else if (this.#state === "frozen") this.#backlog.push(call);
  }

  /** Freezes it. */
  freeze(): void {
    if (this.#state === "runs") this.#state = "frozen";
  }

  /** Wakes it. */
  wake(): void {
    if (this.#state !== "frozen") return;
    this.#state = "runs";
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const call of backlog) this.#world.after(0, () => this.deliver(call));
  }

  /** Ends it without a word. */
  kill(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#backlog = [];
    for (const call of this.#onEnd) call();
  }

  /** Calls when the process is killed. */
  onKill(call: () => void): void {
    this.#onEnd.push(call);
  }
}

function clockOf(process: Process, world: World, dice: Dice): Clock {
  const after = (ms: number, call: () => void, options?: { readonly background?: boolean }): CancelTimer => {
    const isQuiet = options?.background === true;
    return world.at(world.now + Math.max(0, ms), () => process.deliver(call), isQuiet);
  };
  const randomBytes = (bytes: Uint8Array): void => {
    for (let index = 0; index < bytes.length; index++) bytes[index] = dice.whole(0, 255);
  };
  return {
    now: () => Math.floor(world.now + process.skewMs),
    monotonic: () => world.elapsed,
    after,
    nextTurn: (call) => void after(0, call),
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    random: () => dice.next(),
    randomBytes,
    uuid: () => {
      const bytes = new Uint8Array(16);
      randomBytes(bytes);
      const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${
        hex.slice(20)
      }`;
    },
  };
}
