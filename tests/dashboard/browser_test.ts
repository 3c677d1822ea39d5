/** The dashboard in a browser. It is skipped where no Chromium is found: RHYTHM_TEST_CHROMIUM names one. */
import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import type { Page } from "playwright-core";
import { task } from "../../mod.ts";
import { testApp } from "../app/support.ts";
import { until } from "../support/until.ts";
import { executable, openBrowser, openPage, violations, visit } from "./chromium.ts";

const TOKEN = "a token for the tests";
const BASE = "/ops/rhythm";
const HOSTILE = {
  html: "<img src=x onerror='window.hit=1'><script>window.hit=2</script>",
  turned: "abc\u202edcba, zero\u200bwidth",
  long: "x".repeat(500_000),
  deep: JSON.parse(`${"[".repeat(100)}1${"]".repeat(100)}`),
};
const STAND = `\`\`\`
name: stand
input: { type: object, required: [count], properties: { count: { type: integer, minimum: 1 }, plan: { enum: [free, pro] } } }
\`\`\`
await Signal.next("go")
return 1
`;
const FLOWS = [
  { name: "stand", source: STAND },
  {
    name: "approve",
    source: "```\nname: approve\nindex: [orderId]\n```\n" + `const { orderId } = Inputs
const price = await Task.run("price_of", { orderId })
const limit = price > 10 ? 10 : 5
const { by } = await Signal.next("approval")
return { orderId, price, by }
`,
  },
  {
    name: "choose",
    source: `const { amount } = Inputs
const limit = amount > 10 ? 5 : 10
await Signal.next(limit > 5 ? "small" : "large")
return limit
`,
  },
  {
    name: "odd",
    source: `await Signal.next("never")\nreturn 1\n`,
  },
];

