/** A month of orders is imported, page by page, into a ledger; the process "ends" in the middle, and nothing is booked twice. */
import { Admin, step, TransientStepError, workflow } from "@rhythm/core/steps";

interface Order {
  id: string;
  cents: number;
}

let isServerTired = true;

const countPages = step("count_pages", (_ctx, month: string) => {
  console.log(`asking the shop for ${month}`);
  return 4;
});

const fetchPage = step("fetch_page", { retry: { maxAttempts: 3, initial: "20ms" } }, (_ctx, page: number) => {
  if (page === 2 && isServerTired) {
    isServerTired = false;
    throw new Error("503 Service Unavailable");
  }
  console.log(`page ${page} read`);
  return [1, 2, 3].map((nth): Order => ({ id: `order-${page}${nth}`, cents: page * 100 + nth }));
});

// The bookings and the fact that they are made commit together: exactly once, whenever the process ends.
const book = step("book", { transactional: true }, async (ctx, orders: Order[]) => {
  await ctx
    .sql`create table if not exists ledger (import text, id text, cents integer, primary key (import, id))`;
  for (const { id, cents } of orders) await ctx.sql`insert into ledger values (${ctx.id()}, ${id}, ${cents})`;
  console.log(`${orders.length} orders booked`);
  return orders.reduce((sum, { cents }) => sum + cents, 0);
});

let isFirstRun = true;

const importMonth = workflow("import_month", async (ctx, month: string) => {
  const count = await countPages(ctx, month);
  const pages = Array.from({ length: count }, (_, index) => index + 1);
  const orders = await Promise.all(pages.map((page) => fetchPage.with({ key: page })(ctx, page)));
  let total = 0;
  for (const [index, some] of orders.entries()) {
    total += await book.with({ key: index + 1 })(ctx, some);
    if (isFirstRun && index === 1) {
      isFirstRun = false;
      throw new TransientStepError("the process ends here");
    }
  }
  return { month, orders: orders.flat().length, total };
});

await using admin = new Admin();
await admin.install();
const ctx = await admin.createWorkflow(importMonth, "2026-11");

console.log("First run");
await importMonth(ctx).catch((error) => console.log(`  ${error.message}`));

// Another process would say: await importMonth(await admin.getWorkflow(id))
console.log("Second run");
console.log(await importMonth(ctx));
