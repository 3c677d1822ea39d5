/**
 * Builds the documentation as static pages in `dist/docs`: the pages of `docs/`, with search, and the API from JSDoc.
 *
 *     deno task docs            build
 *     deno task docs --serve    show the pages while they are edited (without the API)
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { build, createServer } from "vitepress";

const site = fileURLToPath(new URL(".", import.meta.url));
const root = new URL("../", import.meta.url);

if (Deno.args.includes("--serve")) {
  const server = await createServer(site);
  await server.listen();
  server.printUrls();
} else {
  await build(site);
  await buildApi();
}

async function buildApi(): Promise<void> {
  const { name, exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const modules = Object.values<string>(exports).filter((path) => !path.includes("/cli/"));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--html", `--name=${name}`, "--output=dist/docs/api", ...modules],
    cwd: root,
  }).output();
  if (!success) {
    console.error(new TextDecoder().decode(stderr));
    Deno.exit(1);
  }
}
