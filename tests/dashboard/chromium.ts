import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

/** Where Chromium is on this machine; RHYTHM_TEST_CHROMIUM names another one. Nothing: there is none. */
export const executable: string | undefined = [
  Deno.env.get("RHYTHM_TEST_CHROMIUM"),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && path !== "" && exists(path));

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Starts the browser. Slow machines get the time that they need. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: executable!,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    timeout: 120_000,
  });
}

/** A page, and everything that it complains of. */
export async function openPage(browser: Browser): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB" });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    // Violations of the content policy are among them.
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, complaints };
}

/** Goes to an address of the dashboard as its links do: without loading all of it again. */
export async function visit(page: Page, url: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, "", ${JSON.stringify(url)}); dispatchEvent(new PopStateEvent("popstate"));
    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`,
  );
}

/**
 * What axe finds wrong with a page, by all rules or one: the rule, and where. It does not load style sheets beforehand, as no rule that it
 * runs needs them: it would copy those behind shadow roots into elements that the content policy forbids.
 */
export async function violations(page: Page, rule?: string): Promise<string[]> {
  if (await page.evaluate("window.axe === undefined")) await page.evaluate(axe.source);
  const found = await page.evaluate(
    `(async () => {
      const { violations } = await axe.run(document, { preload: false, resultTypes: ["violations"]${
      rule === undefined ? "" : `, runOnly: [${JSON.stringify(rule)}]`
    } });
      return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ": " + target.join(" ") + ": " + failureSummary));
    })()`,
  );
  return found as string[];
}