Deno.test({
  name: `the dashboard in a browser${executable === undefined ? " (skipped: no Chromium was found)" : ""}`,
  ignore: executable === undefined,
  // The browser's process and pipes are closed at the end, as a whole.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (t) => {
  let isBroken = true;
  const priceOf = task({ name: "price_of" }, (_: { orderId: number }, ctx) => {
    ctx.log.info("priced", { html: "<b>12</b>" });
    return 12;
  });
  const charge = task({ name: "charge" }, () => {
    if (isBroken) throw new TypeError("Cannot charge card 1234 <script>window.hit=3</script>");
    return "charged";
  });
  await using app = await testApp({ tasks: [priceOf, charge], flows: FLOWS, token: TOKEN });
  const { rhythm } = app;
  app.work();
  const approve = await rhythm.workflows.start("approve", { orderId: 1042 });
  const odd = await rhythm.workflows.start("odd", HOSTILE);
  for (const card of [1, 2, 3]) await rhythm.tasks.queue("charge", { card });
  await until(async () => {
    const { executions } = await rhythm.executions.query();
    const [kind] = await rhythm.failures.list();
    return executions.every(({ status }) => status !== "pending" && status !== "running") &&
      kind?.count === 3;
  });

  // No worker takes from this queue.
  const mails = { queue: "mail", concurrencyKey: "<img src=x onerror='window.hit=4'>" };
  await rhythm.tasks.queue("price_of", { orderId: 1 }, mails);

  const serve = (port: number, signal?: AbortSignal): Deno.HttpServer<Deno.NetAddr> =>
    Deno.serve(
      { port, hostname: "127.0.0.1", onListen: () => {}, signal },
      (request) => rhythm.fetch(request, { basePath: BASE }),
    );
  const plug = new AbortController();
  let server = serve(0, plug.signal);
  const base = `http://127.0.0.1:${server.addr.port}${BASE}`;
  const browser = await openBrowser();
  try {
    const { page, complaints } = await openPage(browser);
    const quiet = (): void => equal(complaints, []);

    await t.step(
      "a wrong token is refused, and the right one lets in; scripts cannot read the session",
      async () => {
        await page.goto(base);
        await page.getByLabel("Token").fill("another");
        await page.getByRole("button", { name: "Log in" }).click();
        await page.getByRole("alert").getByText("not the right token").waitFor();
        // The browser itself reports the refusal.
        match(complaints.splice(0).join(), /401/);
        equal(await violations(page), []);
        await page.getByLabel("Token").fill(TOKEN);
        await page.getByRole("button", { name: "Log in" }).click();
        await page.getByRole("heading", { name: "Overview" }).waitFor();
        same(await page.evaluate("document.cookie"), "");
        await page.getByText("live", { exact: true }).waitFor();
        quiet();
      },
    );

    await t.step("a search leads to an execution by the keyboard alone, and Back comes back", async () => {
      await page.keyboard.press("/");
      await page.keyboard.type("flow:approve orderId:1042");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "approve", exact: true }).waitFor();
      same(await page.getByRole("row").count(), 2);
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "approve", exact: true }).waitFor();
      match(page.url(), new RegExp(`${BASE}/executions/${approve.id}$`));
      await page.goBack();
      await page.getByRole("heading", { name: "Executions" }).waitFor();
      same(new URL(page.url()).searchParams.get("q"), "flow:approve orderId:1042");
      await visit(page, `${base}/executions?q=statuss:x age:2`);
      await page.getByText("Write an age as").waitFor();
      quiet();
    });

    await t.step(
      "an execution shows the line where it stands, values beside the lines that made them, and why",
      async () => {
        await visit(page, `${base}/executions/${approve.id}`);
        const lit = page.locator("li.lit");
        await lit.waitFor();
        match(await lit.innerText(), /const \{ by \} = await Signal\.next\("approval"\)/);
        const made = page.locator(".code li", { has: page.locator(".value") });
        match((await made.allInnerTexts()).join("\n"), /price_of.*\s+price = 12[\s\S]*limit = 10/);
        await page.getByText('It waits in line 8 for signal "approval"').waitFor();
        quiet();
      },
    );

    await t.step("steps can be gone through, and are in the address", async () => {
      await page.keyboard.press("ArrowLeft");
      await page.locator("li.lit", { hasText: "price_of" }).waitFor();
      same(new URL(page.url()).searchParams.get("step"), "1");
      await page.reload();
      await page.locator("li.lit", { hasText: "price_of" }).waitFor();
      await page.keyboard.press("End");
      await page.locator("li.lit", { hasText: "approval" }).waitFor();
      same(new URL(page.url()).search, "");
      quiet();
    });

    await t.step(
      "a variable is edited, and a signal approves by hand; the page follows by itself",
      async () => {
        await page.getByRole("button", { name: "Edit variables" }).click();
        await page.getByRole("textbox", { name: "price" }).fill("twelve");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByRole("alert").getByText("is not JSON").waitFor();
        await page.getByRole("textbox", { name: "price" }).fill("13");
        await page.getByLabel("Why").fill("a discount");
        await page.getByRole("button", { name: "Save" }).click();
        await page.locator(".code .value", { hasText: "price = 13" }).waitFor();
        await page.getByRole("button", { name: "Send signal" }).click();
        same(await page.getByLabel("Signal", { exact: true }).inputValue(), "approval");
        await page.getByLabel("Payload").fill('{"by": "grace"}');
        await page.getByRole("button", { name: "Send", exact: true }).click();
        await page.locator(".title .state.completed").waitFor();
        await page.getByRole("tab", { name: "Output" }).click();
        await page.locator(".json", { hasText: '"grace"' }).waitFor();
        equal(await approve.result(), { orderId: 1042, price: 13, by: "grace" });
        quiet();
      },
    );

    await t.step("hostile names, payloads and errors are shown, and do nothing", async () => {
      await visit(page, `${base}/executions/${odd.id}?tab=input`);
      await page.getByRole("heading", { name: "odd", exact: true }).waitFor();
      await page.getByRole("button", { name: "Load it" }).click();
      const shown = page.locator(".json");
      await shown.getByText("onerror").waitFor();
      match(await shown.innerText(), /abc\\u202edcba, zero\\u200bwidth/);
      await page.getByText("show all 500 kB").waitFor();
      await page.goto(`${base}/_components`);
      await page.getByRole("heading", { name: "Hostile values" }).waitFor();
      same(await page.evaluate("window.hit"), undefined);
      quiet();
    });

    await t.step("what failed at the same place is retried by an operation, which is watched", async () => {
      await visit(page, `${base}/failures`);
      await page.getByText("TypeError").waitFor();
      match(await page.locator(".kind").innerText(), /Cannot charge card # <script>/);
      isBroken = false;
      await page.getByRole("button", { name: "Retry all" }).click();
      await page.getByRole("button", { name: "Retry", exact: true }).click();
      await page.getByRole("heading", { name: "Retry" }).waitFor();
      await page.locator(".title .state.completed").waitFor();
      same(await page.locator(".figures b").first().innerText(), "3");
      same(await page.evaluate("window.hit"), undefined);
      quiet();
    });

    await t.step("chosen executions are cancelled", async () => {
      await visit(page, `${base}/executions?q=status:waiting`);
      await page.getByLabel("Choose all on this page").check();
      await page.getByRole("region", { name: "What to do" }).getByRole("button", { name: "Cancel" }).click();
      await page.getByLabel("Why").fill("a test");
      await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
      await page.getByText("Nothing fits this search").waitFor();
      same((await odd.get()).cancelReason, "a test");
      quiet();
    });

    await t.step("what has not begun is changed, one and many; its page shows its keys", async () => {
      const waits = { delay: "2h", expires: "1d", unique: { key: "order 7", while: "queued" } } as const;
      const one = await rhythm.tasks.queue("price_of", { orderId: 7 }, waits);
      const other = await rhythm.tasks.queue("price_of", { orderId: 8 }, { delay: "3h" });
      await visit(page, `${base}/executions/${one.id}`);
      const keys = page.getByRole("region", { name: "Keys" });
      await keys.getByText("order 7").waitFor();
      match(await keys.innerText(), /until it begins · held by this one/);
      await page.getByRole("button", { name: "Change", exact: true }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Change" }).click();
      await page.getByText("Enter what to change").waitFor();
      await page.getByLabel("Queue").fill("slow");
      await page.getByLabel("Priority").fill("5");
      await page.getByRole("dialog").getByRole("button", { name: "Change" }).click();
      await page.getByRole("link", { name: "queue slow" }).waitFor();
      equal(await violations(page), []);
      await visit(page, `${base}/executions?q=task:price_of status:pending`);
      for (const { id } of [one, other]) {
        await page.getByLabel(`Choose price_of ${id.slice(-8)}`).check();
      }
      const bulk = page.getByRole("region", { name: "What to do" });
      await bulk.getByRole("button", { name: "Change" }).click();
      await page.getByLabel("Run in").fill("4h");
      await page.getByRole("dialog").getByRole("button", { name: "Change" }).click();
      const inFour = Date.now() + 4 * 3_600_000;
      await until(async () => {
        const both = await Promise.all([rhythm.executions.get(one), rhythm.executions.get(other)]);
        return both.every((it) => Math.abs(Number(it!.runAt) - inFour) < 60_000);
      });
      const changed = await rhythm.executions.get(one);
      equal([changed!.queue, changed!.priority], ["slow", 5]);
      for (const it of [one, other]) await rhythm.executions.cancel(it);
      quiet();
    });

    await t.step("a queue gets limits and is paused; its keys have their own", async () => {
      await visit(page, `${base}/queues`);
      await page.getByRole("link", { name: "mail", exact: true }).click();
      await page.getByRole("button", { name: "Change limits" }).click();
      await page.getByLabel("Run at once", { exact: true }).fill("none");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("alert").waitFor();
      match(complaints.splice(0).join(), /400/);
      await page.getByLabel("Run at once", { exact: true }).fill("6");
      await page.getByLabel("Run at once of one key").fill("2");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("6 at once · a key: 2 at once").waitFor();
      const key = page.getByRole("row", { name: /<img src=x/ });
      match(await key.innerText(), /of\s2/);
      await key.getByRole("button", { name: "Pause" }).click();
      await page.getByLabel("Why").fill("complaints");
      await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
      await key.getByText("paused").waitFor();
      await page.getByRole("button", { name: "Pause", exact: true }).click();
      await page.getByLabel("Why").fill("<b>down</b>");
      await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
      await page.getByText("This queue is paused").waitFor();
      await page.getByText("<b>down</b>").waitFor();
      same(await page.evaluate("window.hit"), undefined);
      quiet();
    });

    await t.step("a schedule is set, shows its next ten times, and starts at once", async () => {
      await visit(page, `${base}/schedules`);
      await page.getByRole("button", { name: "New schedule" }).click();
      await page.getByLabel("Name", { exact: true }).fill("report");
      await page.getByLabel("Starts a").selectOption("task");
      await page.getByLabel("Its name").fill("price_of");
      await page.getByLabel("Time zone").fill("Europe/Berlin");
      await page.getByLabel("When").fill("0 9 * * *");
      await page.getByText(/Next: .*09:00 · .*09:00 · .*09:00/).waitFor();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("heading", { name: "report", exact: true }).waitFor();
      same(await page.getByRole("region", { name: "Next runs" }).getByText(/, 09:00/).count(), 10);
      await page.getByRole("button", { name: "Start now" }).click();
      await page.getByText("report started").waitFor();
      const { executions } = await rhythm.executions.query({ metadata: { schedule: "report" } });
      same(executions.length, 1);
      await page.getByRole("button", { name: "Back-fill" }).click();
      const local = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
      await page.getByLabel("From").fill(local(Date.now() - 3 * 86_400_000));
      await page.getByLabel("To").fill(local(Date.now() - 86_400_000));
      await page.getByRole("button", { name: "Start them" }).click();
      await page.getByText(/^2 times of report/).waitFor();
      quiet();
    });

    await t.step("a flow shows who stands in which line, has a gate, and is drawn", async () => {
      for (const count of [1, 2]) await rhythm.workflows.start("stand", { count });
      await visit(page, `${base}/flows`);
      await page.getByRole("link", { name: "stand", exact: true }).click();
      await page.locator(".heat li", { hasText: 'Signal.next("go")' }).getByText("◷ 2").waitFor();
      await page.keyboard.press("j");
      await page.getByRole("region", { name: "Line 5" }).waitFor();
      await page.getByRole("button", { name: "Set a gate here" }).click();
      await page.getByLabel("Why").fill("look first");
      await page.getByRole("button", { name: "Set it" }).click();
      await page.getByText("look first").waitFor();
      await page.getByRole("button", { name: "Remove" }).click();
      await page.getByRole("button", { name: "Set a gate here" }).waitFor();
      await page.getByRole("region", { name: "Line 5" }).getByRole("link", { name: "2", exact: true })
        .click();
      await page.getByRole("heading", { name: "Executions" }).waitFor();
      same(new URL(page.url()).searchParams.get("q"), "flow:stand version:1 line:5 status:waiting");
      await page.locator("tbody tr").nth(1).waitFor();
      await visit(page, `${base}/flows/stand?tab=graph`);
      await page.getByRole("img", { name: /What stand does/ }).getByText("signal go").waitFor();
      quiet();
    });

    await t.step("a form that its schema makes starts a flow, and says what is wrong", async () => {
      await visit(page, `${base}/flows/stand`);
      await page.getByRole("button", { name: "Start", exact: true }).click();
      await page.getByLabel("count").fill("many");
      await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
      await page.getByRole("alert").getByText("count must be a number").waitFor();
      await page.getByLabel("count").fill("0");
      await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
      await page.getByRole("alert").getByText(/count/).waitFor();
      match(complaints.splice(0).join(), /422/);
      await page.getByLabel("count").fill("3");
      await page.getByLabel("plan (optional)").selectOption("pro");
      await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
      await page.getByRole("heading", { name: "stand", exact: true }).waitFor();
      await page.getByRole("tab", { name: "Input" }).click();
      await page.locator(".json", { hasText: '"pro"' }).waitFor();
      quiet();
    });

    await t.step(
      "versions are compared, workflows are moved after a dry run, and a version is made current",
      async () => {
        await rhythm.flows.register({
          name: "stand",
          source: STAND.replace("return 1", "console.log(2)\nreturn 2"),
        });
        await visit(page, `${base}/flows/stand?tab=versions`);
        await page.locator(".diff li.added", { hasText: "console.log(2)" }).waitFor();
        await page.locator(".diff li.removed", { hasText: "return 1" }).waitFor();
        await page.getByRole("link", { name: "Migrate" }).last().click();
        await page.getByRole("button", { name: "Say what would happen" }).click();
        await page.getByText("3 sure, 0 not sure").waitFor();
        match(
          await page.locator(".places li").first().innerText(),
          /3 workflows[\s\S]*Signal\.next\("go"\)[\s\S]*Signal\.next/,
        );
        await page.getByRole("button", { name: "Move 3 workflows" }).click();
        await page.getByRole("heading", { name: "Migrate" }).waitFor();
        await page.locator(".title .state.completed").waitFor();
        same(await page.locator(".figures b").first().innerText(), "3");
        await visit(page, `${base}/flows/stand?tab=versions`);
        await page.getByRole("button", { name: "Make current" }).click();
        await page.getByRole("button", { name: "Make it current" }).click();
        await page.getByRole("row", { name: /version 1 current/ }).waitFor();
        quiet();
      },
    );

    await t.step(
      "a deploy broke a line: what failed there is found by it, and repaired with the next version",
      async () => {
        const bill = (charge: string): string =>
          `const { amount } = Inputs\nconst total = ${charge}\nreturn total\n`;
        await rhythm.flows.register({ name: "bill", source: bill("amount.net + 1") });
        await rhythm.executions.createMany(
          [1, 2, 3, 4, 5].map((amount) => ({
            type: "workflow" as const,
            target: "bill",
            inputs: amount === 1 ? { amount: { net: 1 } } : { amount: null },
          })),
        );
        await rhythm.flows.register({ name: "bill", source: bill("(amount?.net ?? 0) + 1") });
        await visit(page, `${base}/executions?q=flow:bill&group=line`);
        await page.getByRole("link", { name: "2", exact: true }).click();
        await page.getByRole("link", { name: "bill", exact: true }).nth(3).waitFor();
        same(await page.locator("tbody tr").count(), 4);
        await page.getByLabel("Choose all on this page").check();
        const bulk = page.getByRole("region", { name: "What to do" });
        await bulk.getByRole("button", { name: "Repair" }).click();
        await page.getByLabel("Move to version").fill("2");
        await page.getByLabel("Why").fill("null is no amount");
        await page.getByRole("dialog").getByRole("button", { name: "Repair" }).click();
        await page.getByRole("heading", { name: "Repair" }).waitFor();
        await page.locator(".title .state.completed").waitFor();
        await until(async () =>
          (await rhythm.executions.query({ target: "bill", status: "completed" })).executions.length === 5
        );
        await visit(page, `${base}/executions?q=flow:bill status:failed`);
        await page.getByText("Nothing fits this search").waitFor();
        quiet();
      },
    );

    await t.step(
      "two runs that are chosen are compared: the step, the line and the variables in which they part",
      async () => {
        for (const amount of [5, 50]) await rhythm.workflows.start("choose", { amount });
        await visit(page, `${base}/executions?q=flow:choose`);
        await page.locator("tbody tr").nth(1).waitFor();
        await page.getByLabel("Choose all on this page").check();
        await page.getByRole("link", { name: "Compare", exact: true }).click();
        await page.getByText("They part at step 1").waitFor();
        const table = page.getByRole("region", { name: "Variables that differ after step 1", exact: true });
        match(await table.innerText(), /limit\s+5\s+10/);
        await page.getByRole("link", { name: "Another one" }).click();
        await page.getByText("the last ones of the same flow").waitFor();
        quiet();
      },
    );

    await t.step(
      "a signal is sent to the oldest that waits; one that nobody waits for is listed",
      async () => {
        await visit(page, `${base}/signals`);
        await page.getByRole("button", { name: "Send small to choose" }).click();
        await page.getByLabel("Payload").fill("{");
        await page.getByRole("button", { name: "Send", exact: true }).last().click();
        await page.getByRole("alert").getByText("is not JSON").waitFor();
        await page.getByLabel("Payload").fill("{}");
        const id = await page.getByLabel("Workflow").inputValue();
        await page.getByRole("button", { name: "Send", exact: true }).last().click();
        await page.getByRole("button", { name: "Send small to choose" }).waitFor({ state: "detached" });
        await rhythm.executions.wait(id);
        const large = (await rhythm.executions.query({ target: "choose", status: "suspended" }))
          .executions[0]!;
        await rhythm.signals.send({ execution: large.id, name: "lagre", payload: HOSTILE.html });
        const kept = page.getByRole("region", { name: "Nobody waits for them" });
        await kept.getByText("lagre").waitFor();
        same(await page.evaluate("window.hit"), undefined);
        quiet();
      },
    );

    await t.step("the doctor says what is wrong and what to do, and runs check() when asked", async () => {
      await visit(page, `${base}/doctor`);
      const mail = page.locator(".findings li", { hasText: "1 worker alive" });
      await mail.waitFor();
      await page.getByRole("button", { name: "Run check()" }).click();
      await page.getByText("has a reason to move on").waitFor();
      quiet();
    });

    await t.step("a search is saved as a view, and charts show a day and 90 days", async () => {
      await visit(page, `${base}/executions?q=status:failed`);
      await page.getByRole("button", { name: "Save as a view" }).click();
      await page.getByLabel("Name").fill("What failed");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await visit(page, `${base}/executions`);
      await page.getByRole("link", { name: "What failed" }).click();
      same(new URL(page.url()).searchParams.get("q"), "status:failed");
      await page.getByRole("button", { name: "Forget this view" }).click();
      await page.getByRole("link", { name: "What failed" }).waitFor({ state: "detached" });
      await page.goto(base);
      for (
        const [name, told] of [["24 h", "each hour"], ["90 d", "each day"], ["1 h", "each minute"]] as const
      ) {
        await page.getByRole("link", { name, exact: true }).click();
        await page.getByRole("region", { name: `Ended in ${told}` }).waitFor();
      }
      quiet();
    });

    await t.step("a worker shows its queues and tasks", async () => {
      await visit(page, `${base}/workers`);
      const line = page.getByRole("row", { name: /price_of/ });
      await line.waitFor();
      match(await line.innerText(), /default/);
      await line.getByText(/^[1-9][\d.]* MB$/).waitFor();
      quiet();
    });

    await t.step(
      "a worker is drained: it ends what it has and takes nothing new, until it goes on",
      async () => {
        const line = page.getByRole("row", { name: /price_of/ });
        await line.getByRole("button", { name: /^Drain / }).click();
        await page.getByLabel("Why").fill("a new machine");
        await page.getByRole("dialog").getByRole("button", { name: "Drain" }).click();
        await line.getByText("drained: it can be stopped").waitFor();
        equal(await violations(page), []);
        const run = await rhythm.tasks.queue("price_of", { orderId: 7 });
        const [act] = await rhythm.audit({ act: "drain" });
        equal([act!.by, act!.kind, act!.why], ["shared token", "worker", "a new machine"]);
        same((await rhythm.executions.explain(run))[0]!.reason, "no_worker");
        same((await run.get()).status, "pending");
        await line.getByRole("button", { name: /^Resume / }).click();
        same(await run.result({ timeout: "1m" }), 12);
        await line.getByRole("button", { name: /^Drain / }).waitFor();
        quiet();
      },
    );

    await t.step("a question to a workflow is shown, and answered or rejected by a person", async () => {
      const asked = await rhythm.workflows.start("odd", {});
      const one = asked.ask("quote", { item: "<b>desk</b>" }, { timeout: "1m" });
      const other = asked.ask("stock", {}, { timeout: "1m" }).catch((error) => error);
      await visit(page, `${base}/signals`);
      const open = page.getByRole("region", { name: "Questions" });
      await open.getByText("2 open").waitFor();
      await open.getByText('{ item: "<b>desk</b>" }').waitFor();
      equal(await violations(page), []);
      await open.getByRole("button", { name: "Answer quote of odd" }).click();
      await page.getByLabel("Answer, as JSON").fill("{ price");
      await page.getByRole("dialog").getByRole("button", { name: "Answer" }).click();
      await page.getByRole("alert").getByText("The answer is not JSON").waitFor();
      await page.getByLabel("Answer, as JSON").fill('{ "price": 40 }');
      await page.getByRole("dialog").getByRole("button", { name: "Answer" }).click();
      equal(await one, { price: 40 });
      await open.getByRole("row", { name: /quote.*answered.*price: 40/ }).waitFor();
      await open.getByRole("button", { name: "Answer stock of odd" }).click();
      await page.getByLabel("Or why it is rejected").fill("out of stock");
      await page.getByRole("dialog").getByRole("button", { name: "Reject" }).click();
      match(String(await other), /rejected "stock": Error: out of stock/);
      await open.getByRole("row", { name: /stock.*rejected.*out of stock/ }).waitFor();
      same((await asked.get()).status, "suspended");
      await rhythm.executions.cancel(asked);
      quiet();
    });

    await t.step("two look at once: what one does, the other sees without a reload", async () => {
      const opened = await openPage(browser);
      const other = opened.page;
      await other.goto(base);
      await other.getByLabel("Token").fill(TOKEN);
      await other.getByRole("button", { name: "Log in" }).click();
      await other.getByText("live", { exact: true }).waitFor();
      const shared = await rhythm.tasks.queue("price_of", { orderId: 9 }, { delay: "1h" });
      for (const one of [page, other]) {
        await visit(one, `${base}/executions/${shared.id}`);
        await one.locator(".title .state.pending").waitFor();
      }
      await page.getByRole("button", { name: "Cancel", exact: true }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
      for (const one of [page, other]) await one.locator(".title .state.cancelled").waitFor();
      equal(opened.complaints, []);
      await other.context().close();
      quiet();
    });

    await t.step("a workflow is rewound to a step, and another one forked from it", async () => {
      const made = await rhythm.workflows.start("approve", { orderId: 7 });
      await until(async () => (await made.get()).status === "suspended");
      await visit(page, `${base}/executions/${made.id}`);
      await page.locator("li.lit", { hasText: "approval" }).waitFor();
      await page.keyboard.press("ArrowLeft");
      await page.locator("li.lit", { hasText: "price_of" }).waitFor();
      await page.getByRole("button", { name: "Fork here" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Fork", exact: true }).click();
      // The page goes to the fork. If it did so later, the next visit would be undone.
      await page.waitForURL((url) => !url.pathname.endsWith(made.id));
      await until(async () =>
        (await rhythm.audit({ act: "fork" })).length === 1 &&
        (await rhythm.executions.query({ target: "approve", status: "suspended" })).executions.length === 2
      );
      await visit(page, `${base}/executions/${made.id}?step=1`);
      await page.getByRole("button", { name: "Rewind here" }).click();
      await page.getByLabel("Why").fill("the price was wrong");
      await page.getByRole("dialog").getByRole("button", { name: "Rewind", exact: true }).click();
      await page.locator(".toast").getByText("It goes on from there").waitFor();
      const [act] = await rhythm.audit({ act: "rewind" });
      same(act!.target, made.id);
      for (
        const { id } of (await rhythm.executions.query({ target: "approve", status: "suspended" })).executions
      ) {
        await rhythm.executions.cancel(id);
      }
      quiet();
    });

    await t.step("a kind of failures gets a state and a note", async () => {
      await visit(page, `${base}/failures`);
      await page.getByRole("button", { name: "Set state" }).first().click();
      await page.getByRole("dialog").getByLabel("State").selectOption("ignored");
      await page.getByLabel("Note").fill("a test card");
      await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
      await page.getByText("“a test card”").waitFor();
      const kinds = await rhythm.failures.list();
      ok(kinds.some(({ state, note }) => state === "ignored" && note === "a test card"));
      quiet();
    });

    await t.step("an execution leads to its trace", async () => {
      Deno.env.set("RHYTHM_TRACE_URL", "https://traces.example/trace/{trace_id}?from=rhythm");
      try {
        const trace = "0af7651916cd43dd8448eb211c80319c";
        const [row] = await app.database.database.query<{ id: string }>(
          `select * from rhythm.create_many('[{"type": "task", "target": "price_of", "traceparent": "00-${trace}-b7ad6b7169203331-01"}]') as x (id)`,
        );
        await visit(page, `${base}/executions/${row!.id}`);
        const link = page.getByRole("link", { name: "trace", exact: true });
        same(await link.getAttribute("href"), `https://traces.example/trace/${trace}?from=rhythm`);
        await visit(page, `${base}/executions/${approve.id}`);
        await page.getByRole("heading", { name: "approve", exact: true }).waitFor();
        same(await link.count(), 0);
        quiet();
      } finally {
        Deno.env.delete("RHYTHM_TRACE_URL");
      }
    });

    await t.step("three of 120 are chosen, then all that match, and an operation ends them all", async () => {
      const request = { type: "task", target: "price_of", inputs: { orderId: 1 }, queue: "backlog" } as const;
      await rhythm.executions.createMany(Array.from({ length: 120 }, () => request));
      const kept = await rhythm.tasks.queue("price_of", { orderId: 2 }, { queue: "kept" });
      await visit(page, `${base}/executions?q=queue:backlog`);
      const bulk = page.getByRole("region", { name: "What to do" });
      for (const nth of [1, 2, 3]) await page.getByLabel(/^Choose price_of/).nth(nth).check();
      await bulk.getByText("3 chosen").waitFor();
      same(await bulk.getByRole("button", { name: "Choose all that match" }).count(), 0);
      await page.getByLabel("Choose all on this page").check();
      await bulk.getByText("50 chosen").waitFor();
      await bulk.getByRole("button", { name: "Choose all that match" }).click();
      await bulk.getByText("All that match").waitFor();
      await bulk.getByRole("button", { name: "Cancel" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText('"queue": "backlog"').or(dialog.getByText('"queue":"backlog"')).waitFor();
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await page.locator(".title .state.completed").waitFor();
      same(await page.locator(".figures b").first().innerText(), "120");
      same((await kept.get()).status, "pending");
      await rhythm.executions.cancel(kept);
      quiet();
    });

    await t.step("a queue says when it is empty at its pace", async () => {
      await app.database.database.query(
        `insert into rhythm.rate select 'minute', date_trunc('minute', rhythm.now()) - n * interval '1 minute', 'task', 'price_of', 'backlog', 30, 0, 0, 0, 0, '{}'
        from generate_series(0, 6) as n`,
      );
      const request = { type: "task", target: "price_of", inputs: { orderId: 1 }, queue: "backlog" } as const;
      await rhythm.executions.createMany(Array.from({ length: 90 }, () => request));
      await visit(page, `${base}/queues/backlog`);
      await page.locator(".figures > div", { hasText: /^3 mempty in, at this pace$/ }).waitFor();
      await rhythm.operations.start({ action: "cancel", filter: { queue: "backlog" } });
      quiet();
    });

    await t.step("a queue that falls behind is told at once, and followed until it is empty", async () => {
      await page.goto(base);
      await page.getByText("No worker takes from mail").waitFor();
      await page.getByRole("link", { name: "mail", exact: true }).click();
      await page.getByText("No worker takes from it").waitFor();
      await page.locator(".title").getByRole("button", { name: "Resume" }).click();
      await page.getByRole("row", { name: /<img src=x/ }).getByRole("button", { name: "Resume" }).click();
      await page.getByText("This queue is paused").waitFor({ state: "detached" });
      app.work({ queues: ["mail"] });
      await page.getByText("No worker takes from it").waitFor({ state: "detached" });
      await page.locator(".figures > div", { hasText: /^0\s*ready$/ }).waitFor();
      quiet();
    });

    await t.step(
      "no screen breaks a rule of accessibility, in light and dark, or is too wide at 360, 640 and 2560 px",
      async () => {
        const faults: string[] = [];
        for (
          const path of [
            "",
            "executions",
            `executions/${approve.id}`,
            "failures",
            "operations",
            "queues",
            "queues/mail",
            "signals",
            "doctor",
            "executions?group=error",
            "compare",
            "flows",
            "flows/approve?line=6",
            "flows/stand?tab=versions",
            "flows/stand?tab=graph",
            "flows/stand?tab=migrate",
            "schedules",
            "schedules/report",
            "workers",
            "_components",
          ]
        ) {
          await page.setViewportSize({ width: 1280, height: 800 });
          await page.emulateMedia({ colorScheme: "light" });
          await visit(page, `${BASE}/${path}`);
          await ready(page);
          faults.push(...(await violations(page)).map((fault) => `${path}, light: ${fault}`));
          // Contrast is what differs.
          await page.emulateMedia({ colorScheme: "dark" });
          const found = await violations(page, "color-contrast");
          faults.push(...found.map((fault) => `${path}, dark: ${fault}`));
          // 640: a window of 1280 px at a zoom of 200 %.
          for (const width of [360, 640, 2560]) {
            await page.setViewportSize({ width, height: 800 });
            const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
            if (over as number > 0) {
              faults.push(`${path}: ${over} px too wide at ${width}: ${await widest(page)}`);
            }
          }
        }
        equal(faults, []);
        quiet();
      },
    );

    await t.step(
      "more contrast is given to who asks for it, and nothing moves for who wants no motion",
      async () => {
        await page.setViewportSize({ width: 1280, height: 800 });
        const soft = `getComputedStyle(document.querySelector("main .soft")).color`;
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme, contrast: "no-preference", reducedMotion: "no-preference" });
          await visit(page, `${base}/executions/${approve.id}`);
          await ready(page);
          const plain = await page.evaluate(soft);
          await page.emulateMedia({ colorScheme, contrast: "more", reducedMotion: "reduce" });
          ok(await page.evaluate(soft) !== plain, colorScheme);
          equal(await violations(page, "color-contrast"), []);
          const moving = await page.evaluate(
            `[...document.querySelectorAll("*")].map((one) => getComputedStyle(one))
            .filter((style) => [style.transitionDuration, style.animationDuration].some((text) => parseFloat(text) > 0.001)).length`,
          );
          same(moving, 0);
        }
        await page.emulateMedia({
          colorScheme: "light",
          contrast: "no-preference",
          reducedMotion: "no-preference",
        });
        quiet();
      },
    );

    await t.step("a server that is gone is told, and when it is back all is live by itself", async () => {
      await page.setViewportSize({ width: 1280, height: 800 });
      await visit(page, `${base}/executions`);
      await ready(page);
      plug.abort();
      await page.getByText("not live", { exact: true }).waitFor();
      server = serve(server.addr.port);
      await page.getByText("live", { exact: true }).waitFor();
      ok(complaints.splice(0).every((text) => /ERR_|Failed to load/.test(text)));
    });

    await t.step("columns of the list are chosen, and stay", async () => {
      await page.setViewportSize({ width: 1280, height: 800 });
      await visit(page, `${base}/executions?q=approve`);
      await page.getByRole("columnheader", { name: "Queue" }).waitFor();
      await page.getByRole("button", { name: "Columns" }).click();
      await page.getByRole("checkbox", { name: "Queue" }).uncheck();
      await page.getByRole("checkbox", { name: "Attempts" }).check();
      equal(await violations(page), []);
      await page.getByRole("button", { name: "Show them" }).click();
      await page.getByRole("columnheader", { name: "Attempts" }).waitFor();
      await page.reload();
      await page.getByRole("columnheader", { name: "Attempts" }).waitFor();
      same(await page.getByRole("columnheader", { name: "Queue" }).count(), 0);
      quiet();
    });

    await t.step("a search that has not found anything says how far it looked, and goes on", async () => {
      await app.database.database.query(
        `insert into rhythm.execution (id, completed_at, state, type, target, queue, inputs)
        select rhythm.uuid7(), rhythm.now(), 1, 'task', 'many', 'default', '{}' from generate_series(1, 41000)`,
      );
      await visit(page, `${base}/executions?q=choose`);
      const notice = page.getByRole("status").filter({ hasText: "Searched back to" });
      await notice.getByText("Nothing fits so far").waitFor();
      equal(await violations(page), []);
      await notice.getByRole("button", { name: "Search on" }).click();
      await page.getByRole("link", { name: "choose" }).first().waitFor();
      ok(new URL(page.url()).searchParams.has("after"));
      quiet();
    });

    await t.step("who logs out has to log in again", async () => {
      await page.getByRole("button", { name: "Log out" }).click();
      await page.getByLabel("Token").waitFor();
      await page.goto(`${base}/operations`);
      await page.getByLabel("Token").waitFor();
      // What was being read when the session ended is refused, which the browser itself reports.
      ok(complaints.splice(0).every((text) => /401/.test(text)));
    });
  } finally {
    await browser.close();
    await server.shutdown();
  }
});

// What stands farthest to the right, outside of what scrolls by itself.
async function widest(page: Page): Promise<unknown> {
  return await page.evaluate(`[...document.querySelectorAll("main *")]
    .filter((one) => one.closest(".scroll, .code") === null && one.getBoundingClientRect().right > innerWidth)
    .map((one) => one.outerHTML.slice(0, 120)).slice(-2).join(" ")`);
}

async function ready(page: Page): Promise<void> {
  await page.locator("main h1").waitFor();
  // The page of components shows what loads, for ever.
  if (!page.url().endsWith("/_components")) {
    await page.locator("main [aria-busy]").waitFor({ state: "detached" });
  }
}
