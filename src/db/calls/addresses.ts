import type { JsonValue } from "../../shared/json.ts";
import { ask, type EngineRef, intervalText } from "./engine_ref.ts";

/** What the address of a signal is for, and whether it can be used. */
export interface SignalAddress {
  /** Whether it can be used, or what came of using it. */
  readonly status: "open" | "sent" | "wrong" | "used" | "expired" | "over" | "invalid";
  /** Why it cannot be used, or what came of using it. */
  readonly message: string | null;
  /** The place in the payload that is wrong. */
  readonly path?: string;
  /** The name of the signal. */
  readonly name?: string;
  /** The name of the flow. */
  readonly target?: string | null;
  /** Until when it can be used. */
  readonly expiresAt?: string;
  /** How often it can be used. Null: as often as one likes. */
  readonly usesLeft?: number | null;
  /** The JSON Schema that the payload must match. */
  readonly form?: JsonValue;
}

/** Makes the part of an address that is signed; the form is JSON text. */
export async function signalToken(
  engine: EngineRef,
  wait: { id: string; name: string; expiresMs: number; uses: number | null; form: string | null },
): Promise<string> {
  const [row] = await ask<{ token: string }>(
    engine,
    `select rhythm.signal_token($1::text::uuid, $2::text, $3::text::interval, $4::text::integer, $5::text::jsonb) as token`,
    [wait.id, wait.name, intervalText(wait.expiresMs), wait.uses?.toString() ?? null, wait.form],
  );
  return row!.token;
}

/** What an address is for. */
export async function readAddress(engine: EngineRef, token: string): Promise<SignalAddress> {
  const [row] = await ask<{ address: SignalAddress }>(
    engine,
    "select rhythm.read_address($1::text) as address",
    [token],
  );
  return row!.address;
}

/** Sends the signal of an address; the payload is JSON text. */
export async function useAddress(engine: EngineRef, token: string, payload: string): Promise<SignalAddress> {
  const [row] = await ask<{ address: SignalAddress }>(
    engine,
    "select rhythm.use_address($1::text, $2::text::jsonb) as address",
    [token, payload],
  );
  return row!.address;
}
