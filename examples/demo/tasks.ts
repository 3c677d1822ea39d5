// The tasks that `process_order` runs. They pretend, a little slowly, so that there is something to watch.
import { task, type TaskContext } from "@rhythm/core";
import { z } from "zod";

async function pretend(ms: number, ctx: TaskContext): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  ctx.signal.throwIfAborted();
}

/** Charges the customer. The bank is down on the first attempt: watch it being tried again. */
export const processPayment = task(
  {
    name: "process_payment",
    retry: { maxAttempts: 3, initial: "300ms" },
    input: z.object({ orderId: z.string(), amount: z.number() }),
  },
  async ({ orderId, amount }, ctx) => {
    await pretend(150, ctx);
    if (ctx.attempt === 1) throw new Error("The bank does not answer");
    return { id: `pay_${orderId}`, amount };
  },
);

/** Puts one article aside. */
export const reserveStock = task(
  { name: "reserve_stock", input: z.object({ sku: z.string(), quantity: z.number(), price: z.number() }) },
  async ({ sku, quantity }, ctx) => {
    await pretend(50 + 40 * quantity, ctx);
    return { sku, reserved: quantity };
  },
);

/** Sends a letter to nowhere. */
export const sendEmail = task(
  { name: "send_email", input: z.object({ to: z.string(), subject: z.string() }) },
  async ({ to, subject }, ctx) => {
    await pretend(75, ctx);
    ctx.log.debug(`"${subject}" went to ${to}`);
    return { delivered: true };
  },
);

/** Gives the money back when an order fails after it was paid. */
export const refundPayment = task(
  { name: "refund_payment", input: z.object({ paymentId: z.string() }) },
  async (_payment, ctx) => await pretend(75, ctx),
);

/** All of them. */
export const tasks = [processPayment, reserveStock, sendEmail, refundPayment];
