import { readFileSync } from "node:fs";

/** What the driver is given: the address without what it does not know, and how to speak TLS. */
export interface SecuredUrl {
  /** The connection string. */
  url: string;
  /** Options of the TLS connection; nothing: as the address says. */
  ssl?: { rejectUnauthorized: true; host: string; ca?: string };
}

/**
 * Reads `sslmode` and `sslrootcert=FILE` of a connection string as libpq does. With `sslmode=verify-full`, or with a
 * file, the server has to show a certificate for its name: signed by an authority of the file, or else by one that
 * Deno trusts. `sslmode=require` alone encrypts without looking at the certificate.
 *
 * @param url a connection string
 * @returns what to hand to the driver
 * @throws {@linkcode TypeError} when the file cannot be read, or the mode makes no use of it
 */
export function secured(url: string): SecuredUrl {
  if (!/[?&]ssl(mode=verify-|rootcert=)/.test(url)) return { url };
  const address = new URL(url);
  const { hostname: host, searchParams } = address;
  const file = searchParams.get("sslrootcert") ?? "system";
  const mode = searchParams.get("sslmode") ?? "verify-full";
  if (mode !== "verify-full" && mode !== "verify-ca" && mode !== "require") {
    throw new TypeError(
      `sslmode=${mode} does not look at a certificate: expected sslmode=verify-full beside sslrootcert`,
    );
  }
  searchParams.delete("sslrootcert");
  searchParams.delete("sslmode");
  // The driver would name no host when it is an address, and then any certificate of the authority would do.
  const ssl = { rejectUnauthorized: true, host: host.replace(/^\[|\]$/g, "") } as const;
  return { url: address.href, ssl: file === "system" ? ssl : { ...ssl, ca: authorities(file) } };
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
