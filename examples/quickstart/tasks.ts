// The tasks of the quickstart: ordinary functions, sync or async, that workers run.
import { task } from "@rhythm/core";
import { z } from "zod";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes the money. Sync: it may return its result at once. */
export const processPayment = task(
  {
    name: "process_payment",
    retry: { maxAttempts: 3 },
    input: z.object({ orderId: z.string(), amount: z.number() }),
  },
  ({ orderId, amount }) => {
    console.log(`  [process_payment] $${amount.toFixed(2)} for order ${orderId}`);
    return { success: true, transactionId: `txn_${orderId}` };
  },
);

/** Takes the items from stock. Async: the worker runs others meanwhile. */
export const updateInventory = task(
  { name: "update_inventory", input: z.object({ orderId: z.string(), items: z.array(z.string()) }) },
  async ({ orderId, items }) => {
    await pause(100);
    console.log(`  [update_inventory] ${items.length} items for order ${orderId}`);
    return { updated: items.length };
  },
);

/** Writes to the customer. */
export const sendEmail = task(
  { name: "send_email", input: z.object({ to: z.string(), subject: z.string() }) },
  async ({ to, subject }) => {
    await pause(50);
    console.log(`  [send_email] to ${to}: ${subject}`);
    return { sent: true };
  },
);

/** Tells the team. */
export const sendNotification = task(
  { name: "send_notification", input: z.object({ message: z.string() }) },
  async ({ message }) => {
    await pause(20);
    console.log(`  [send_notification] ${message}`);
    return { sent: true };
  },
);

/** All of them. */
export const tasks = [processPayment, updateInventory, sendEmail, sendNotification];
