import { describe } from "../shared/arguments.ts";
import { InvalidOptionError } from "../shared/error.ts";

/** Where the database is, and how it was decided. */
export interface DatabasePlace {
  /** A server that others reach too, or Postgres in this process. */
  readonly kind: "server" | "embedded";
  /** The URL of the server, or the directory of the data. */
  readonly at: string;
  /** The URL for notifications, if the other one leads to a pooler in transaction mode. */
  readonly listenAt?: string | undefined;
}

/**
 * Where the database is: what was said, else what the environment says, else Postgres in this process.
 *
 * @param databaseUrl what was said
 * @param options what was called, and what reads a variable
 * @returns the place
 * @throws {InvalidOptionError} it is neither a Postgres URL nor a directory
 */
export function placeOf(
  databaseUrl: string | undefined,
  options: {
    where?: string;
    environment?: (name: string) => string | undefined;
    listenUrl?: string | undefined;
  } = {},
): DatabasePlace {
  const { where = "Rhythm.init()", environment = readVariable } = options;
  const url = databaseUrl ?? environment("RHYTHM_DATABASE_URL") ?? "";
  if (url === "") return { kind: "embedded", at: ".rhythm/data" };
  if (isServer(url)) {
    const listenAt = options.listenUrl ?? (environment("RHYTHM_LISTEN_DATABASE_URL") || undefined);
    if (listenAt !== undefined && !isServer(listenAt)) {
      throw new InvalidOptionError("listenUrl", `${where}: "listenUrl" must be postgres://…`);
    }
    return { kind: "server", at: url, ...(listenAt === undefined ? {} : { listenAt }) };
  }
  if (url.startsWith("memory://")) return { kind: "embedded", at: "memory://" };
  if (url.startsWith("file://")) return { kind: "embedded", at: decodeURIComponent(new URL(url).pathname) };
  // A URL that is spelt wrong must not become the name of a new, empty database.
  if (/^(\.|\/|[a-z]:[\\/])/i.test(url)) return { kind: "embedded", at: url };
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0];
  const shown = scheme === undefined ? withoutPassword(url) : `${scheme}…`;
  throw new InvalidOptionError(
    "databaseUrl",
    `${where}: "databaseUrl" must be postgres://…, a directory for the embedded database such as ./data, ` +
      `or memory://, not ${shown}`,
  );
}

function isServer(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url);
}

// Where it is not plain which part is the password, nothing is shown.
function withoutPassword(text: string): string {
  const parts = /^([^:@/?#]*)(:[^:@/?#]*)?@([^:@/?#]+(?::\d+)?(?:\/[^@?#]*)?)$/.exec(text);
  if (parts === null) return text.includes("@") ? "…@…" : describe(text);
  return describe(`${parts[1]}${parts[2] === undefined ? "" : ":…"}@${parts[3]}`);
}

function readVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}
