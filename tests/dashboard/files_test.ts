import { match, ok, strictEqual as same } from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { dashboardFile } from "../../src/dashboard/mod.ts";
import { files, firstParts, laterParts } from "../../src/dashboard/files_gen.ts";

function ask(path: string, init: RequestInit = {}): Response | undefined {
  return dashboardFile(new Request(`http://host${path}`, init), { path, basePath: "" });
}

Deno.test("the first page has at most 60 kB over the wire", async () => {
  let bytes = (await ask("/")!.arrayBuffer()).byteLength;
  for (const { path } of [...Object.values(files), ...firstParts]) {
    const response = ask(`/${path}`, { headers: { "accept-encoding": "gzip, br" } })!;
    same(response.headers.get("content-encoding"), "gzip");
    match(response.headers.get("cache-control")!, /immutable/);
    bytes += (await response.arrayBuffer()).byteLength;
  }
  ok(bytes <= 60_000, `${bytes} bytes`);
});

Deno.test("screens that are loaded when they are opened are served as the first page is", async () => {
  ok(laterParts.length > 0);
  for (const { path } of laterParts) {
    const response = ask(`/${path}`)!;
    match(response.headers.get("content-type")!, /^text\/javascript/);
    const text = await response.text();
    // What it imports is a file, too; the page itself is loaded under its own name.
    for (const [, name] of text.matchAll(/(?:from|import\()"\.\/([^"]+)"/g)) {
      ok(ask(`/assets/${name}`), name!);
    }
  }
});

Deno.test("files are given without compression to who cannot undo it", async () => {
  const { path, gzip } = files.page;
  const plain = gunzipSync(Uint8Array.from(atob(gzip), (character) => character.charCodeAt(0)));
  same(await ask(`/${path}`)!.text(), new TextDecoder().decode(plain));
});

Deno.test("the page allows no script, style or address from elsewhere, and names its files below its path", async () => {
  const request = new Request("http://host/rhythm/executions/1");
  const page = dashboardFile(request, { path: "/executions/1", basePath: "/rhythm" })!;
  const policy = page.headers.get("content-security-policy")!;
  match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
  ok(!/unsafe|https?:|\*/.test(policy));
  const html = await page.text();
  match(html, /<base href="\/rhythm\/">/);
  ok(!/<script(?![^>]* src=)|<style|style=|\son\w+=/.test(html));
});

Deno.test("there is nothing at other addresses, and for other methods", () => {
  for (const path of ["/other", "/assets/page-000000000000.js", "/assets/", "/executions.php"]) {
    same(ask(path), undefined);
  }
  same(ask("/", { method: "POST" }), undefined);
});
