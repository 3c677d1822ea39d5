import { Namespace } from "../vm/value.ts";
import { natives } from "./define.ts";

/** `crypto`: only what needs no secrets. */
export const crypto: Namespace = new Namespace(
  "Crypto",
  natives("crypto", { randomUUID: [0, (vm) => vm.newId()] }),
  new Set(["getRandomValues", "subtle"]),
);
