import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** What a program printed, and how it ended. */
export interface Ended {
  /** Its exit code. */
  code: number;
  /** Standard output. */
  out: string;
  /** Standard error. */
  err: string;
}

/** How a program is run. */
export interface RunOptions {
  /** `RHYTHM_DATABASE_URL`; without it there is none. */
  url?: string;
  /** Its arguments. */
  args?: string[];
  /** Its directory. */
  cwd?: string;
  /** What it reads. */
  stdin?: string;
}

/** Starts a program of the repository as a user would, away from the terminal. */
export function startProgram(path: string, options: RunOptions = {}): Deno.ChildProcess {
  const env = { ...Deno.env.toObject(), NO_COLOR: "1" };
  for (const name of ["RHYTHM_DATABASE_URL", "RHYTHM_TOKEN"]) delete (env as Record<string, string>)[name];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", `${root}deno.json`, "--no-check", path, ...options.args ?? []],
    env: options.url === undefined ? env : { ...env, RHYTHM_DATABASE_URL: options.url },
    clearEnv: true,
    cwd: options.cwd ?? root,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return child;
}

/** Runs a program of the repository to its end. */
export async function runProgram(path: string, options: RunOptions = {}): Promise<Ended> {
  const child = startProgram(path, options);
  const writer = child.stdin.getWriter();
  if (options.stdin !== undefined) await writer.write(new TextEncoder().encode(options.stdin));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** An error that no example is to log. Some show how executions fail, which is logged. */
export const UNEXPECTED = /"level":"error","message":"(?!(task|workflow) \S+ failed: )|^error:/m;
