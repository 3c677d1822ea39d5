/** Restate's server: a process with a data directory and ports of its own on loopback, gone when its owner is gone. */
import { join } from "node:path";
import { exists, tempDir } from "../tests/support/binaries.ts";

/** The version on npm. */
const VERSION = "1.7.12";

const PLATFORMS: Readonly<Record<string, string>> = {
  "linux-x86_64": "linux-x64",
  "linux-aarch64": "linux-arm64",
  "darwin-aarch64": "darwin-arm64",
  "darwin-x86_64": "darwin-x64",
};

/** A running server. */
export interface RestateServer {
  /** Where clients call it; its parameters `admin` and `worker` are its other port, and the one where handlers are called. */
  readonly url: string;
  /** Its process. */
  readonly pid: number;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** The program: `RHYTHM_BENCH_RESTATE` names it, or it is fetched from npm. */
export async function restateProgram(): Promise<string> {
  const named = Deno.env.get("RHYTHM_BENCH_RESTATE");
  if (named === undefined) return await fetchProgram();
  if (await exists(named)) return named;
  throw new Error(`there is no program at ${named}, which RHYTHM_BENCH_RESTATE names`);
}

/** Starts a server. Everything that bears on speed and durability is Restate's default; nothing is reported to its makers. */
export async function startRestate(): Promise<RestateServer> {
  const program = await restateProgram();
  const home = await Deno.makeTempDir({ prefix: "rhythm-bench-restate-", dir: tempDir() });
  const ports = freePorts();
  const said = Deno.env.get("RHYTHM_BENCH_VERBOSE") === undefined ? "null" : "inherit";
  const child = new Deno.Command(program, {
    cwd: home,
    clearEnv: true,
    env: {
      RESTATE_BASE_DIR: join(home, "data"),
      RESTATE_NODE_NAME: "bench",
      RESTATE_LISTEN_MODE: "tcp",
      RESTATE_BIND_IP: "127.0.0.1",
      RESTATE_ADVERTISED_HOST: "127.0.0.1",
      RESTATE_BIND_PORT: String(ports.node),
      RESTATE_INGRESS__BIND_PORT: String(ports.ingress),
      RESTATE_ADMIN__BIND_PORT: String(ports.admin),
      RESTATE_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "1",
      RESTATE_LOG_FILTER: "warn",
    },
    stdin: "null",
    stdout: said,
    stderr: said,
  }).spawn();
  watch(home, child.pid);
  const stop = async (): Promise<void> => {
    try {
      child.kill("SIGKILL");
    } catch { /* it is gone already */ }
    await child.status;
    await Deno.remove(home, { recursive: true });
  };
  try {
    await untilHealthy(`http://127.0.0.1:${ports.admin}/health`, child.status);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${ports.ingress}/?admin=${ports.admin}&worker=${ports.worker}`,
    pid: child.pid,
    stop,
  };
}

/** Outside the lock file: in the lock, 80 MB would be fetched by whoever runs anything of ours. */
async function fetchProgram(): Promise<string> {
  const platform = PLATFORMS[`${Deno.build.os}-${Deno.build.arch}`];
  if (platform === undefined) throw new Error("npm has no Restate server for this platform");
  const about = JSON.stringify(`npm:@restatedev/restate-server-${platform}@${VERSION}/package.json`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-config",
      `import ${about} with { type: "json" }; console.log(import.meta.resolve(${about}))`,
    ],
    cwd: tempDir(),
  }).output();
  if (code !== 0) {
    throw new Error(`npm does not give Restate's server: ${new TextDecoder().decode(stderr).trim()}`);
  }
  return new URL("./bin/restate-server", new TextDecoder().decode(stdout).trim()).pathname;
}

async function untilHealthy(url: string, ended: Promise<Deno.CommandStatus>): Promise<void> {
  let over = false;
  void ended.then(() => over = true);
  for (let looks = 0; looks < 600; looks++) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    if (over) throw new Error("Restate's server ended at once; RHYTHM_BENCH_VERBOSE=1 shows why");
    await new Promise((go) => setTimeout(go, 100));
  }
  throw new Error("Restate's server did not answer within a minute; RHYTHM_BENCH_VERBOSE=1 shows why");
}

/** A shell of its own, deaf to Ctrl-C: when this process is gone, however it went, it ends the server and removes its data. */
function watch(home: string, pid: number): void {
  const script = `trap '' INT HUP TERM
    while kill -0 ${Deno.pid} 2>/dev/null && [ -d '${home}' ]; do sleep 0.5; done
    [ -d '${home}' ] || exit 0
    kill -9 ${pid}
    rm -rf '${home}'`;
  new Deno.Command("sh", {
    args: ["-c", `(${script}) >/dev/null 2>&1 </dev/null &`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).outputSync();
}

function freePorts(): Record<"ingress" | "admin" | "node" | "worker", number> {
  const listeners = Array.from({ length: 4 }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const [ingress, admin, node, worker] = listeners.map(({ addr }) => addr.port) as [
    number,
    number,
    number,
    number,
  ];
  for (const listener of listeners) listener.close();
  return { ingress, admin, node, worker };
}
