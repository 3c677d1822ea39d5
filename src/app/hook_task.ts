import { createHmac } from "node:crypto";
import { readHookAddress } from "../db/calls/failures.ts";
import type { EngineRef } from "../db/calls/engine_ref.ts";
import { type AnyTask, NonRetryableError, task } from "../define/mod.ts";
import type { Clock } from "../runtime/clock.ts";

/** The task that calls the addresses of hooks. */
export const HOOK_TASK = "rhythm.call";

/** With what the addresses of hooks are called. */
export interface HookParts {
  /** Says when a call was signed. */
  readonly clock: Clock;
  /** Sends it. */
  readonly fetch: typeof fetch;
}

/**
 * The task of every worker that calls the addresses of hooks. The address and the secret are read when it runs, so that no
 * view and no log has them.
 *
 * @param engine where to read them
 * @param parts with what they are called
 * @returns a task that is repeated like any other
 */
export function hookTask(engine: EngineRef, { clock, fetch }: HookParts): AnyTask {
  return task({ name: HOOK_TASK }, async (body: unknown, ctx) => {
    const address = await readHookAddress(engine, ctx.executionId);
    if (address === null) return "the hook was removed";
    const text = JSON.stringify(body);
    const seconds = Math.floor(clock.now() / 1000);
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "webhook-id": ctx.executionId,
      "webhook-timestamp": String(seconds),
    };
    if (address.secret !== null) {
      const signed = createHmac("sha256", address.secret).update(`${ctx.executionId}.${seconds}.${text}`);
      headers["webhook-signature"] = `v1,${signed.digest("base64")}`;
    }
    const { status, host } = await send(fetch, address.url, {
      method: "POST",
      headers,
      body: text,
      signal: ctx.signal,
    });
    if (status >= 200 && status < 300) return { status };
    const message = `${host} answered ${status}`;
    if (status >= 400 && status < 500 && !PASSING.has(status)) throw new NonRetryableError(message);
    throw new Error(message);
  });
}

// A redirection is not followed: it could lead anywhere.
async function send(
  fetch: HookParts["fetch"],
  url: string,
  request: RequestInit,
): Promise<{ status: number; host: string }> {
  const { host } = new URL(url);
  try {
    const response = await fetch(url, { ...request, redirect: "manual" });
    await response.body?.cancel();
    return { status: response.status, host };
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    // The message of fetch has the whole address, which may contain a secret.
    throw new Error(`${host} cannot be reached`);
  }
}

const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
