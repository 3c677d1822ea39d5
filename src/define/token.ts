/** What a token may do. A viewer reads; an operator also steers what runs; a deployer also decides what runs; an admin may do everything. */
export type TokenRole = "viewer" | "operator" | "deployer" | "admin";

/** What a new token may do, and for how long. */
export interface TokenOptions {
  /** What it may do. */
  role: TokenRole;
  /** From when on it is refused. Default: never. */
  expiresAt?: Date | string;
  /** It sees no inputs, outputs, variables, logs and messages. Default: false. */
  metadataOnly?: boolean;
}

/** A token of the HTTP interface, without what one logs in with. */
export interface Token {
  /** Its number. */
  readonly id: number;
  /** What acts with it are recorded under. */
  readonly name: string;
  /** What it may do. */
  readonly role: TokenRole;
  /** Whether it sees no inputs, outputs, variables, logs and messages. */
  readonly metadataOnly: boolean;
  /** When it was made. */
  readonly createdAt: Date;
  /** Who made it. */
  readonly createdBy: string;
  /** From when on it is refused. */
  readonly expiresAt: Date | null;
  /** When it was revoked. */
  readonly revokedAt: Date | null;
  /** When it was used last, within an hour. */
  readonly usedAt: Date | null;
}
