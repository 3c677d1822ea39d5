import { HttpError } from "./respond.ts";

/**
 * Lets a request pass only with the token, as `Authorization: Bearer …`.
 *
 * @param request the request
 * @param token what it has to bring
 * @throws {HttpError} 401, when it brings nothing or something else
 */
export async function requireToken(request: Request, token: string): Promise<void> {
  const given = /^Bearer +(\S.*)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given !== undefined && await sameSecret(given, token)) return;
  throw new HttpError(
    401,
    "UNAUTHORIZED",
    given === undefined ? "Send the token as `Authorization: Bearer …`" : "This is not the right token",
  );
}

// Digests have one length and tell nothing about how far two secrets agree.
async function sameSecret(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(one), digest(other)]);
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a[index]! ^ b[index]!;
  return difference === 0;
}

async function digest(secret: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret)));
}
