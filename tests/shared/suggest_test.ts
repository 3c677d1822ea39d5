import { strictEqual as same } from "node:assert/strict";
import { didYouMean, nearest } from "../../src/define/mod.ts";

Deno.test("nearest() finds the word that was meant, across spelling habits", () => {
  const words = ["maxAttempts", "backoff", "initial", "queue"];
  same(nearest("max_attempts", words), "maxAttempts");
  same(nearest("bakcoff", words), "backoff");
  same(nearest("Queue", words), "queue");
  same(nearest("initail", words), "initial");
  same(nearest("zebra", words), undefined);
  same(nearest("x", []), undefined);
});

Deno.test("didYouMean() is empty when nothing is near", () => {
  same(didYouMean("send_emial", ["send_email"]), ' Did you mean "send_email"?');
  same(didYouMean("pay", ["send_email"]), "");
});
