import { createToken, listTokens, revokeToken } from "../db/calls/tokens.ts";
import {
  type ArgumentType,
  BOOLEAN,
  checkArgument,
  checkShape,
  InvalidOptionError,
  MOMENT,
  NAME,
  type Shape,
  type Token,
  type TokenOptions,
} from "../define/mod.ts";
import type { ClientCore } from "./core.ts";

const ROLE: ArgumentType = { kind: "choice", values: ["viewer", "operator", "deployer", "admin"] };
const OPTIONS: Shape = { role: ROLE, expiresAt: MOMENT, metadataOnly: BOOLEAN };

/** Tokens of the HTTP interface and the dashboard. Only the owner of the installation may make them. */
export class Tokens {
  readonly #core: ClientCore;

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /**
   * Makes a token. It is not stored and cannot be read again.
   *
   * @param name what acts with it are recorded under
   * @param options what it may do, and for how long
   * @returns the token
   * @throws {ExecutionStateError} there is a token of this name that is not revoked
   *
   * @example A token for those who answer customers
   * ```ts
   * import { Rhythm } from "@rhythm/core";
   *
   * async function main(): Promise<void> {
   *   await using rhythm = await Rhythm.init();
   *   console.log(await rhythm.tokens.create("support", { role: "operator", metadataOnly: true }));
   * }
   * ```
   */
  async create(name: string, options: TokenOptions): Promise<string> {
    const where = "tokens.create()";
    checkArgument(name, { argument: "name", type: NAME, where });
    checkShape(options, OPTIONS, { where });
    const { role, expiresAt = null, metadataOnly = false } = options;
    if (role === undefined) {
      throw new InvalidOptionError(
        "role",
        `${where}: a token needs a "role": viewer, operator, deployer or admin`,
      );
    }
    // Not again after a lost answer: then a token would be there that nobody has.
    const until = expiresAt === null ? null : new Date(expiresAt);
    return await createToken(this.#core.engine, { name, role, expiresAt: until, metadataOnly });
  }

  /** All tokens, without what one logs in with. */
  async list(): Promise<readonly Token[]> {
    return await this.#core.retried(() => listTokens(this.#core.engine));
  }

  /**
   * Revokes a token. All processes refuse it within five seconds, and end the sessions that began with it.
   *
   * @param name its name
   * @returns false if there is no token of this name that is not revoked
   */
  async revoke(name: string): Promise<boolean> {
    checkArgument(name, { argument: "name", type: NAME, where: "tokens.revoke()" });
    return await this.#core.retried(() => revokeToken(this.#core.engine, name));
  }
}
