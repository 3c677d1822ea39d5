/**
 * The pages of the dashboard: one document for all addresses, a script, scripts of screens that are loaded when they are opened, and a style sheet. Their sources are in `dashboard/`, beside
 * `src/`, because they run in a browser and need packages that a worker does not.
 *
 * @module
 */
import { gunzipSync } from "node:zlib";
import { files, firstParts, laterParts, type PageFile } from "./files_gen.ts";

/** The first parts of the addresses that are pages. */
export const PAGES: readonly string[] = [
  "",
  "executions",
  "compare",
  "doctor",
  "failures",
  "flows",
  "operations",
  "queues",
  "schedules",
  "signals",
  "workers",
  "audit",
  "tokens",
  "sql",
  "dev",
  "_components",
];

/**
 * Answers a request for a file of the dashboard.
 *
 * @param request the request
 * @param place the path below that of the dashboard, and the path of the dashboard itself
 * @returns nothing: there is no such file
 */
export function dashboardFile(
  request: Request,
  { path, basePath }: { path: string; basePath: string },
): Response | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const file = [...Object.values(files), ...firstParts, ...laterParts].find((one) => path === `/${one.path}`);
  if (file !== undefined) return asset(request, file);
  if (path === "/favicon.ico") return asset(request, files.icon);
  const [first = ""] = path.slice(1).split("/");
  return PAGES.includes(first) ? page(basePath) : undefined;
}

function asset(request: Request, { type, gzip }: PageFile): Response {
  const bytes = Uint8Array.from(atob(gzip), (character) => character.charCodeAt(0));
  const headers = new Headers({
    "content-type": type,
    "cache-control": "public, max-age=31536000, immutable, no-transform",
    "x-content-type-options": "nosniff",
    vary: "accept-encoding",
  });
  if (!/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) {
    return new Response(new Uint8Array(gunzipSync(bytes)), { headers });
  }
  headers.set("content-encoding", "gzip");
  return new Response(bytes, { headers });
}

function page(basePath: string): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<base href="${basePath}/">
<title>Rhythm</title>
<link rel="icon" href="${files.icon.path}" type="image/svg+xml">
<link rel="stylesheet" href="${files.style.path}">
${
    firstParts.map(({ path }) => `<link rel="modulepreload" href="${path}">\n`).join("")
  }<script type="module" src="${files.page.path}"></script>
</head>
<body><noscript>The dashboard needs JavaScript.</noscript><div id="app"></div></body>
</html>
`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": POLICY,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "cross-origin-opener-policy": "same-origin",
    },
  });
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'self'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
