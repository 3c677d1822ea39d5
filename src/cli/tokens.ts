import type { TokenRole } from "../define/mod.ts";
import { systemClock } from "../runtime/clock.ts";
import { durationMs } from "../shared/duration.ts";
import type { Call, CommonOptions } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { tellTime } from "./format.ts";
import { openSession } from "./session.ts";
import { table } from "./table.ts";

/** What a token may do, as flags say it. */
export interface TokenFlags extends CommonOptions {
  role: TokenRole;
  expires?: string;
  metadataOnly?: boolean;
}

/** Lists tokens. */
export async function listTokens({ options, terminal, json }: Call): Promise<void> {
  await using session = await openSession(options);
  const tokens = await session.tokens.list();
  if (json) return terminal.print(JSON.stringify({ tokens }));
  if (tokens.length === 0) {
    return terminal.say("there are no tokens but the shared one: rhythm token create ada --role operator");
  }
  const rows = tokens.map((token) => [
    token.name,
    `${token.role}${token.metadataOnly ? ", metadata only" : ""}`,
    token.revokedAt !== null ? "revoked" : isOver(token.expiresAt) ? "expired" : "good",
    token.expiresAt === null ? "never" : tellTime(token.expiresAt),
    token.usedAt === null ? "never" : tellTime(token.usedAt),
    tellTime(token.createdAt),
    token.createdBy,
  ]);
  const head = ["token", "role", "state", "expires", "used", "made", "by"];
  terminal.print(table(rows, { head, flexible: [0, 6], optional: [6, 5] }, terminal));
}

function isOver(at: Date | null): boolean {
  return at !== null && at.getTime() <= systemClock.now();
}

/** Makes a token. */
export async function createToken({ options, terminal, args, json }: Call<TokenFlags>): Promise<void> {
  const { role, expires, metadataOnly } = options;
  await using session = await openSession(options);
  const token = await session.tokens.create(args[0]!, {
    role,
    ...(expires !== undefined && { expiresAt: new Date(systemClock.now() + durationMs(expires)) }),
    ...(metadataOnly !== undefined && { metadataOnly }),
  });
  if (json) return terminal.print(JSON.stringify({ token }));
  terminal.print(token);
  terminal.say("it is not stored and cannot be shown again");
}

/** Revokes a token. */
export async function revokeToken({ options, terminal, args, json }: Call): Promise<number> {
  await using session = await openSession(options);
  const name = args[0]!;
  const revoked = await session.tokens.revoke(name);
  const words = revoked ? `${name} is revoked, and refused within five seconds` : `there is no token ${name}`;
  terminal.print(json ? JSON.stringify({ name, revoked }) : words);
  return revoked ? EXIT.ok : EXIT.no;
}
