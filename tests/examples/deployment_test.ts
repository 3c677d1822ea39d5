// docs/operate/deployment.md: its recipes are well-formed, agree with one another and with the program, and their commands run.
import assert from "node:assert/strict";
import { parse } from "yaml";
import { durationMs } from "../../src/shared/duration.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { until } from "../support/until.ts";
import { root } from "./support.ts";

const page = await Deno.readTextFile(`${root}docs/operate/deployment.md`);
const worker = blockOf("ts worker.ts");
const image = blockOf("dockerfile").split("\n").filter((line) => /^[A-Z]+ /.test(line)).map((line) => ({
  verb: line.slice(0, line.indexOf(" ")),
  rest: line.slice(line.indexOf(" ") + 1),
}));
const command: string[] = JSON.parse(restOf("CMD"));
const compose = parse(blockOf("yaml", "services:"));
const pod = parse(blockOf("yaml", "apiVersion:")).spec.template.spec;
const unit = blockOf("ini");
const execStart = valuesOf("ExecStart")[0]!.split(" ");

const defaultPort = Number(/Deno\.env\.get\("PORT"\) \?\? (\d+)/.exec(worker)?.[1]);
const graceMs = durationMs(/grace: "(\w+)"/.exec(worker)![1]!);

Deno.test("docs/operate/deployment.md: the image is of the Deno that the tests use", async () => {
  const ci = await Deno.readTextFile(`${root}.ci/run`);
  assert.equal(restOf("FROM"), `denoland/deno:${/^deno_version=(.*)$/m.exec(ci)![1]}`);
});

Deno.test("docs/operate/deployment.md: every recipe waits longer than the worker's grace", () => {
  const pages = /docker stop -t (\d+)/.exec(page)!;
  assert.deepEqual(
    [
      durationMs(compose.services.worker.stop_grace_period),
      pod.terminationGracePeriodSeconds * 1000,
      Number(valuesOf("TimeoutStopSec")[0]) * 1000,
      Number(pages[1]) * 1000,
    ].filter((ms) => ms <= graceMs),
    [],
  );
});

Deno.test("docs/operate/deployment.md: ports and probes are those of the worker", () => {
  const [container] = pod.containers;
  assert.deepEqual([Number(restOf("EXPOSE")), container.ports[0].containerPort], [defaultPort, defaultPort]);
  const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
  assert.deepEqual(probes.map(({ httpGet }) => httpGet.port), Array(3).fill(container.ports[0].name));
  assert.deepEqual(probes.map(({ httpGet }) => httpGet.path), ["/health", "/health", "/ready"]);
});

Deno.test("docs/operate/deployment.md: every environment variable is documented", async () => {
  const known = await Deno.readTextFile(`${root}docs/operate/environment.md`);
  const named = [
    ...restOf("ENV").split(" ").map((one) => one.split("=")[0]!),
    ...Object.keys(compose.services.worker.environment),
    ...pod.containers[0].env.map(({ name }: { name: string }) => name),
    ...valuesOf("Environment").map((one) => one.split("=")[0]!),
    ...page.match(/\bRHYTHM_[A-Z]+\b/g)!,
  ];
  const own = ["PORT", "DENO_DIR"];
  assert.deepEqual(named.filter((name) => !known.includes(`\`${name}`) && !own.includes(name)), []);
  assert.ok(worker.includes("PORT"));
});

Deno.test("docs/operate/deployment.md: the services of Compose fit together", () => {
  const { worker, postgres } = compose.services;
  const url = new URL(worker.environment.RHYTHM_DATABASE_URL);
  assert.ok(url.hostname in compose.services);
  assert.equal(url.password, postgres.environment.POSTGRES_PASSWORD);
  assert.equal(url.pathname, `/${postgres.environment.POSTGRES_DB}`);
  assert.deepEqual(postgres.healthcheck.test.slice(0, 2), ["CMD", "pg_isready"]);
  assert.equal(postgres.healthcheck.test.at(-1), postgres.environment.POSTGRES_DB);
  assert.deepEqual(Object.keys(worker.depends_on), ["postgres"]);
  assert.deepEqual(postgres.volumes.map((one: string) => one.split(":")[0]), Object.keys(compose.volumes));
});

Deno.test("docs/operate/deployment.md: a pod may use more memory than the heap of its worker", () => {
  const heapMb = Number(/--max-old-space-size=(\d+)/.exec(command.join(" "))![1]);
  assert.ok(parseInt(pod.containers[0].resources.limits.memory) > heapMb);
  assert.deepEqual(execStart.slice(1), command.slice(1));
});

