/** The screen Dev of `rhythm dev`, in a browser. It is skipped where no Chromium is found. */
import { Buffer } from "node:buffer";
import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import type { Page } from "playwright-core";
import { Output, project, rhythm, start } from "../cli/support.ts";
import { until } from "../support/until.ts";
import { executable, openBrowser, openPage, violations } from "./chromium.ts";

const FLOW = `\`\`\`
name: order
input: { type: object, required: [id], properties: { id: { type: integer } } }
\`\`\`
const { id } = Inputs
const price = await Task.run("price", { id })
await Timer.delay("7d")
const { by } = await Signal.next("approval")
return { price, by }
`;
const FILES = {
  "flows/order.flow": FLOW,
  "flows/deep/other.flow": "return 1\n",
  "tasks.ts": `import { task } from "@rhythm/core";
export const price = task({ name: "price" }, ({ id }: { id: number }) => id * 2);
`,
  "rhythm.json": '{ "port": 0 }\n',
};

Deno.test({
  name: `the screen Dev in a browser${executable === undefined ? " (skipped: no Chromium was found)" : ""}`,
  ignore: executable === undefined,
  // The browser's process and pipes are closed at the end, as a whole.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (t) => {
  await using made = await project(FILES);
  await Deno.writeTextFile(`${made.path}/secret.txt`, "secret");
  const child = start(["dev"], { cwd: made.path });
  const [out, err] = [new Output(child.stdout), new Output(child.stderr)];
  await out.until("  tasks  ").catch((error) => {
    throw new Error(`rhythm dev did not start: ${err.text}`, { cause: error });
  });
  const [, url, code] = /(http:\/\/127\.0\.0\.1:\d+)\/#([0-9a-f-]{36})/.exec(out.text)!;
  const run = (...args: string[]): Promise<string> => rhythm(args, { cwd: made.path }).then((ran) => ran.out);
  const onDisk = (path: string): Promise<string> => Deno.readTextFile(`${made.path}/${path}`);
  const browser = await openBrowser();
  try {
    const { page, complaints } = await openPage(browser);
    const quiet = (): void => equal(complaints, []);
    page.context().setDefaultTimeout(20_000);
    const editor = page.locator(".editor .cm-content");
    const type = async (text: string): Promise<void> => {
      await editor.click();
      await page.keyboard.press("Control+A");
      await page.keyboard.insertText(text);
    };

    await t.step(
      "the link lets in, and the keyboard leads to a flow; nothing breaks the content policy",
      async () => {
        await page.goto(`${url}/#${code}`);
        await page.getByRole("heading", { name: "Overview" }).waitFor();
        await page.keyboard.press("g");
        await page.keyboard.press("v");
        await page.getByRole("heading", { name: "Dev" }).waitFor();
        await page.getByRole("link", { name: "flows/order.flow" }).press("Enter");
        await editor.getByText("Signal.next").waitFor();
        same(new URL(page.url()).searchParams.get("file"), "flows/order.flow");
        // It has its style: behind its root, where the policy lets it be adopted.
        same(
          await page.evaluate(`document.querySelector(".editor").shadowRoot.adoptedStyleSheets.length > 0`),
          true,
        );
        same(await page.evaluate(`document.querySelectorAll("style, [style*=cm]").length`), 0);
        await page.getByText("No problems").waitFor();
        quiet();
      },
    );

    await t.step("what is wrong is told while one types, and leads to its place", async () => {
      await type(FLOW.replace('"price"', '"prize"').replace("const { by }", "const { by, by }"));
      const problems = page.getByRole("status", { name: "Problems" });
      await problems.getByText(/no task .*prize|prize/).first().waitFor();
      const first = problems.getByRole("button").filter({ hasText: "error" }).first();
      await first.waitFor();
      match(await first.innerText(), /8:\d+ error F\d+/);
      await page.locator(".editor .cm-lint-marker-error").waitFor();
      await first.click();
      same(
        await page.evaluate(
          `document.querySelector(".editor").shadowRoot.querySelector(".cm-activeLine").textContent`,
        ),
        'const { by, by } = await Signal.next("approval")',
      );
      same(await onDisk("flows/order.flow"), FLOW);
      await page.getByText("● not saved").waitFor();
      equal(await violations(page), []);
      // What is not saved stays while one looks at something else.
      await page.getByRole("link", { name: "flows/deep/other.flow" }).click();
      await editor.getByText("return 1").waitFor();
      await page.getByRole("link", { name: /flows\/order\.flow/ }).click();
      await editor.getByText("by, by").waitFor();
      quiet();
    });

    await t.step("Ctrl S writes the file, and rhythm dev loads it", async () => {
      const next = FLOW.replace("return { price, by }", "return { price, by, version: 2 }");
      await type(next);
      await page.getByText("No problems").waitFor();
      await page.keyboard.press("Control+s");
      await page.getByText("version 2", { exact: true }).waitFor();
      same(await onDisk("flows/order.flow"), next);
      await out.until("flow order is version 2 now");
      quiet();
    });

    await t.step(
      "it runs with inputs, its line is lit, the clock is pushed, and its signal is answered",
      async () => {
        await page.keyboard.press("Control+Enter");
        await page.getByRole("dialog").getByLabel("id", { exact: true }).fill("21");
        await page.getByRole("dialog").getByRole("button", { name: "Start" }).press("Enter");
        await page.locator(".editor .lit", { hasText: "Timer.delay" }).waitFor();
        const panel = page.getByRole("region", { name: "Run" });
        await panel.getByRole("button", { name: "Push the clock to it" }).click();
        await page.locator(".editor .lit", { hasText: "Signal.next" }).waitFor();
        await page.locator(".pill.pushed").getByText(/clock \+(7 d|6 d 23 h)/).waitFor();
        await panel.getByLabel(/Answer approval/).fill("{");
        await panel.getByRole("button", { name: "Send approval" }).click();
        await panel.getByRole("alert").getByText("not JSON").waitFor();
        await panel.getByLabel(/Answer approval/).fill('{"by": "ada"}');
        await panel.getByRole("button", { name: "Send approval" }).click();
        await panel.getByText("completed", { exact: true }).waitFor();
        const output = await panel.locator(".json").innerText();
        for (const one of [/price:\s42/, /by:\s"ada"/, /version:\s2/]) match(output, one);
        same(await page.locator(".editor .lit").count(), 0);
        // Times on all pages are those of the pushed clock.
        await panel.getByRole("link", { name: "All of it" }).click();
        await page.locator(".title").getByText(/(now|\d+ s ago), after 7 d|after 6 d 23 h/).waitFor();
        await page.goBack();
        quiet();
      },
    );

    await t.step("the clock is pushed by a duration, and a wrong one is refused", async () => {
      const panel = page.getByRole("region", { name: "Clock" });
      await panel.getByLabel("Push it by").fill("a while");
      await panel.getByRole("button", { name: "Push", exact: true }).click();
      await page.locator(".toast.bad").getByText("Expected how far").waitFor();
      match(complaints.splice(0).join(), /400/);
      await panel.getByLabel("Push it by").fill("3d");
      await panel.getByLabel("Push it by").press("Enter");
      await page.locator(".toast").getByText("The clock is 3 d on").waitFor();
      await page.locator(".pill.pushed").getByText(/clock \+(10 d|9 d 23 h)/).waitFor();
      quiet();
    });

    await t.step(
      "a file that changed on disk is shown; one that was typed in, too, is not lost",
      async () => {
        await Deno.writeTextFile(`${made.path}/flows/order.flow`, FLOW.replace("7d", "8d"));
        await editor.getByText('"8d"').waitFor();
        await type(FLOW.replace("7d", "9d"));
        await Deno.writeTextFile(`${made.path}/flows/order.flow`, FLOW.replace("7d", "10d"));
        await page.getByRole("alert").getByText("changed on disk, too").waitFor();
        await page.keyboard.press("Control+s");
        await page.locator(".toast.bad").getByText("changed on disk since it was read").waitFor();
        match(complaints.splice(0).join(), /409/);
        same(await onDisk("flows/order.flow"), FLOW.replace("7d", "10d"));
        await page.getByRole("button", { name: "Save mine over it" }).click();
        await page.getByText("changed on disk, too").waitFor({ state: "detached" });
        same(await onDisk("flows/order.flow"), FLOW.replace("7d", "9d"));
        quiet();
      },
    );

    await t.step("a new flow is made, and its errors do not stop the one before", async () => {
      await page.getByRole("button", { name: "New", exact: true }).click();
      await page.getByLabel("Name").fill("../outside");
      await page.getByRole("button", { name: "Create it" }).click();
      await page.getByRole("dialog").getByRole("alert").getByText("Cannot use").waitFor();
      match(complaints.splice(0).join(), /403/);
      await page.getByLabel("Name").fill("greet");
      await page.getByRole("button", { name: "Create it" }).click();
      await editor.getByText("Signal.next").waitFor();
      await page.getByText("version 1", { exact: true }).waitFor();
      await type("return 1 +\n");
      await page.getByRole("button", { name: "Save and run" }).click();
      await page.locator(".toast.bad").getByText("has errors").waitFor();
      same(await onDisk("flows/greet.flow"), "return 1 +\n");
      quiet();
    });

    await t.step(
      "a run that was exported elsewhere becomes a frozen copy, and its steps can be gone through",
      async () => {
        const id = (await run("start", "order", '{"id": 4}')).trim();
        await until(async () => /suspended/.test(await run("list", "--target", "order", "-s", "suspended")));
        const file = `${made.path}/run.json`;
        await Deno.writeTextFile(file, await run("export", id));
        // It comes from elsewhere: here is nothing of it.
        await run("cancel", id);
        const { token } = JSON.parse(await onDisk(".rhythm/dev.json"));
        const gone = await fetch(`${url}/api/executions/${id}`, {
          method: "DELETE",
          headers: { authorization: `Bearer ${token}` },
        });
        same((await gone.json()).deleted, 2);
        const chooser = page.getByLabel(/A file of rhythm export/);
        await chooser.setInputFiles({
          name: "x.json",
          mimeType: "application/json",
          buffer: Buffer.from("{"),
        });
        await page.locator(".toast.bad").getByText("x.json is no JSON").waitFor();
        await chooser.setInputFiles(file);
        await page.getByText("a copy from elsewhere").waitFor();
        same(new URL(page.url()).searchParams.get("step"), "1");
        await page.locator("li.lit", { hasText: "price" }).waitFor();
        await page.keyboard.press("ArrowRight");
        await page.locator("li.lit", { hasText: "Timer.delay" }).waitFor();
        quiet();
      },
    );

    await t.step(
      "it is for the token of rhythm dev alone: a token of the database has no such screen",
      async () => {
        const token = /rhythm_[0-9a-f]{64}/.exec(await run("token", "create", "vera", "--role", "admin"))![0];
        const headers = { authorization: `Bearer ${token}` };
        for (const path of ["dev/file?path=flows/order.flow", "pages/dev"]) {
          const response = await fetch(`${url}/api/${path}`, { headers });
          await response.body?.cancel();
          same(response.status, 403, path);
        }
        const { page: hers, complaints: her } = await openPage(browser);
        await hers.goto(`${url}/dev`);
        await hers.getByLabel("Token").fill(token);
        await hers.getByRole("button", { name: "Log in" }).click();
        await hers.getByText("Only rhythm dev has this screen").waitFor();
        same(await hers.getByRole("navigation").getByRole("link", { name: "Dev" }).count(), 0);
        equal(her, []);
        await hers.context().close();
      },
    );

    await t.step("it is accessible in light and dark, and fits 360, 1280 and 2560 px", async () => {
      const faults: string[] = [];
      await page.goto(`${url}/dev?file=flows/greet.flow`);
      await page.getByRole("status", { name: "Problems" }).getByRole("button").first().waitFor();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of [360, 1280, 2560]) {
          await page.setViewportSize({ width, height: 900 });
          const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          if (over as number > 0) faults.push(`${over} px too wide at ${width}`);
          if (width !== 2560) faults.push(...await violations(page));
          await picture(page, `dev-${colorScheme}-${width}`);
        }
      }
      equal(faults, []);
      quiet();
    });
    ok(!out.text.includes("error:") || out.text.includes("greet.flow"), out.text);
  } finally {
    await browser.close();
    child.kill("SIGINT");
    child.kill("SIGINT");
    await child.status;
    await Promise.all([out.end(), err.end()]);
  }
});

// For whoever wants to look at it.
async function picture(page: Page, name: string): Promise<void> {
  const folder = Deno.env.get("RHYTHM_TEST_PICTURES");
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}
