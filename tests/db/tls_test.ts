/** Connections over TLS, to a server whose certificate for `localhost` comes from an authority of its own. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { connect } from "../../src/db/connect.ts";
import { DatabaseUnavailableError } from "../../src/db/errors.ts";
import { onEmbedded, privateCluster } from "../support/database.ts";

const authority = fixture("authority.pem");

Deno.test({
  name: "connect() over TLS",
  ignore: onEmbedded,
  fn: async (t) => {
    await using server = await secureCluster();

    await t.step("sslmode=require encrypts", async () => {
      assert.equal(await encrypted(server.url("sslmode=require")), true);
    });

    await t.step("without sslmode a server that insists on TLS refuses", async () => {
      await assert.rejects(encrypted(server.url("")), DatabaseUnavailableError);
    });

    await t.step("sslrootcert accepts a certificate of that authority", async () => {
      for (const mode of ["", "sslmode=verify-full&"]) {
        assert.equal(await encrypted(server.url(`${mode}sslrootcert=${authority}`)), true);
      }
    });

    await t.step("sslmode=verify-full refuses a certificate that nobody vouches for", async () => {
      await assert.rejects(encrypted(server.url("sslmode=verify-full")), (error) => {
        assert(error instanceof DatabaseUnavailableError, String(error));
        assert.match(error.message, /certificate|UnknownIssuer/i);
        return true;
      });
    });

    await t.step("sslrootcert refuses a certificate for another name", async () => {
      const other = server.url(`sslrootcert=${authority}`).replace("localhost", "127.0.0.2");
      await assert.rejects(encrypted(other), DatabaseUnavailableError);
    });

    await t.step("channel_binding is left out, and refused where it is required", async () => {
      assert.equal(await encrypted(server.url("sslmode=require&channel_binding=prefer")), true);
      assert.throws(
        () => connect({ url: server.url("sslmode=require&channel_binding=require") }),
        /channel_binding=require is not supported by the driver: .*sslmode=verify-full/,
      );
    });

    await t.step("a file that is not there, or a mode that ignores it, is said at once", () => {
      assert.throws(
        () => connect({ url: server.url("sslrootcert=nowhere.pem") }),
        /Cannot read the certificates of sslrootcert=nowhere\.pem/,
      );
      assert.throws(
        () => connect({ url: server.url(`sslmode=disable&sslrootcert=${authority}`) }),
        /sslmode=disable does not look at a certificate/,
      );
    });
  },
});

async function encrypted(url: string): Promise<boolean> {
  const database = connect({ url, maxConnections: 1, connectTimeoutMs: 30_000 });
  try {
    const [row] = await database.query<{ ssl: boolean }>(
      "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
    );
    return row!.ssl;
  } finally {
    await database.close();
  }
}

interface SecureCluster extends AsyncDisposable {
  url(query: string): string;
}

/** A server that talks over TLS only. */
async function secureCluster(): Promise<SecureCluster> {
  const cluster = await privateCluster(
    ["ssl = on", "listen_addresses = '127.0.0.1, 127.0.0.2'"],
    {
      "server.key": fixture("server.key"),
      "server.crt": fixture("server.pem"),
      "pg_hba.conf": fixture("pg_hba.conf"),
    },
  );
  return {
    url: (query) => `postgres://postgres@localhost:${cluster.port}/postgres?${query}`,
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/tls/${name}`, import.meta.url));
}
