import { readFileSync } from "node:fs";

/** Options of a TLS connection whose certificate is looked at. `host` is the name that it has to be for. */
export interface VerifiedTls {
  rejectUnauthorized: true;
  host: string;
  ca?: string;
}

/**
 * Takes `sslmode` and `sslrootcert=FILE` out of the query of a connection string, and reads them as libpq does. With
 * `sslmode=verify-full`, or with a file, the server has to show a certificate for its name: signed by an authority of the
 * file, or else by one that Deno trusts. `sslmode=require` alone encrypts without looking at the certificate. `channel_binding`,
 * which the driver does not have, is taken out; `require` is refused.
 *
 * @param query what stands behind `?`; loses what was read
 * @returns how to look at certificates; undefined: as the driver reads the rest
 * @throws {@linkcode TypeError} when the file cannot be read, the mode makes no use of it, or channel binding is required
 */
export function takeTls(query: URLSearchParams): VerifiedTls | undefined {
  if (query.get("channel_binding") === "require") {
    throw new TypeError(
      "channel_binding=require is not supported by the driver: take it out of the address, and use sslmode=verify-full, " +
        "which checks the server's certificate",
    );
  }
  query.delete("channel_binding"); // The server would take it for a setting of its own, and refuse it.
  const given = query.get("sslmode");
  if (!given?.startsWith("verify-") && !query.has("sslrootcert")) return undefined;
  const file = query.get("sslrootcert") ?? "system";
  const mode = given ?? "verify-full";
  if (mode !== "verify-full" && mode !== "verify-ca" && mode !== "require") {
    throw new TypeError(
      `sslmode=${mode} does not look at a certificate: expected sslmode=verify-full beside sslrootcert`,
    );
  }
  query.delete("sslrootcert");
  query.delete("sslmode");
  const tls: VerifiedTls = { rejectUnauthorized: true, host: "" };
  return file === "system" ? tls : { ...tls, ca: authorities(file) };
}

function authorities(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new TypeError(`Cannot read the certificates of sslrootcert=${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
