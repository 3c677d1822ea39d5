/**
 * Makes the pictures of the dashboard in the docs, of the shop that `deno task demo --dashboard` runs. It needs Chromium.
 *
 *     deno task screenshots
 *
 * @module
 */
import type { Page } from "playwright-core";
import { fillShop, oneOrder, openShop } from "../examples/demo/dashboard.ts";
import { Output, project, start } from "../tests/cli/support.ts";
import { executable, openBrowser } from "../tests/dashboard/chromium.ts";

const DEV = {
  "flows/onboard.flow": `\`\`\`
name: onboard
input: { type: object, required: [customer], properties: { customer: { type: string } } }
\`\`\`
const { customer } = Inputs
await Task.run("send_mail", { customer, text: "Welcome" })
await Timer.delay("3d")
const { plan } = await Signal.next("plan_chosen")
await Task.run("send_mail", { customer, text: \`You chose \${plan}\` })
return { customer, plan }
`,
  "flows/invoice.flow": "return Inputs\n",
  "tasks.ts": `import { task } from "@rhythm/core";
export const sendMail = task({ name: "send_mail" }, ({ text }: { text: string }) => text.length);
`,
  "rhythm.json": '{ "port": 0 }\n',
};

if (executable === undefined) {
  console.error("No Chromium was found: RHYTHM_TEST_CHROMIUM names one");
  Deno.exit(1);
}
await using rhythm = await openShop();
await using worker = rhythm.worker({
  port: 0,
  queues: ["default", "warehouse", "carriers", "payments", "imports"],
  name: "shop-1",
});
void worker.run();
await fillShop(rhythm);
for (let nth = 9; nth < 16; nth++) await oneOrder(rhythm, nth);
await until(async () =>
  (await rhythm.executions.query({ target: "onboard_customer", status: "suspended" })).executions.length >= 8
);
await until(async () => (await rhythm.failures.list()).length >= 4);
await until(async () =>
  (await rhythm.executions.query({ type: "workflow", status: "pending", limit: 1 })).executions.length === 0
);

// Workers send their counts with their heartbeats.
await until(async () => (await rhythm.flows.heat("ship_order")).lines.some(({ failed }) => failed > 0));

const { executions } = await rhythm.executions.query({ target: "onboard_customer", status: "suspended" });
const browser = await openBrowser();
for (const scheme of ["light", "dark"] as const) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 760 },
    colorScheme: scheme,
    locale: "en-GB",
  });
  const page = await context.newPage();
  await page.goto(`${worker.url}/`);
  await page.getByLabel("Token").fill(worker.token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${worker.url}/executions/${executions[0]!.id}`);
  await page.locator("li.lit").waitFor();
  await shoot(page, `dashboard-execution-${scheme}`);
  if (scheme === "light") {
    await page.goto(`${worker.url}/executions?q=type:workflow`);
    await page.getByRole("table").waitFor();
    await shoot(page, "dashboard-executions");
    await page.goto(`${worker.url}/flows/ship_order`);
    await page.locator(".heat .bad", { hasText: /\d/ }).waitFor();
    await shoot(page, "dashboard-flow");
    await people(page);
  }
}
await worker.stop();
await dev();
await browser.close();

/** Who may do what, who did what, and a query. */
async function people(page: Page): Promise<void> {
  await rhythm.tokens.create("ada", { role: "operator", expiresAt: new Date(Date.now() + 90 * 86_400_000) });
  await rhythm.tokens.create("support", { role: "viewer", metadataOnly: true });
  await rhythm.tokens.create("deploy", { role: "deployer" });
  const ada = rhythm.as("ada");
  await ada.queues.pause("imports", { reason: "the provider is down" });
  await ada.queues.configure("payments", { concurrency: 20 });
  await ada.queues.resume("imports");
  await page.goto(`${worker.url}/tokens`);
  await page.getByRole("row", { name: /support/ }).waitFor();
  await shoot(page, "dashboard-tokens");
  await page.goto(`${worker.url}/audit`);
  await page.getByRole("row", { name: /the provider is down/ }).waitFor();
  await shoot(page, "dashboard-audit");
  await page.goto(`${worker.url}/sql`);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("heading", { name: "Result" }).waitFor();
  await shoot(page, "dashboard-sql");
}

/** A flow in the editor of `rhythm dev`, with a run that waits. */
async function dev(): Promise<void> {
  await using made = await project(DEV);
  const child = start(["dev"], { cwd: made.path });
  const [out, err] = [new Output(child.stdout), new Output(child.stderr)];
  try {
    await out.until("  tasks  ");
    const [, url, code] = /(http:\/\/127\.0\.0\.1:\d+)\/#([0-9a-f-]{36})/.exec(out.text)!;
    const context = await browser.newContext({ viewport: { width: 1440, height: 760 }, locale: "en-GB" });
    const page = await context.newPage();
    await page.goto(`${url}/#${code}`);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goto(`${url}/dev?file=flows/onboard.flow`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("dialog").getByLabel("customer").fill("Ada");
    await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
    await page.getByRole("button", { name: "Push the clock to it" }).click();
    await page.locator(".editor .lit", { hasText: "Signal.next" }).waitFor();
    await page.locator(".toast").waitFor({ state: "detached" });
    await shoot(page, "dashboard-dev");
  } finally {
    child.kill("SIGINT");
    child.kill("SIGINT");
    await child.status;
    await Promise.all([out.end(), err.end()]);
  }
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.getByText("live", { exact: true }).waitFor();
  const path = new URL(`../docs/images/${name}.png`, import.meta.url).pathname;
  await page.screenshot({ path });
  console.log(path);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 200));
}
