import { match, strictEqual as same } from "node:assert/strict";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { Output, start } from "../cli/support.ts";

Deno.test({
  name: "rhythm dashboard serves the pages and what they show, without a worker, until it is stopped",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase();
    const child = start(["dashboard", "--port", "0"], {
      env: { RHYTHM_DATABASE_URL: database.url, RHYTHM_TOKEN: "a secret" },
    });
    const [out, err] = [new Output(child.stdout), new Output(child.stderr)];
    try {
      await out.until(/http:\/\/127\.0\.0\.1:\d+/);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(out.text)![0];
      const get = async (path: string): Promise<string> => {
        const response = await fetch(`${url}${path}`, { headers: { authorization: "Bearer a secret" } });
        same(response.status, 200, path);
        return await response.text();
      };
      match(await get("/"), /<title>Rhythm<\/title>/);
      same(JSON.parse(await get("/api/pages/pulse")).workers, 0);
      same(JSON.parse(await get("/api/pages/executions?status=failed")).rows.length, 0);
      same(out.text.includes("a secret"), false);
    } finally {
      child.kill("SIGINT");
      await child.stdin.close();
    }
    const { code } = await child.status;
    await Promise.all([out.end(), err.end()]);
    same(code, 0, err.text);
  },
});
