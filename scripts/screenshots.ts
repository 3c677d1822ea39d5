/**
 * Makes the pictures of the dashboard in the docs, of the shop that `deno task demo --dashboard` runs. It needs Chromium.
 *
 *     deno task screenshots
 *
 * @module
 */
import type { Page } from "playwright-core";
import { fillShop, oneOrder, openShop } from "../examples/demo/dashboard.ts";
import { executable, openBrowser } from "../tests/dashboard/chromium.ts";

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
  }
}
await browser.close();
await worker.stop();

async function shoot(page: Page, name: string): Promise<void> {
  await page.getByText("live", { exact: true }).waitFor();
  const path = new URL(`../docs/images/${name}.png`, import.meta.url).pathname;
  await page.screenshot({ path });
  console.log(path);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 200));
}
