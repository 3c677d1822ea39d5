// The scheduler's menu. Choices come from the keyboard, or from a pipe: `echo 1 | deno run -A scheduler.ts`.
import type { Rhythm, Run } from "@rhythm/core";
import process from "node:process";
import { createInterface } from "node:readline";
import { sendEmail, sendNotification } from "./tasks.ts";

const MENU = `
  1  Schedule a workflow
  2  Schedule standalone tasks
  3  Schedule both
  4  Exit
`;

/** Asks until there is nothing more to ask; gives what was queued. */
export async function runMenu(rhythm: Rhythm): Promise<Run[]> {
  const queued: Run[] = [];
  const keyboard = createInterface({ input: process.stdin });
  console.log(MENU);
  for await (const line of keyboard) {
    const choice = line.trim();
    if (choice === "4") break;
    if (choice === "1" || choice === "3") queued.push(await scheduleWorkflow(rhythm));
    if (choice === "2" || choice === "3") queued.push(...await scheduleTasks());
    if (!["1", "2", "3"].includes(choice)) console.log(`"${choice}" is none of 1, 2, 3, 4`);
    if (Deno.stdin.isTerminal()) console.log(MENU);
  }
  keyboard.close();
  return queued;
}

/** Starts `processOrder`. */
export async function scheduleWorkflow(rhythm: Rhythm): Promise<Run> {
  const orderId = `order-${Math.floor(Math.random() * 10_000)}`;
  const run = await rhythm.workflows.start("processOrder", {
    orderId,
    amount: 99.99,
    customer: "ada@example.com",
    items: ["notebook", "fountain pen"],
  });
  console.log(`Scheduled workflow processOrder for ${orderId}: ${run.id}`);
  return run;
}

/** Queues two tasks that belong to no workflow; the second runs a second later. */
export async function scheduleTasks(): Promise<Run[]> {
  const email = await sendEmail.queue({ to: "grace@example.com", subject: "Hello" });
  const notification = await sendNotification.queue({ message: "A second has passed" }, { delay: "1s" });
  console.log(`Scheduled tasks send_email: ${email.id}, send_notification: ${notification.id}`);
  return [email, notification];
}
