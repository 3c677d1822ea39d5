/** Only data errors fail an execution; what passes is tried again; what waiting cannot mend ends a worker. */
import { deepStrictEqual as equal } from "node:assert/strict";
import { engineCodes } from "../../src/db/engine_errors.ts";
import { type ErrorKind, errorKind, isDataError } from "../../src/db/error_kind.ts";
import { toRhythmError } from "../../src/db/errors.ts";
import { InstallError } from "../../src/db/install_errors.ts";
import { freshDatabase } from "../support/database.ts";

function kindOf(code: string, message = "no"): ErrorKind | undefined {
  return errorKind(toRhythmError(Object.assign(new Error(message), { code }), "postgres://host/db"));
}

const kinds: Record<ErrorKind, string[]> = {
  refused: [
    "22P02",
    "22023",
    "23505",
    "23514",
    "21000",
    "54000",
    "54001",
    "P0001",
    "RH001",
    "RH002",
    "RH006",
    "RH008",
  ],
  passing: [
    ...[
      "42883",
      "42P01",
      "42703",
      "3F000",
      "25006",
      "25P03",
      "0A000",
      "57014",
      "40001",
      "40P01",
      "55P03",
      "XX000",
      "58030",
    ],
    ...[
      "53100",
      "53200",
      "53300",
      "57P01",
      "57P02",
      "57P03",
      "57P05",
      "08000",
      "08006",
      "08P01",
      "RH010",
      "RH011",
    ],
    ...[
      "EINVAL",
      "ENETDOWN",
      "EADDRNOTAVAIL",
      "EMFILE",
      "ENFILE",
      "ENOTFOUND",
      "EAI_AGAIN",
      "ECONNREFUSED",
      "ECONNRESET",
    ],
    ...["EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNABORTED", "ERR_SOCKET_CLOSED"],
    ...["CONNECTION_CLOSED", "CONNECTION_DESTROYED", "CONNECTION_ENDED", "CONNECT_TIMEOUT"],
  ],
  hopeless: ["28P01", "28000", "3D000", "42501"],
};

for (const [kind, codes] of Object.entries(kinds)) {
  Deno.test(`errorKind(): ${kind}`, () => {
    equal(
      Object.fromEntries(codes.map((code) => [code, kindOf(code)])),
      Object.fromEntries(codes.map((code) => [code, kind])),
    );
  });
}

Deno.test("errorKind() knows a schema that is newer than the library, and nothing of errors that are none of the database's", () => {
  equal(errorKind(new InstallError("DATABASE_NEWER", "no")), "hopeless");
  equal(errorKind(new TypeError("no")), undefined);
  equal(errorKind(Object.assign(new Error("no"), { code: "UNDEFINED_VALUE" })), undefined);
});

Deno.test("is_data_error() in SQL and isDataError() in TypeScript agree", async () => {
  await using test = await freshDatabase();
  const codes = [...Object.values(kinds).flat(), ...engineCodes].filter((code) => /^[0-9A-Z]{5}$/.test(code));
  const rows = await test.database.query<{ code: string; is: boolean }>(
    "select c.code, rhythm.is_data_error(c.code) as is from unnest($1::text::text[]) as c (code)",
    [`{${codes.join(",")}}`],
  );
  equal(
    Object.fromEntries(rows.map(({ code, is }) => [code, is])),
    Object.fromEntries(codes.map((code) => [code, isDataError(code)])),
  );
});
