import * as nodeModule from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Makes imports of a project's own files new again, with all that they import. */
export class ReloadHooks {
  readonly #root: string;
  readonly #loaded = new Set<string>();

  /** @param root the project; only files below it are loaded again */
  constructor(root: string) {
    this.#root = pathToFileURL(`${root}/`).href;
    const { registerHooks } = nodeModule as { registerHooks?: (hooks: unknown) => void };
    registerHooks?.({
      resolve: (specifier: string, context: Context, next: Next) => this.#resolve(specifier, context, next),
    });
  }

  /** Whether a change of this file changes what was loaded. */
  knows(path: string): boolean {
    return this.#loaded.has(path);
  }

  // A version in the importer's URL is handed on to the files that it imports; packages stay as they are.
  #resolve(specifier: string, context: Context, next: Next): Resolved {
    const version = /\?v=(\d+)$/.exec(context.parentURL ?? specifier)?.[1] ??
      /\?v=(\d+)$/.exec(specifier)?.[1];
    if (version === undefined) return next(specifier, context);
    const parentURL = context.parentURL?.replace(/\?v=\d+$/, "");
    if (/^(\.{0,2}\/|file:)/.test(specifier)) {
      const url = new URL(specifier, parentURL);
      if (url.href.startsWith(this.#root) && !url.pathname.includes("/node_modules/")) {
        url.search = "";
        this.#loaded.add(fileURLToPath(url));
        url.search = `?v=${version}`;
        return { url: url.href, shortCircuit: true };
      }
    }
    return next(specifier, { ...context, ...(parentURL === undefined ? {} : { parentURL }) });
  }
}

interface Context {
  parentURL?: string;
}

interface Resolved {
  url: string;
  shortCircuit?: boolean;
}

type Next = (specifier: string, context: Context) => Resolved;
