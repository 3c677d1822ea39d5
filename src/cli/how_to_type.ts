/**
 * How a person types this command here: `rhythm`, or `deno task rhythm` where the nearest `deno.json` has that task.
 *
 * @param from the directory; default: where it was called
 */
export function howToType(from: string = Deno.cwd()): string {
  if (Deno.build.standalone) return "rhythm";
  for (let directory = from;;) {
    const config = readConfig(`${directory}/deno.json`);
    if (config !== undefined) return config.tasks?.rhythm === undefined ? "rhythm" : "deno task rhythm";
    const above = directory.replace(/[/\\][^/\\]*$/, "");
    if (above === directory) return "rhythm";
    directory = above;
  }
}

/** A text with its commands as a person types them here. */
export function asTyped(text: string): string {
  return text.replaceAll("`rhythm ", `\`${howToType()} `);
}

function readConfig(path: string): { tasks?: { rhythm?: unknown } } | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path)) ?? {};
  } catch {
    return undefined;
  }
}
