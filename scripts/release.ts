/**
 * Makes a release: sets the version, cuts the changelog, checks everything (with a publish dry run), commits and tags.
 *
 *     deno task release 0.2.0
 *
 * It pushes nothing. Pushing the tag publishes it: `.github/workflows/release.yml`.
 *
 * @module
 */

/** What a release needs besides the directory and the version. */
export interface ReleaseOptions {
  /** The day of the release, as in `2026-11-30`. */
  date: string;
  /** Runs what must pass before the commit. Throws if it does not. */
  verify: (root: string) => Promise<void>;
}

/** A release that cannot be made, with what to do about it. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";
}

const semver = /^(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?$/;

/**
 * Commits and tags a version. When a check fails, the files are as they were before.
 *
 * @param root the repository
 * @param version the version, as in `0.2.0`
 * @param options the date and the checks
 * @returns the notes of the version
 * @throws {ReleaseError} if the version is wrong, or the repository is not ready
 */
export async function release(root: string, version: string, options: ReleaseOptions): Promise<string> {
  if (await git(root, "status", "--porcelain") !== "") {
    throw new ReleaseError("The work tree has changes: commit or stash them first");
  }
  const config = await Deno.readTextFile(`${root}/deno.json`);
  const current = /^ {2}"version": "([^"]+)"/m.exec(config)?.[1] ?? "";
  const tags = (await git(root, "tag", "--list", "v*")).split("\n").filter(Boolean);
  checkVersion(version, current, tags);
  const { changelog, notes } = cutChangelog(
    await Deno.readTextFile(`${root}/CHANGELOG.md`),
    version,
    options.date,
  );
  try {
    await Deno.writeTextFile(
      `${root}/deno.json`,
      config.replace(`"version": "${current}"`, `"version": "${version}"`),
    );
    await Deno.writeTextFile(`${root}/CHANGELOG.md`, changelog);
    await options.verify(root);
  } catch (error) {
    await git(root, "checkout", "--", ".");
    throw error;
  }
  await git(root, "commit", "--all", "--message", `chore: release ${version}`);
  await git(
    root,
    "tag",
    "--annotate",
    `v${version}`,
    "--cleanup=verbatim",
    "--message",
    `${version}\n\n${notes}`,
  );
  return notes;
}

/**
 * Checks that a version can follow what is released.
 *
 * @param version the new version
 * @param current the version in deno.json, which may itself be new
 * @param tags all tags of releases
 * @throws {ReleaseError} if it is no version, is not higher, or is tagged already
 */
export function checkVersion(version: string, current: string, tags: readonly string[]): void {
  if (!semver.test(version)) throw new ReleaseError(`"${version}" is not a version: expected one like 0.2.0`);
  if (tags.includes(`v${version}`)) throw new ReleaseError(`Version ${version} is released already`);
  const newest = [current, ...tags.map((tag) => tag.slice(1))].filter((one) => semver.test(one)).sort(compare)
    .at(-1);
  if (newest !== undefined && compare(version, newest) < 0) {
    throw new ReleaseError(`Version ${version} is lower than ${newest}`);
  }
}

/**
 * Turns what is unreleased into the section of a version.
 *
 * @param text CHANGELOG.md
 * @param version the version
 * @param date the day of the release
 * @returns the new text, and the notes of the version
 * @throws {ReleaseError} if nothing is unreleased, or it does not say how to upgrade
 */
export function cutChangelog(
  text: string,
  version: string,
  date: string,
): { changelog: string; notes: string } {
  const found = /^## Unreleased\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(text);
  const notes = found?.[1]?.trim() ?? "";
  if (found === null || notes === "") {
    throw new ReleaseError("CHANGELOG.md has nothing under `## Unreleased`");
  }
  const upgrading = /^### Upgrading\n([\s\S]*?)(?=^### |$(?![\s\S]))/m.exec(notes)?.[1]?.trim() ?? "";
  if (upgrading === "") {
    throw new ReleaseError(
      "CHANGELOG.md does not say under `### Upgrading` what users must do: write `Nothing to do.` if that is so",
    );
  }
  const rest = text.slice(found.index + found[0].length);
  const changelog = `${text.slice(0, found.index)}## Unreleased\n\n## ${version} (${date})\n\n${notes}\n${
    rest && `\n${rest}`
  }`;
  return { changelog, notes };
}

function compare(a: string, b: string): number {
  const [left, right] = [semver.exec(a)!, semver.exec(b)!];
  for (const at of [1, 2, 3]) {
    if (left[at] !== right[at]) return Number(left[at]) - Number(right[at]);
  }
  // A pre-release comes before its release; two of them in the order of their texts.
  const [one, other] = [a.includes("-"), b.includes("-")];
  return one === other ? (a < b ? -1 : a > b ? 1 : 0) : one ? -1 : 1;
}

async function git(root: string, ...args: string[]): Promise<string> {
  return (await run(root, "git", ...args)).trim();
}

async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new ReleaseError(`${command} ${args.join(" ")} failed:\n${out}${err}`);
  return out!;
}

/** Generates what names the version, then runs all checks; the publish dry run is one of them. */
async function verifyAll(root: string): Promise<void> {
  await run(root, Deno.execPath(), "task", "gen");
  await run(root, Deno.execPath(), "task", "check");
  await run(root, Deno.execPath(), "task", "sbom");
  const warning = await audit(root);
  if (warning !== undefined) console.warn(`Warning: ${warning}`);
}

/**
 * Asks the registry of npm whether a dependency has a known vulnerability.
 *
 * @param root the repository
 * @param env more environment, such as another registry
 * @returns a warning if the registry did not answer
 * @throws {ReleaseError} if there is one
 */
export async function audit(root: string, env: Record<string, string> = {}): Promise<string | undefined> {
  const args = ["audit", "--ignore-registry-errors"];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  if (!success) {
    throw new ReleaseError(
      `A dependency has a known vulnerability: change its version in deno.json\n\n${out}${err}`,
    );
  }
  return out!.includes("No known vulnerabilities")
    ? undefined
    : `The dependencies were not audited: run \`deno audit\` where the registry answers (${err})`;
}

if (import.meta.main) {
  const [version, ...others] = Deno.args;
  if (version === undefined || others.length > 0) {
    console.error("Usage: deno task release <version>, for example: deno task release 0.2.0");
    Deno.exit(2);
  }
  try {
    const root = new URL("../", import.meta.url).pathname;
    const date = new Date().toISOString().slice(0, 10);
    const notes = await release(root, version, { date, verify: verifyAll });
    console.log(
      `${notes}\n\nCommitted and tagged v${version}. To publish it: git push origin HEAD v${version}`,
    );
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
