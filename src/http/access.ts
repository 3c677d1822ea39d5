import type { Clock } from "../runtime/clock.ts";
import { sameSecret } from "./secret.ts";
import { HttpError } from "./respond.ts";

/** Who calls. */
export interface Caller {
  /** The name that acts are recorded under. */
  readonly name: string;
}

/** What decides who may use the API. */
export interface AccessParts {
  /** What a caller has to bring; without it everybody who reaches the listener may call. */
  readonly token?: string;
  /** Codes that each let one browser in, once. */
  readonly links?: Set<string>;
  /** When sessions end. */
  readonly clock: Pick<Clock, "now">;
}

/**
 * Who may use the API: programs bring the token with each request, browsers bring it once and then have a session. A session
 * is a signed cookie, so that all processes with the same token know it.
 */
export class Access {
  readonly #parts: AccessParts;

  /** @param parts what decides */
  constructor(parts: AccessParts) {
    this.#parts = parts;
  }

  /**
   * Says who sends a request.
   *
   * @param request the request
   * @throws {HttpError} 401: it brings no token and no session, or wrong ones; 403: another site may have sent it
   */
  async callerOf(request: Request): Promise<Caller> {
    const { token } = this.#parts;
    if (token === undefined) return CALLER;
    const given = /^Bearer +(\S.*)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (given !== undefined) {
      if (await sameSecret(given, token)) return CALLER;
      throw new HttpError(401, "UNAUTHORIZED", "This is not the right token");
    }
    const cookie = cookieOf(request, await this.#cookieName());
    if (cookie === undefined || !await this.#isValid(cookie)) {
      throw new HttpError(401, "UNAUTHORIZED", "Send the token as `Authorization: Bearer …`");
    }
    refuseOtherSites(request);
    return CALLER;
  }

  /**
   * Begins a session.
   *
   * @param secret the token, or a code that lets one browser in once
   * @returns the value of the header `set-cookie`
   * @throws {HttpError} 401: the secret is not right
   */
  async begin(secret: { token: string } | { link: string }, place: CookiePlace): Promise<string> {
    const { token, links, clock } = this.#parts;
    const isRight = token === undefined ||
      ("token" in secret
        ? await sameSecret(secret.token.trim(), token)
        : links?.delete(secret.link) === true);
    if (!isRight) {
      const message = "token" in secret
        ? "This is not the right token"
        : "This link was used already. Enter the token";
      throw new HttpError(401, "UNAUTHORIZED", message);
    }
    const until = clock.now() + SESSION_MS;
    const value = `${until}.${await this.#signature(String(until))}`;
    return await this.#cookie(value, SESSION_MS / 1000, place);
  }

  /** Ends a session: the value of the header `set-cookie`. */
  async end(place: CookiePlace): Promise<string> {
    return await this.#cookie("", 0, place);
  }

  async #cookie(value: string, seconds: number, { path, isSecure }: CookiePlace): Promise<string> {
    const name = await this.#cookieName();
    return `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${
      isSecure ? "; Secure" : ""
    }`;
  }

  // Browsers send cookies to all ports of a host: servers with other tokens must not overwrite each other's.
  async #cookieName(): Promise<string> {
    return `rhythm_${(await this.#signature("name")).slice(0, 8)}`;
  }

  async #isValid(cookie: string): Promise<boolean> {
    const [until = "", signature = ""] = cookie.split(".");
    return Number(until) > this.#parts.clock.now() &&
      await sameSecret(signature, await this.#signature(until));
  }

  async #signature(text: string): Promise<string> {
    const bytes = new TextEncoder();
    const secret = bytes.encode(`rhythm session ${this.#parts.token ?? ""}`);
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
    const signed = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes.encode(text)));
    return Array.from(signed, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

/** Where a cookie is sent. */
export interface CookiePlace {
  /** The path below which it is sent. */
  readonly path: string;
  /** Only over HTTPS. */
  readonly isSecure: boolean;
}

/** The header that requests of pages carry. Another site cannot send it without being allowed to, which it never is. */
export const PAGE_HEADER = "x-rhythm-page";

// The cookie is SameSite=Strict. This also stops other ports of the same host, which are the same site.
function refuseOtherSites(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  const isSafe = request.method === "GET" || request.method === "HEAD";
  if (
    (site !== null && site !== "same-origin" && !(isSafe && site === "none")) ||
    (!isSafe && request.headers.get(PAGE_HEADER) === null)
  ) {
    throw new HttpError(403, "OTHER_SITE", "With a session, requests must come from the dashboard itself");
  }
}

function cookieOf(request: Request, name: string): string | undefined {
  for (const pair of (request.headers.get("cookie") ?? "").split(/; */)) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
  }
  return undefined;
}

const CALLER: Caller = { name: "token" };
const SESSION_MS = 12 * 3_600_000;
