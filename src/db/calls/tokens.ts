import { ask, type EngineRef } from "./engine_ref.ts";

/** A token as it is stored, without its hash. */
export interface StoredToken {
  /** Its number. */
  readonly id: number;
  /** Its name. */
  readonly name: string;
  /** What it may do. */
  readonly role: "viewer" | "operator" | "deployer" | "admin";
  /** Whether it sees no payloads. */
  readonly metadataOnly: boolean;
  /** When it was made. */
  readonly createdAt: Date;
  /** Who made it. */
  readonly createdBy: string;
  /** From when on it is refused. */
  readonly expiresAt: Date | null;
  /** When it was revoked. */
  readonly revokedAt: Date | null;
  /** When it was used last. */
  readonly usedAt: Date | null;
}

/** Makes a token; returns it. */
export async function createToken(
  engine: EngineRef,
  token: { name: string; role: string; expiresAt: Date | null; metadataOnly: boolean },
): Promise<string> {
  const [row] = await ask<{ token: string }>(
    engine,
    "select rhythm.create_token($1::text, $2::text, $3::text::timestamptz, $4::text::boolean) as token",
    [token.name, token.role, token.expiresAt?.toISOString() ?? null, String(token.metadataOnly)],
  );
  return row!.token;
}

/** Revokes a token; false: there is none of this name that is not revoked. */
export async function revokeToken(engine: EngineRef, name: string): Promise<boolean> {
  const [row] = await ask<{ revoked: boolean }>(engine, "select rhythm.revoke_token($1::text) as revoked", [
    name,
  ]);
  return row!.revoked;
}

/** All tokens. */
export async function listTokens(engine: EngineRef): Promise<StoredToken[]> {
  return await ask<StoredToken>(
    engine,
    `select t.id, t.name, t.role, t.metadata_only as "metadataOnly", t.created_at as "createdAt", t.created_by as "createdBy",
      t.expires_at as "expiresAt", t.revoked_at as "revokedAt", t.used_at as "usedAt"
    from rhythm.list_tokens() as t order by t.id`,
  );
}

/** Who has the token with this hash; nothing: nobody. */
export async function findToken(
  engine: EngineRef,
  hash: string,
): Promise<Pick<StoredToken, "name" | "role" | "metadataOnly"> | null> {
  type Found = { found: Pick<StoredToken, "name" | "role" | "metadataOnly"> | null };
  const [row] = await ask<Found>(engine, "select rhythm.find_token($1::text) as found", [hash]);
  return row!.found;
}
