/** Tokens, audit, the SQL console and what a role may not do, in a browser. */
import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import { task } from "../../mod.ts";
import { onEmbedded, testApp } from "../app/support.ts";
import { until } from "../support/until.ts";
import { executable, openBrowser, openPage, violations, visit } from "./chromium.ts";

const FLOW = `const { orderId } = Inputs
const price = await Task.run("price_of", { orderId })
const { by } = await Signal.next("approval")
return { orderId, price, by }
`;

Deno.test({
  name: `rights in the dashboard${executable === undefined ? " (skipped: no Chromium was found)" : ""}`,
  ignore: executable === undefined,
  // The browser's process and pipes are closed at the end, as a whole.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (t) => {
  const priceOf = task({ name: "price_of" }, () => 12);
  const charge = task({ name: "charge" }, () => {
    throw new TypeError("Cannot charge card 1234");
  });
  const flows = [{ name: "approve", source: FLOW }];
  await using app = await testApp({ tasks: [priceOf, charge], flows });
  const { rhythm } = app;
  app.work();
  const approve = await rhythm.workflows.start("approve", { orderId: 1042 });
  await rhythm.tasks.queue("charge", {});
  const mail = await rhythm.tasks.queue("price_of", {}, { queue: "mail" });
  await until(async () => (await rhythm.executions.get(approve))!.status === "suspended");
  await until(async () => (await rhythm.failures.list()).length > 0);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => rhythm.fetch(request),
  );
  const base = `http://127.0.0.1:${server.addr.port}`;
  const browser = await openBrowser();
  const viewer = `console_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
  try {
    const enter = async (token: string): Promise<Awaited<ReturnType<typeof openPage>>> => {
      const opened = await openPage(browser);
      await opened.page.goto(base);
      await opened.page.getByLabel("Token").fill(token);
      await opened.page.getByRole("button", { name: "Log in" }).click();
      await opened.page.getByRole("heading", { name: "Overview" }).waitFor();
      return opened;
    };

    const { page, complaints } = await enter(rhythm.token);
    const quiet = (): void => equal(complaints, []);

    await t.step("an admin makes a token, which is shown once", async () => {
      await visit(page, `${base}/tokens`);
      await page.getByText("There is only the shared token").waitFor();
      await page.getByRole("button", { name: "New token" }).click();
      await page.getByLabel("Name").fill("vera");
      await page.getByRole("radio", { name: /viewer/ }).check();
      equal(await violations(page), []);
      await page.getByRole("button", { name: "Make it" }).click();
      const shown = page.locator("code.secret");
      await shown.waitFor();
      const token = await shown.innerText();
      match(token, /^rhythm_[0-9a-f]{64}$/);
      await page.getByRole("row", { name: /vera.*viewer/ }).waitFor();
      await page.getByRole("button", { name: "Done" }).click();
      equal((await page.content()).includes(token), false);
      quiet();

      const { page: hers, complaints: her } = await enter(token);
      for (
        const [path, acts] of [
          [`executions/${approve.id}`, ["Fork", "Edit variables", "Pause", "Cancel", "Send signal"]],
          [`executions/${mail.id}`, ["Change", "Pause", "Cancel"]],
          ["queues/mail", ["Pause", "Change limits"]],
          ["schedules", ["New schedule"]],
          ["failures", ["Set state"]],
        ] as [string, string[]][]
      ) {
        await visit(hers, `${base}/${path}`);
        await hers.locator("main h1").waitFor();
        for (const name of acts) {
          const button = hers.getByRole("button", { name, exact: true }).first();
          await button.waitFor();
          same(await button.getAttribute("aria-disabled"), "true", `${path}: ${name}`);
          match(await button.getAttribute("title") ?? "", /^This needs the role .*"vera" is a viewer$/);
        }
      }
      equal(her, []);
      await hers.getByRole("button", { name: "Set state" }).first().press("Enter");
      await hers.locator(".toast").getByText("This needs the role operator or admin").waitFor();
      same(await hers.getByRole("dialog").count(), 0);
      for (const path of ["audit", "tokens"]) {
        await visit(hers, `${base}/${path}`);
        await hers.getByRole("alert").getByText(/This needs the role .*admin; "vera" is a viewer/).waitFor();
      }
      // The browser itself reports the refusals.
      ok(her.splice(0).every((text) => /403/.test(text)));
      equal(await violations(hers), []);
      await hers.context().close();
    });

    await t.step(
      "an operator may act on executions, a deployer may deploy, and neither may do the other's",
      async () => {
        const may: Record<"operator" | "deployer", [path: string, name: string, may: boolean][]> = {
          operator: [
            [`executions/${approve.id}`, "Cancel", true],
            ["workers", "Drain", true],
            ["queues/mail", "Pause", true],
            ["queues/mail", "Change limits", false],
            ["schedules", "New schedule", false],
          ],
          deployer: [
            [`executions/${approve.id}`, "Cancel", true],
            [`executions/${approve.id}`, "Fork", false],
            ["workers", "Drain", false],
            ["queues/mail", "Pause", false],
            ["queues/mail", "Change limits", true],
            ["schedules", "New schedule", true],
          ],
        };
        for (const role of ["operator", "deployer"] as const) {
          const { page: theirs, complaints: them } = await enter(await rhythm.tokens.create(role, { role }));
          for (const [path, name, isAllowed] of may[role]) {
            await visit(theirs, `${base}/${path}`);
            const button = theirs.locator("main").getByRole("button", { name, exact: name !== "Drain" })
              .first();
            await button.waitFor();
            const shut = await button.getAttribute("aria-disabled");
            same(shut, isAllowed ? null : "true", `${role}, ${path}: ${name}`);
          }
          equal(them, []);
          await theirs.context().close();
        }
      },
    );

    await t.step("metadata only: values are hidden, names and states are not", async () => {
      const token = await rhythm.tokens.create("mina", { role: "operator", metadataOnly: true });
      const { page: hers, complaints: her } = await enter(token);
      await visit(hers, `${base}/executions/${approve.id}`);
      await hers.locator("li.lit").waitFor();
      await hers.getByText("price = hidden").first().waitFor();
      equal((await hers.content()).includes("1042"), false);
      await visit(hers, `${base}/failures`);
      await hers.getByText("Its message is hidden").first().waitFor();
      await visit(hers, `${base}/executions?q=status:failed&group=error`);
      await hers.getByText("charge · TypeError (its message is hidden)").waitFor();
      equal((await hers.content()).includes("Cannot charge"), false);
      equal(her, []);
      await hers.context().close();
    });

    await t.step("the audit shows who did what and what changed, and leads there", async () => {
      await rhythm.as("ada").executions.change(mail, { priority: 7 });
      await visit(page, `${base}/audit?kind=execution`);
      await page.getByRole("row", { name: /ada.*change/ }).waitFor();
      await rhythm.as("ada").queues.configure("mail", { concurrency: 3 });
      await rhythm.as("ada").queues.pause("mail", { reason: "<b>night</b>" });
      await visit(page, `${base}/audit?kind=queue`);
      const line = page.getByRole("row", { name: /ada.*pause.*mail.*night/ });
      await line.waitFor();
      await page.getByRole("button", { name: "{ concurrency: 3 }" }).click();
      await page.locator("button[aria-expanded=true]").getByText("{ concurrency: 3 }").waitFor();
      await line.getByRole("link", { name: "ada" }).click();
      await page.getByRole("link", { name: "Without by ada" }).waitFor();
      same(new URL(page.url()).searchParams.get("by"), "ada");
      await line.getByRole("link", { name: "mail" }).click();
      await page.getByRole("heading", { name: "mail" }).waitFor();
      quiet();
    });

    await t.step("the SQL console says what it needs, and then runs a query", async () => {
      await visit(page, `${base}/sql`);
      const needs = page.getByText("The console needs a login of its own");
      if (!onEmbedded) {
        await needs.waitFor();
        await page.getByText("set RHYTHM_VIEWER_DATABASE_URL").waitFor();
        same(await page.getByRole("button", { name: "Run" }).isDisabled(), true);
        quiet();
        await app.database.database.script(
          `create role ${viewer} login password 'p'; grant rhythm_viewer to ${viewer}`,
        );
        const url = new URL(app.database.url);
        url.username = viewer;
        url.password = "p";
        Deno.env.set("RHYTHM_VIEWER_DATABASE_URL", url.href);
        await page.reload();
        await page.getByRole("button", { name: "Run" }).and(page.locator(":enabled")).waitFor();
      }
      await page.getByLabel("Query").fill("select 1 as one, '<b>x</b>' as html, '=a,\"b\"' as odd");
      await page.keyboard.press("Control+Enter");
      await page.getByRole("cell", { name: "<b>x</b>" }).waitFor();
      await page.getByLabel("Save this one as").fill("mine");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("button", { name: "Forget mine" }).waitFor();
      const csv = page.waitForEvent("download");
      await page.getByRole("button", { name: "Download CSV" }).click();
      same(await Deno.readTextFile(await (await csv).path()), 'one,html,odd\r\n1,<b>x</b>,"\'=a,""b"""\r\n');
      await page.getByLabel("Query").fill("delete from rhythm.setting");
      await page.keyboard.press("Control+Enter");
      await page.getByRole("alert").waitFor();
      complaints.splice(0);
    });

    await t.step("their screens are accessible in light and dark, and fit 360 and 2560 px", async () => {
      const faults: string[] = [];
      for (const path of ["audit", "tokens", "sql"]) {
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.emulateMedia({ colorScheme: "light" });
        await visit(page, `${base}/${path}`);
        await page.locator("main .panel:not(.loading)").first().waitFor();
        faults.push(...(await violations(page)).map((fault) => `${path}, light: ${fault}`));
        await page.emulateMedia({ colorScheme: "dark" });
        faults.push(...(await violations(page, "color-contrast")).map((fault) => `${path}, dark: ${fault}`));
        for (const width of [360, 2560]) {
          await page.setViewportSize({ width, height: 800 });
          const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          if (over as number > 0) faults.push(`${path}: ${over} px too wide at ${width}`);
        }
      }
      equal(faults, []);
      quiet();
    });
  } finally {
    Deno.env.delete("RHYTHM_VIEWER_DATABASE_URL");
    if (!onEmbedded) {
      await app.database.database.script(
        `do $$ begin if exists (select from pg_roles where rolname = '${viewer}') then drop owned by ${viewer}; drop role ${viewer}; end if; end $$`,
      );
    }
    await browser.close();
    await server.shutdown();
  }
});