const analyze = await new Deno.Command("systemd-analyze", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "docs/operate/deployment.md: systemd accepts the unit",
  ignore: !analyze,
  fn: async () => {
    const directory = await Deno.makeTempDir({ prefix: "rhythm-unit-" });
    const file = `${directory}/rhythm-worker@8081.service`;
    // systemd looks whether the program exists.
    await Deno.writeTextFile(file, unit.replace(execStart[0]!, Deno.execPath()));
    const { stderr, success } = await new Deno.Command("systemd-analyze", {
      args: ["verify", "--man=no", file],
    }).output();
    const said = new TextDecoder().decode(stderr).split("\n").filter((line) =>
      line.includes("rhythm-worker")
    );
    await Deno.remove(directory, { recursive: true });
    assert.deepEqual(said, []);
    assert.ok(success);
  },
});

Deno.test({
  name: "docs/operate/deployment.md: the command of the image and of systemd runs a worker that is ready",
  ignore: onEmbedded,
  fn: async () => {
    await using db = await freshDatabase({ engine: "absent" });
    await using app = await buildImage();
    await runWorker(command.slice(1), app.path, db.url); // systemd's is the same
  },
});

/** What follows the fence ` ```language`, of the block that begins with a text. */
function blockOf(fence: string, start = ""): string {
  const blocks = [...page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)];
  const found = blocks.find(([, after, text]) => after === fence && text!.startsWith(start));
  assert.ok(found, `the page has no block ${fence}`);
  return found[2]!;
}

function restOf(verb: string): string {
  return image.find((one) => one.verb === verb)!.rest;
}

function valuesOf(key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value!);
}

/** Does by hand what the Dockerfile says, in a directory. */
async function buildImage(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "rhythm-image-" });
  const context = await Deno.makeTempDir({ prefix: "rhythm-context-" });
  const { imports, ...settings } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const library = { ...imports, "@rhythm/core": new URL("../../mod.ts", import.meta.url).href };
  await Deno.writeTextFile(
    `${context}/deno.json`,
    JSON.stringify({
      imports: library,
      nodeModulesDir: settings.nodeModulesDir,
      unstable: settings.unstable,
    }),
  );
  await Deno.copyFile(`${root}deno.lock`, `${context}/deno.lock`);
  await Deno.writeTextFile(`${context}/worker.ts`, worker);
  for (const { verb, rest } of image) {
    if (verb === "COPY") {
      const from = rest.split(" ").slice(0, -1).flatMap((name) =>
        name === "." ? [...Deno.readDirSync(context)].map((entry) => entry.name) : [name]
      );
      for (const name of from) await Deno.copyFile(`${context}/${name}`, `${path}/${name}`);
    } else if (verb === "RUN") {
      const [program, ...args] = rest.split(" ");
      assert.equal(program, "deno");
      const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: path }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    } else {
      assert.ok(
        ["FROM", "WORKDIR", "ENV", "USER", "EXPOSE", "CMD"].includes(verb),
        `${verb} is not known here`,
      );
    }
  }
  await Deno.remove(context, { recursive: true });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Runs a worker until it is ready, and stops it as a platform does. */
async function runWorker(args: string[], cwd: string, url: string): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { PORT: "0", RHYTHM_DATABASE_URL: url, RHYTHM_TOKEN: "a-token-of-the-test", NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let told = "";
  const hear = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) told += text;
  };
  const heard = Promise.all([hear(child.stdout), hear(child.stderr)]);
  let isOver = false;
  const ended = child.status.finally(() => isOver = true);
  try {
    const address = (): string | undefined => /"http":"(http:[^"]*)"/.exec(told)?.[1];
    await until(() => isOver || address() !== undefined, "the worker's address");
    assert.ok(!isOver, told);
    const at = address()!.replace("0.0.0.0", "127.0.0.1");
    const { path } = pod.containers[0].livenessProbe.httpGet;
    assert.equal((await get(`${at}${path}`)).status, 200);
    await until(async () => isOver || (await get(`${at}/ready`)).status === 200, "a worker that is ready");
    child.kill(valuesOf("KillSignal")[0] as Deno.Signal);
    assert.equal((await ended).code, 0, told);
  } finally {
    if (!isOver) child.kill("SIGKILL");
    await heard;
  }
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response;
}
