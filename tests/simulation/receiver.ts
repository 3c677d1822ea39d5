import { createHmac } from "node:crypto";
import type { Dice } from "./dice.ts";
import type { Ledger } from "./ledger.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** The address that a hook calls, and the secret that it signs with. */
export const ADDRESS = { url: "https://receiver.example/failures", secret: "simulated" };

/** Somebody's server, which is called when something fails. It is slow, away or in trouble now and then. */
export class Receiver {
  readonly #parts: { readonly world: World; readonly dice: Dice; readonly ledger: Ledger };

  /** @param parts where it is, its chance, and where it notes what it took */
  constructor(parts: { world: World; dice: Dice; ledger: Ledger }) {
    this.#parts = parts;
  }

  /** Calls it from a process. */
  fetchFrom({ clock }: Process): typeof fetch {
    return async (url, request) => {
      const { world, dice, ledger } = this.#parts;
      const headers = new Headers(request?.headers);
      const id = headers.get("webhook-id")!;
      const fate = dice.weighted<number | "lost before" | "lost after">([
        ...[[6, 200], [2, 503], [1, 404]] as const,
        ...[[1, "lost before"], [1, "lost after"]] as const,
      ]);
      world.tell(`call of ${url} for ${id}: ${fate}`);
      await clock.sleep(dice.between(1, 300));
      if (fate === "lost before") throw new TypeError("connection refused");
      const signed = `${id}.${headers.get("webhook-timestamp")}.${request?.body}`;
      const signature = createHmac("sha256", ADDRESS.secret).update(signed).digest("base64");
      if (url !== ADDRESS.url || headers.get("webhook-signature") !== `v1,${signature}`) {
        world.fail(new Error(`a call for ${id} has a wrong address or signature`));
      }
      if (fate === 200 || fate === "lost after") ledger.taken.add(id);
      if (fate === "lost after") throw new TypeError("connection reset");
      return new Response(null, { status: fate });
    };
  }
}
