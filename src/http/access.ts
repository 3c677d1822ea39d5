import type { Clock } from "../runtime/clock.ts";
import type { Role } from "./rights.ts";
import { digestOf, sameSecret } from "./secret.ts";
import { HttpError } from "./respond.ts";

/** Who calls. */
export interface Caller {
  /** The name that acts are recorded under. */
  readonly name: string;
  /** What it may do. */
  readonly role: Role;
  /** Whether it may not see inputs, outputs, variables, logs and messages. */
  readonly metadataOnly: boolean;
  /** A browser, or a program. */
  readonly through: "session" | "token";
}

/** A token of the database. */
export type FoundToken = Pick<Caller, "name" | "role" | "metadataOnly">;

/** What decides who may use the API. */
export interface AccessParts {
  /** A token that may do everything; without it everybody who reaches the listener may. */
  readonly token?: string;
  /** Looks up a token of the database by its SHA-256 hash; nothing: there is none, it has expired or was revoked. */
  readonly findToken?: (hash: string) => Promise<FoundToken | null>;
  /** Codes that each let one browser in, once. */
  readonly links?: Set<string>;
  /** When sessions end. */
  readonly clock: Pick<Clock, "now" | "monotonic">;
}

/**
 * Who may use the API: programs bring a token with each request, browsers bring it once and then have a session. A session
 * is a signed cookie, so that all processes with the same shared token know it. It names the hash of the token that it began with, and
 * ends with that token.
 */
export class Access {
  readonly #parts: AccessParts;
  readonly #found = new Map<string, { readonly at: number; readonly token: Promise<FoundToken | null> }>();

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
    if (this.#parts.token === undefined) return { ...EVERYTHING, through: "token" };
    const given = /^Bearer +(\S.*)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (given !== undefined) {
      const { found } = await this.#look(given);
      if (found === null) throw new HttpError(401, "UNAUTHORIZED", WRONG);
      return { ...found, through: "token" };
    }
    const cookie = cookieOf(request, await this.#cookieName());
    const found = cookie === undefined ? null : await this.#ofSession(cookie);
    if (found === null) {
      throw new HttpError(401, "UNAUTHORIZED", "Send the token as `Authorization: Bearer …`");
    }
    refuseOtherSites(request);
    return { ...found, through: "session" };
  }

  /**
   * Begins a session.
   *
   * @param secret a token, or a code that lets one browser in once
   * @returns the value of the header `set-cookie`
   * @throws {HttpError} 401: the secret is not right
   */
  async begin(secret: { token: string } | { link: string }, place: CookiePlace): Promise<string> {
    const { token, links, clock } = this.#parts;
    let hash = "";
    if ("link" in secret) {
      if (token !== undefined && links?.delete(secret.link) !== true) {
        throw new HttpError(401, "UNAUTHORIZED", "This link was used already. Enter the token");
      }
    } else if (token !== undefined) {
      const looked = await this.#look(secret.token.trim());
      if (looked.found === null) throw new HttpError(401, "UNAUTHORIZED", WRONG);
      hash = looked.hash;
    }
    const said = `${clock.now() + SESSION_MS}.${hash}`;
    return await this.#cookie(`${said}.${await this.#signature(said)}`, SESSION_MS / 1000, place);
  }

  /** Whether a request would still be of the same caller. A database that does not answer says nothing of that. */
  async isStill(caller: Caller, request: Request): Promise<boolean> {
    try {
      const { name, role, metadataOnly } = await this.callerOf(request);
      return name === caller.name && role === caller.role && metadataOnly === caller.metadataOnly;
    } catch (error) {
      return !(error instanceof HttpError);
    }
  }

  /** A token was revoked: all are looked up again. */
  forget(): void {
    this.#found.clear();
  }

  /** Ends a session: the value of the header `set-cookie`. */
  async end(place: CookiePlace): Promise<string> {
    return await this.#cookie("", 0, place);
  }

  // The hash is empty for the shared token, which is not in the database.
  async #look(given: string): Promise<{ found: FoundToken | null; hash: string }> {
    if (await sameSecret(given, this.#parts.token!)) return { found: EVERYTHING, hash: "" };
    if (!FORM.test(given)) return { found: null, hash: "" };
    const hash = await digestOf(given);
    return { found: await this.#byHash(hash), hash };
  }

  // A token that was revoked is refused once this is forgotten. Those that do not exist are remembered, too.
  async #byHash(hash: string): Promise<FoundToken | null> {
    const now = this.#parts.clock.monotonic();
    for (const [known, { at }] of this.#found) {
      if (now - at < MEMORY_MS && this.#found.size < MOST_KNOWN) break;
      this.#found.delete(known);
    }
    const known = this.#found.get(hash);
    if (known !== undefined) return await known.token;
    const token = this.#parts.findToken?.(hash) ?? Promise.resolve(null);
    this.#found.set(hash, { at: now, token });
    try {
      return await token;
    } catch (error) {
      this.#found.delete(hash);
      throw error;
    }
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

  async #ofSession(cookie: string): Promise<FoundToken | null> {
    const [until = "", hash = "", signature = ""] = cookie.split(".");
    if (
      !(Number(until) > this.#parts.clock.now()) ||
      !await sameSecret(signature, await this.#signature(`${until}.${hash}`))
    ) return null;
    return hash === "" ? EVERYTHING : await this.#byHash(hash);
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

/** The name of a caller with the token that the process was given. No token of the database can have it. */
export const SHARED = "shared token";

const EVERYTHING: FoundToken = { name: SHARED, role: "admin", metadataOnly: false };
const FORM = /^rhythm_[0-9a-f]{64}$/;
const WRONG = "This is not the right token, or it has expired or was revoked";
const SESSION_MS = 12 * 3_600_000;
const MEMORY_MS = 5_000;
const MOST_KNOWN = 1_000;
