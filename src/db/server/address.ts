/** The parts of a connection string. */
export interface Address {
  /** Scheme, servers and database: what the driver may show. */
  readonly base: string;
  /** Who logs in. */
  readonly user?: string;
  /** With which password. */
  readonly password?: string;
  /** What follows `?`, without user and password. */
  readonly query: URLSearchParams;
  /** What may be printed: without password and query. */
  readonly shown: string;
}

const shape = /^(postgres(?:ql)?:\/\/)(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#@]*)?(?:\?([^#@]*))?$/;
const hostShape = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*)(?::(\d{0,5}))?$/;

/**
 * Reads a connection string. What it throws shows nothing of the string: a part of it may be the password.
 *
 * @param url the connection string
 * @throws {@linkcode TypeError} it cannot be read
 */
export function readAddress(url: string): Address {
  const found = shape.exec(url);
  const servers = (found?.[3] ?? "").split(",").map((server) => hostShape.exec(server));
  const isRight = servers.every((server) => server !== null && Number(server[2] || 5432) < 65_536);
  if (found === null || !isRight || !isEncoded(found[2] ?? "")) {
    throw unreadable();
  }
  const [, scheme, login = "", , path = "", rest = ""] = found;
  const query = new URLSearchParams(rest);
  const [user, ...secret] = login.split(":");
  const at = `${servers.map((server) => server![0]).join(",")}${path}`;
  return {
    base: `${scheme}${at}`,
    user: decodeURIComponent(user!) || taken(query, "user"),
    password: decodeURIComponent(secret.join(":")) || taken(query, "password"),
    query,
    shown: `${scheme}${user === "" ? "" : `${user}@`}${at}`,
  };
}

function taken(query: URLSearchParams, name: string): string | undefined {
  const value = query.get(name) ?? undefined;
  query.delete(name);
  return value;
}

/** What is said of an address that cannot be read. */
export function unreadable(): TypeError {
  return new TypeError(
    "the address cannot be read: expected postgres://user:password@host:port/database; " +
      "in user and password, write : as %3A, / as %2F, ? as %3F, # as %23, @ as %40, & as %26 and % as %25",
  );
}

/**
 * A connection string that may be printed: without password and query; of one that cannot be read, nothing.
 *
 * @param url the connection string
 */
export function shownAddress(url: string): string {
  try {
    return readAddress(url).shown;
  } catch {
    return "postgres://…";
  }
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
