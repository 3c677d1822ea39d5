import { createRequire } from "node:module";
import { defineConfig, type MarkdownRenderer } from "vitepress";
import { navigation } from "../navigation.ts";
import { slug } from "../slug.ts";

const fromSite = createRequire(import.meta.url).resolve;
const repository = new URL("../../", import.meta.url).pathname;

/** A link to a file of the repository, such as an example: the site has no page for it. */
const outside = /^(?:\.\.\/){2}/;

/** Shows links to files of the repository as text. */
function withoutOutsideLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("outside", ({ tokens }) => {
    for (const { children } of tokens) {
      let inside = false;
      for (const token of children ?? []) {
        if (token.type === "link_open") inside = outside.test(token.attrGet("href") ?? "");
        if (!inside || !token.type.startsWith("link_")) continue;
        if (token.type === "link_close") inside = false;
        Object.assign(token, { type: "text", tag: "", content: "" });
      }
    }
  });
}

/** What `build.ts` makes from JSDoc: pages of their own, so the browser has to load them. */
const api = { text: "TypeScript API", link: "/api/index.html", target: "_self" };

export default defineConfig({
  title: "Rhythm",
  description: "Durable execution in Postgres",
  srcDir: `${repository}docs`,
  outDir: `${repository}dist/docs`,
  cacheDir: `${repository}site/node_modules/.cache`,
  cleanUrls: true,
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      ...navigation.map(({ text, items }) => ({
        text,
        link: items[0]!.link,
        activeMatch: `^/${text.toLowerCase()}/`,
      })),
      api,
    ],
    sidebar: [...navigation, { items: [api] }],
  },
  markdown: { anchor: { slugify: slug }, languageAlias: { flow: "js" }, config: withoutOutsideLinks },
  vite: {
    resolve: {
      // The pages are in another folder than node_modules.
      alias: [
        { find: /^vue$/, replacement: fromSite("vue/dist/vue.runtime.esm-bundler.js") },
        { find: /^vue\/server-renderer$/, replacement: fromSite("vue/server-renderer") },
      ],
    },
  },
});
