import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { connect } from "../../src/db/connect.ts";
import { onEmbedded, privateCluster } from "../support/database.ts";
import { until } from "../support/until.ts";

const ignore = onEmbedded || Deno.build.os !== "linux";
const ready = /READY (\S+) (\d+)\n/;
const root = fileURLToPath(new URL("../../", import.meta.url));

for (const signal of ["SIGKILL", "SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `a test run ended by ${signal} leaves no process and no directory behind`,
    ignore,
    fn: async () => {
      await using run = await startRun({ RHYTHM_TEST_DATABASE_URL: "" });
      const home = await serverHome(run.url);
      assert.ok(await there(home));
      const processes = [run.child.pid, run.testPid, await serverPid(home)];
      assert.deepEqual(processes.filter((pid) => !running(pid)), []);
      run.child.kill(signal);
      await run.child.status;
      await until(async () => !await there(home) && !processes.some(running));
    },
  });
}

Deno.test({
  name: "a test run on a server that is not its own drops its databases when interrupted",
  ignore,
  fn: async () => {
    const cluster = await privateCluster();
    const admin = connect({ url: cluster.url, maxConnections: 1 });
    try {
      const before = await names();
      await using run = await startRun({ RHYTHM_TEST_DATABASE_URL: cluster.url, RHYTHM_TEST_PG: "" });
      assert.equal((await names()).length, before.length + 1);
      run.child.kill("SIGINT");
      await run.child.status;
      assert.deepEqual(await names(), before);
    } finally {
      await admin.close();
      await cluster.stop();
    }

    async function names(): Promise<string[]> {
      return (await admin.query<{ name: string }>("select datname as name from pg_database order by 1"))
        .map((row) => row.name);
    }
  },
});

interface Run extends AsyncDisposable {
  child: Deno.ChildProcess;
  /** The database that its test took. */
  url: string;
  /** The process of its test. */
  testPid: number;
}

/** Starts a run of the test runner; resolves when its test has a database and waits. */
async function startRun(env: Record<string, string>): Promise<Run> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/test.ts", "tests/db/support/wait_to_be_killed.ts", "--no-check"],
    cwd: root,
    env: { RHYTHM_TEST_RUN: "", NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!ready.test(said)) {
    const { value, done } = await lines.read();
    assert.ok(!done, `ended before it was ready: ${said}`);
    said += value;
  }
  const [, url, pid] = ready.exec(said)!;
  return {
    child,
    url: url!,
    testPid: Number(pid),
    async [Symbol.asyncDispose](): Promise<void> {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended, as it should */ }
      await child.status;
      await lines.cancel();
    },
  };
}

/** The directory that the cluster of a run lives in. */
async function serverHome(url: string): Promise<string> {
  const database = connect({ url, maxConnections: 1 });
  const [row] = await database.query<{ data: string }>("select current_setting('data_directory') as data");
  await database.close();
  return row!.data.replace(/\/data$/, "");
}

async function serverPid(home: string): Promise<number> {
  return Number((await Deno.readTextFile(`${home}/data/postmaster.pid`)).split("\n")[0]);
}

/** Whether a process runs; one that ended and waits to be collected does not. */
function running(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

async function there(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
