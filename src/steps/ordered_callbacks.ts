/** A place in the order. */
export interface CallbackPlace {
  /** Does something; if it fails, the place is given back. */
  through(work: () => Promise<void>): Promise<void>;
  /** Calls back when everyone before has been called or is gone. */
  call(back: () => void): void;
  /** Leaves the queue. */
  giveBack(): void;
}

/** Calls back in the order in which places were taken, however long each takes to be ready. */
export class OrderedCallbacks {
  #queue: { back: (() => void) | undefined; isGone: boolean }[] = [];

  /** Takes a place. */
  take(): CallbackPlace {
    const place: { back: (() => void) | undefined; isGone: boolean } = { back: undefined, isGone: false };
    this.#queue.push(place);
    const giveBack = (): void => {
      place.isGone = true;
      this.#move();
    };
    return {
      giveBack,
      call: (back) => {
        place.back = back;
        this.#move();
      },
      through: async (work) => {
        try {
          await work();
        } catch (error) {
          giveBack();
          throw error;
        }
      },
    };
  }

  #move(): void {
    while (this.#queue.length > 0) {
      const { back, isGone } = this.#queue[0]!;
      if (back === undefined && !isGone) return;
      this.#queue.shift();
      if (!isGone) back!();
    }
  }
}
