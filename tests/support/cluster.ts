/** A private Postgres cluster: own data directory, own port on loopback, gone when its owner is gone. */
import { join } from "node:path";
import { type Binaries, exists, npmBinaries, run, systemBinaries, tempDir } from "./binaries.ts";

/** A running cluster. */
export interface Cluster {
  /** The superuser's connection to the database `postgres`. */
  url: string;
  /** The port on loopback. */
  port: number;
  /** The major version. */
  version: number;
  /** Whether pg_cron is there, preloaded for the database `postgres`. */
  cron: boolean;
  /** Kills the server as a crash would, and starts it again on the same port. */
  restart(mode?: "immediate" | "fast"): Promise<void>;
  /** Stops the server without starting it again. */
  halt(mode?: "immediate" | "fast"): Promise<void>;
  /** Starts it after {@linkcode Cluster.halt}. */
  resume(): Promise<void>;
  /** What its log says of crashes of its own processes. */
  crashes(): Promise<string[]>;
  /** Makes a server that follows this one. */
  standby(): Promise<Cluster>;
  /** Makes a standby a primary. */
  promote(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/**
 * The programs to use: this machine's, else npm's; undefined when neither are to be had.
 * `RHYTHM_TEST_BINARIES=npm` passes over this machine's.
 */
export async function findBinaries(version?: number): Promise<Binaries | undefined> {
  const here = Deno.env.get("RHYTHM_TEST_BINARIES") === "npm" ? undefined : await systemBinaries(version);
  return here ?? await npmBinaries(version);
}

/**
 * Starts a cluster.
 *
 * @param binaries the programs
 * @param settings further lines for postgresql.conf
 * @param files to be copied into the data directory: name to path
 * @param parent where the data directory is made
 */
export async function startCluster(
  binaries: Binaries,
  settings: string[] = [],
  files: Readonly<Record<string, string>> = {},
  parent: string = tempDir(),
): Promise<Cluster> {
  const owner = await serverUser();
  const home = await makeHome(binaries, owner, parent);
  const data = join(home, "data");
  await run(join(binaries.bin, "initdb"), [
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  ], optionsOf(home, owner));
  const port = freePort();
  await Deno.writeTextFile(
    join(data, "postgresql.conf"),
    configuration(port, binaries.cron, settings).join("\n"),
    { append: true },
  );
  for (const [name, path] of Object.entries(files)) {
    // A key is read only where nobody else can.
    await Deno.copyFile(path, join(data, name));
    await Deno.chmod(join(data, name), 0o600);
    if (owner !== undefined) await Deno.chown(join(data, name), owner.uid, owner.gid);
  }
  return await runCluster(binaries, { home, owner, port });
}

async function makeHome(binaries: Binaries, owner: ServerUser | undefined, parent: string): Promise<string> {
  const home = await Deno.makeTempDir({ prefix: "rhythm-test-cluster-", dir: parent });
  if (owner !== undefined) await run("chown", [`${owner.uid}:${owner.gid}`, home]);
  watch(home, join(binaries.bin, "pg_ctl"), owner);
  return home;
}

function optionsOf(home: string, owner: ServerUser | undefined): Deno.CommandOptions {
  const as = owner === undefined ? {} : { uid: owner.uid, gid: owner.gid };
  return { ...as, cwd: home, env: { LC_ALL: "C", HOME: home } };
}

async function runCluster(
  binaries: Binaries,
  { home, owner, port }: { home: string; owner: ServerUser | undefined; port: number },
): Promise<Cluster> {
  const data = join(home, "data");
  const program = (name: string) => join(binaries.bin, name);
  const options = optionsOf(home, owner);
  const start = () =>
    run(program("pg_ctl"), ["-D", data, "-l", join(home, "log"), "-w", "-t", "60", "start"], options);
  const halt = (mode: string) =>
    run(program("pg_ctl"), ["-D", data, "-m", mode, "-w", "-t", "60", "stop"], options);
  await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    version: binaries.version,
    cron: binaries.cron,
    restart: async (mode = "immediate") => {
      await halt(mode);
      await start();
    },
    halt: (mode = "immediate") => halt(mode),
    resume: start,
    crashes: async () => {
      const lines = (await Deno.readTextFile(join(home, "log"))).split("\n");
      return lines.filter((line) => /PANIC:|terminated by signal|[Oo]ut of memory|No space left/.test(line));
    },
    standby: async () => {
      const own = await makeHome(binaries, owner, tempDir());
      const from = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres"];
      await run(
        program("pg_basebackup"),
        [...from, "-D", join(own, "data"), "-R", "-c", "fast", "-X", "stream"],
        optionsOf(own, owner),
      );
      const ownPort = freePort();
      await Deno.writeTextFile(join(own, "data", "postgresql.conf"), `\nport = ${ownPort}\n`, {
        append: true,
      });
      return await runCluster(binaries, { home: own, owner, port: ownPort });
    },
    promote: () => run(program("pg_ctl"), ["-D", data, "-w", "-t", "60", "promote"], options),
    stop: async () => {
      await halt("immediate").catch(() => {});
      await run("rm", ["-rf", home]);
    },
  };
}

/** fsync off: these data need not survive the machine, only the server. Commits stay synchronous: tests kill servers. */
function configuration(port: number, cron: boolean, settings: string[]): string[] {
  return [
    "",
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    "unix_socket_directories = ''",
    "fsync = off",
    "full_page_writes = off",
    "max_connections = 300",
    "max_wal_size = 4GB",
    "log_min_messages = warning",
    ...(cron
      ? ["shared_preload_libraries = 'pg_cron'", "cron.database_name = 'postgres'", "cron.log_run = off"]
      : []),
    ...settings,
    "",
  ];
}

/**
 * Stops the server and removes its data once this process is gone, however it went. A shell of its own, deaf to
 * Ctrl-C, looks every half second.
 */
function watch(home: string, pgCtl: string, owner: ServerUser | undefined): void {
  const script = `trap '' INT HUP TERM
    while kill -0 ${Deno.pid} 2>/dev/null && [ -d '${home}' ]; do sleep 0.5; done
    [ -d '${home}' ] || exit 0
    ${
    owner === undefined ? "" : `setpriv --reuid=${owner.uid} --regid=${owner.gid} --clear-groups`
  } '${pgCtl}' -D '${home}/data' -m immediate -w stop
    [ -f '${home}/data/postmaster.pid' ] && kill -9 $(head -1 '${home}/data/postmaster.pid')
    rm -rf '${home}'`;
  const command = new Deno.Command("sh", {
    args: ["-c", `(${script}) >/dev/null 2>&1 </dev/null &`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  command.outputSync();
}

interface ServerUser {
  uid: number;
  gid: number;
}

/** Postgres refuses to run as root: then another user runs it. */
async function serverUser(): Promise<ServerUser | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const users = await exists("/etc/passwd") ? await Deno.readTextFile("/etc/passwd") : "";
  for (const name of ["postgres", "nobody"]) {
    const line = users.split("\n").find((user) => user.startsWith(`${name}:`))?.split(":");
    if (line !== undefined) return { uid: Number(line[2]), gid: Number(line[3]) };
  }
  throw new Error("Cannot start Postgres as root: found neither a user `postgres` nor `nobody` to run it as");
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    return listener.addr.port;
  } finally {
    listener.close();
  }
}
