// The files of deploy/: what they say is what the docs show (tests/examples/deployment_test.ts tries that), and what a worker has.
import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import { task } from "../mod.ts";
import { testApp } from "./app/support.ts";
import { until } from "./support/until.ts";

const root = new URL("../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

/** The first block of code of a language after a heading. */
function shown(page: string, heading: string, language: string): string {
  const text = read(page);
  const begin = text.indexOf("```" + language + "\n", text.indexOf(`\n${heading}\n`)) + language.length + 4;
  return text.slice(begin, text.indexOf("```\n", begin));
}

for (
  const [file, page, heading, language] of [
    ["Dockerfile", "docs/operate/deployment.md", "## Docker", "dockerfile"],
    ["compose.yaml", "docs/operate/deployment.md", "## Compose", "yaml"],
    ["rhythm-worker@.service", "docs/operate/deployment.md", "## systemd", "ini"],
    ["kubernetes.yaml", "docs/operate/deployment.md", "## Kubernetes", "yaml"],
    ["prometheus/rules.yaml", "docs/guides/observability.md", "## Alerts", "yaml"],
  ] as const
) {
  Deno.test(`deploy/${file} is what ${page} shows`, () => {
    same(read(`deploy/${file}`), shown(page, heading, language));
  });
}

/** The names of metrics in expressions of Prometheus. */
function metricsIn(text: string): string[] {
  return [...new Set(text.match(/\brhythm_[a-z_]+/g) ?? [])].map((name) => name.replace(/_bucket$/, ""))
    .toSorted();
}

Deno.test("alerts and the dashboard of Grafana ask for metrics and labels that a worker has", async () => {
  const echo = task({ name: "echo" }, (value: unknown) => value);
  await using app = await testApp({ tasks: [echo] });
  const worker = app.work({ port: 0 });
  await (await echo.queue(1)).result({ timeout: "1m" });
  await until(() => worker.url !== undefined);
  const headers = { authorization: `Bearer ${worker.token}` };
  const metrics = async (): Promise<string> =>
    await (await fetch(`${worker.url}/metrics`, { headers })).text();
  await echo.queue(2, { delay: "1h" });
  await until(async () => (await metrics()).includes("rhythm_executions{"));
  const text = await metrics();
  const had = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const rules = read("deploy/prometheus/rules.yaml");
  const dashboard = JSON.parse(read("deploy/grafana/rhythm.json"));
  const asked = metricsIn(rules + JSON.stringify(dashboard));
  ok(asked.length >= 9, String(asked));
  equal(asked.filter((name) => !had.has(name)), []);
  match(text, /^rhythm_executions\{[^}]*queue="default"[^}]*state="[a-z]+"/m);
  match(text, /^rhythm_ends_total\{[^}]*name="echo"[^}]*outcome="completed"/m);
  match(text, /^rhythm_task_seconds_bucket\{[^}]*name="echo"/m);
  const pool = /^rhythm_pool_in_use\{[^}]*pool="/m;
  if (app.database.url !== "memory://") match(text, pool);
  for (const panel of dashboard.panels) {
    ok(panel.description.length > 20, panel.title);
    ok(panel.targets.every(({ expr }: { expr: string }) => expr.length > 0), panel.title);
  }
});

async function has(program: string): Promise<boolean> {
  return (await new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).output())
    .success;
}

Deno.test({
  name: "promtool accepts the alerts, and they fire when they should",
  ignore: !await has("promtool"),
  fn: async () => {
    const cwd = new URL("deploy/prometheus/", root).pathname;
    for (const [verb, file] of [["check", "rules.yaml"], ["test", "rules_test.yaml"]]) {
      const { success, stdout, stderr } = await new Deno.Command("promtool", {
        args: [verb!, "rules", file!],
        cwd,
      }).output();
      ok(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
    }
  },
});
