/** No password is shown, whatever the connection string looks like. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { placeOf } from "../../src/define/database_place.ts";
import { connect } from "../../src/db/connect.ts";
import { DatabaseUnavailableError } from "../../src/db/errors.ts";
import { readAddress, shownAddress } from "../../src/db/server/address.ts";
import { testSeed } from "../support/seed.ts";

/** Everything that an error tells to those who print it. */
function told(error: unknown): string {
  const chain: unknown[] = [];
  for (let at = error; at instanceof Error && !chain.includes(at); at = at.cause) chain.push(at);
  return [error, ...chain].map((one) => `${Deno.inspect(one)} ${one} ${(one as Error).stack}`).join("\n");
}

/** What a person may have for a password, with all that means something else in an address. */
const password = fc.string({
  unit: fc.constantFrom(..."@/:?#%&=+ []\\.,;'\"abcXYZ0123456789ä€"),
  minLength: 1,
  maxLength: 12,
}).map((text) => `s3${text}cr3t`);

/** The same, as people write it: with care, or as it is. */
const written = password.chain((secret) =>
  fc.constantFrom(secret, encodeURIComponent(secret), encodeURI(secret)).map((text) => ({ secret, text }))
);

interface Around {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly query: string;
  readonly where: "login" | "query" | "middle";
}

const around: fc.Arbitrary<Around> = fc.record({
  scheme: fc.constantFrom("postgres", "postgresql"),
  host: fc.constantFrom("127.0.0.1", "localhost", "db.example", "[::1]", "a.example,b.example", ""),
  port: fc.constantFrom("", ":1", ":99999", ":port", ":-1", ":5432,"),
  path: fc.constantFrom("", "/", "/db", "/db/x"),
  query: fc.constantFrom("", "?sslmode=require", "?application_name=a@b", "?sslmode=disable&sslrootcert=x"),
  where: fc.constantFrom("login", "query", "middle"),
});

function url({ scheme, host, port, path, query, where }: Around, text: string): string {
  const login = where === "login" ? `me:${text}@` : where === "query" ? "" : `me:${text}@me@`;
  const rest = where === "query" ? `${query}${query === "" ? "?" : "&"}password=${text}` : query;
  return `${scheme}://${login}${host}${port}${path}${rest}`;
}

Deno.test("no error shows a part of the password, whatever the address looks like", () => {
  fc.assert(
    fc.property(around, written, (parts, { secret, text }) => {
      const address = url(parts, text);
      const isShown = (out: string): boolean =>
        [secret, text, "s3", "cr3t"].some((part) => out.replaceAll(/at .*|file:.*/g, "").includes(part));
      assert.ok(!isShown(shownAddress(address)), shownAddress(address));
      let database: ReturnType<typeof connect> | undefined;
      try {
        database = connect({ url: address, maxConnections: 1 });
      } catch (error) {
        assert.ok(error instanceof DatabaseUnavailableError, String(error));
        assert.ok(!isShown(told(error)), told(error));
        return;
      }
      assert.ok(!isShown(database.url), database.url);
      const error = new DatabaseUnavailableError(database.url, { cause: new Error("no") });
      assert.ok(!isShown(told(error)), told(error));
    }),
    { seed: testSeed, numRuns: 600 },
  );
});

Deno.test("placeOf() shows no password of what is no address", () => {
  for (
    const text of [
      "me:s3@cr3t@host/db",
      "pg://me:s3cr3t@host",
      "me:s3:cr3t@host",
      "postgres:/me:s3/cr3t@host/db",
    ]
  ) {
    let thrown: unknown;
    try {
      placeOf(text);
    } catch (error) {
      thrown = error;
    }
    assert.ok(thrown instanceof Error, text);
    assert.ok(!/s3|cr3t/.test(thrown.message), thrown.message);
  }
});

Deno.test("readAddress(): what is shown is the address without password and query", () => {
  for (
    const [address, shown] of [
      ["postgres://me:secret@host:1234/db?sslmode=require", "postgres://me@host:1234/db"],
      ["postgresql://host", "postgresql://host"],
      ["postgres://me@a:1,b:2/db", "postgres://me@a:1,b:2/db"],
      ["postgres://me:p@ss@[::1]:5432/db", "postgres://me@[::1]:5432/db"],
      ["postgres://:secret@host/db", "postgres://host/db"],
    ] as const
  ) {
    assert.equal(readAddress(address).shown, shown);
  }
  const wrong = /expected postgres:\/\/user:password@host:port\/database; .*%40/;
  for (const address of ["postgres://me:a/b@host/db", "postgres://host:99999/db", "postgres://me:%@host"]) {
    assert.throws(() => readAddress(address), wrong);
    assert.equal(shownAddress(address), "postgres://…");
  }
});
