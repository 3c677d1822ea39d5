// A shop with a table of its own. An order and the letter about it are written together, or not at all.
import { type SqlTag, task } from "@rhythm/core";
import { z } from "zod";

/** Writes the letter. If it is queued inside a transaction, it is sent only if that transaction commits. */
export const sendReceipt = task(
  {
    name: "send_receipt",
    retry: { maxAttempts: 10 },
    input: z.object({ order: z.string(), to: z.string() }),
  },
  ({ order, to }) => {
    console.log(`  receipt for ${order} goes to ${to}`);
  },
);

/** Makes the table of the shop. Transactional tasks reach whichever database there is. */
export const prepareShop = task(
  { name: "prepare_shop", transactional: true },
  async (_input: unknown, { sql }) => {
    await sql`create table if not exists public.shop_order (id text primary key, customer text not null, cents integer not null check (cents > 0))`;
    await sql`delete from public.shop_order`;
  },
);

/**
 * Takes an order. It is transactional: the row, the receipt in its queue and the task's own completion are one
 * transaction, so it happens exactly once, however often a worker dies at it.
 */
export const placeOrder = task(
  {
    name: "place_order",
    transactional: true,
    retry: { maxAttempts: 2, initial: "50ms" },
    input: z.object({ order: z.string(), customer: z.string(), cents: z.number() }),
  },
  async ({ order, customer, cents }, { sql, attempt }) => {
    await insertOrder(sql, { order, customer, cents });
    await sendReceipt.queue({ order, to: customer }, { sql });
    if (order === "order-2" && attempt === 1) throw new Error("The power fails right here");
    return { order, attempt };
  },
);

/** How many orders there are. */
export const countOrders = task(
  { name: "count_orders", transactional: true },
  async (_input: unknown, { sql }): Promise<number> => {
    const [row] = await sql<{ count: number }>`select count(*)::integer as count from public.shop_order`;
    return row!.count;
  },
);

async function insertOrder(
  sql: SqlTag,
  { order, customer, cents }: { order: string; customer: string; cents: number },
): Promise<void> {
  await sql`insert into public.shop_order (id, customer, cents) values (${order}, ${customer}, ${cents})`;
}

/** All of them. */
export const tasks = [sendReceipt, prepareShop, placeOrder, countOrders];
