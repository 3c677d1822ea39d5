import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "../../src/shared/json.ts";
import { type Answer, runScript } from "./language/script.ts";

interface Sample {
  readonly flow: string;
  readonly title: string;
  readonly inputs: JsonObject;
  readonly answers: readonly Answer[];
  readonly output?: JsonValue;
  readonly error?: string;
  /** What the flow asked for, in order, where the answers do not already show it. */
  readonly asked?: readonly string[];
}

const TIMEOUT = { fails: { type: "TimeoutError", message: "timed out", code: "TIMEOUT" } };
const broken = (message: string): Answer[1] => ({ fails: { message, code: "TASK_FAILED" } });

const SAMPLES: readonly Sample[] = [
  {
    flow: "process_order",
    title: "charges, takes from stock, tells by mail and by notification at once",
    inputs: { orderId: "order-123", amount: 99.99 },
    answers: [
      ["process_payment", { success: true, transactionId: "tx-1" }],
      ["update_inventory", null],
      ["send_notification", null],
      ["send_email", null],
    ],
    asked: ["process_payment", "update_inventory", "send_email", "send_notification"],
    output: { orderId: "order-123", status: "completed", transactionId: "tx-1" },
  },
  {
    flow: "process_order",
    title: "stops at a declined payment",
    inputs: { orderId: "o", amount: 1 },
    answers: [["process_payment", { success: false, reason: "no funds" }]],
    output: { orderId: "o", status: "declined", reason: "no funds" },
  },
  {
    flow: "process_order",
    title: "fails with the error of a failed task",
    inputs: { orderId: "o", amount: 1 },
    answers: [["process_payment", broken("gateway down")]],
    error: "Error: gateway down",
  },
  {
    flow: "onboard_user",
    title: "reminds once, then sets the plan up",
    inputs: { userId: "123", plan: "pro" },
    answers: [
      ["get-user", { email: "u@example.com" }],
      ["send_email", null],
      ["email-confirmed", TIMEOUT],
      ["send_email", null],
      ["email-confirmed", { at: "noon" }],
      ["create_subscription", { id: 1 }],
    ],
    output: { userId: "123", status: "active", plan: "pro" },
  },
  {
    flow: "onboard_user",
    title: "gives up after three silent waits",
    inputs: { userId: "123" },
    answers: [
      ["get-user", { email: "u@example.com" }],
      ["send_email", null],
      ["email-confirmed", TIMEOUT],
      ["send_email", null],
      ["email-confirmed", TIMEOUT],
      ["send_email", null],
      ["email-confirmed", TIMEOUT],
    ],
    output: { userId: "123", status: "abandoned" },
  },
  {
    flow: "approve_report",
    title: "passes the manager's decision on",
    inputs: { reportId: "r-7" },
    answers: [
      ["submit-report", { status: "success", id: "r-7" }],
      ["manager-approval", { approved: true, approver: "admin" }],
      ["send_email", null],
    ],
    output: { reportId: "r-7", approved: true, approver: "admin" },
  },
  {
    flow: "approve_report",
    title: "expires after a week",
    inputs: { reportId: "r-7" },
    answers: [["submit-report", { id: "r-7" }], ["manager-approval", TIMEOUT], ["send_email", null]],
    output: { reportId: "r-7", approved: false, reason: "nobody answered" },
  },
  {
    flow: "daily_report",
    title: "collects named numbers in any order of arrival",
    inputs: { orgId: "abc" },
    answers: [["count_errors", 3], ["count_sales", 1], ["count_signups", 2], ["send_email", null]],
    output: { sales: 1, signups: 2, errors: 3 },
  },
  {
    flow: "data_pipeline",
    title: "hands each step's output to the next",
    inputs: { data: "hello world" },
    answers: [
      ["validate_input", { valid: true, data: "hello world", length: 11 }],
      ["transform_data", { transformed: "HELLO WORLD" }],
      ["save_result", "Saved: HELLO WORLD"],
    ],
    output: "Saved: HELLO WORLD",
  },
  {
    flow: "book_trip",
    title: "books all three",
    inputs: { traveller: "ada" },
    answers: [["book_flight", { id: "F" }], ["book_hotel", { id: "H" }], ["book_car", { id: "C" }]],
    output: { status: "booked", flight: "F", hotel: "H", car: "C" },
  },
  {
    flow: "book_trip",
    title: "gives back what was booked, last first",
    inputs: { traveller: "ada" },
    answers: [
      ["book_flight", { id: "F" }],
      ["book_hotel", { id: "H" }],
      ["book_car", broken("no cars left")],
      ["cancel_hotel", null],
      ["cancel_flight", null],
    ],
    asked: ["book_flight", "book_hotel", "book_car", "cancel_hotel", "cancel_flight"],
    output: { status: "cancelled", reason: "no cars left" },
  },
  {
    flow: "make_thumbnails",
    title: "keeps two lanes busy and collects what failed",
    inputs: { images: ["a", "b", "c", "d"] },
    answers: [["resize", "a.png"], ["resize", broken("b is corrupt")], ["resize", "c.png"], [
      "resize",
      "d.png",
    ]],
    output: { done: ["a.png", "c.png", "d.png"], failed: ["b"] },
  },
  {
    flow: "remind_payment",
    title: "is paid after one reminder, and the old wait does not swallow the signal",
    inputs: { invoice: "i-1" },
    answers: [["timer", null], ["send_email", null], ["payment-received", { amount: 12 }]],
    output: { invoice: "i-1", status: "paid", amount: 12 },
  },
  {
    flow: "remind_payment",
    title: "hands over after three reminders",
    inputs: { invoice: "i-1" },
    answers: [
      ["timer", null],
      ["send_email", null],
      ["timer", null],
      ["send_email", null],
      ["timer", null],
      ["send_email", null],
      ["collect_debt", null],
    ],
    output: { invoice: "i-1", status: "handed over" },
  },
  {
    flow: "close_month",
    title: "adds up the children that succeeded, names those that failed",
    inputs: { month: "2024-05" },
    answers: [
      ["list_customers", ["x", "y", "z"]],
      ["bill_customer", { customer: "x", amount: 5 }],
      ["bill_customer", broken("ledger gone")],
      ["bill_customer", { customer: "z", amount: 7 }],
    ],
    output: { total: 12, failed: ["y"] },
  },
  {
    flow: "bill_customer",
    title: "asks again until the ledger is closed",
    inputs: { customer: "x", month: "2024-05" },
    answers: [
      ["read_ledger", { closed: false }],
      ["timer", null],
      ["read_ledger", { closed: false }],
      ["timer", null],
      ["read_ledger", { closed: true, lines: [{ amount: 2 }, { amount: 3 }] }],
      ["write_invoice", null],
    ],
    output: { customer: "x", amount: 5 },
  },
  {
    flow: "reserve_seat",
    title: "sells the seat",
    inputs: { seat: "12A" },
    answers: [["hold_seat", { id: 9 }], ["checkout", { card: "4242" }], ["charge_card", null]],
    output: { seat: "12A", status: "sold" },
  },
  {
    flow: "reserve_seat",
    title: "lets the seat go when the charge fails, and fails with the charge's error",
    inputs: { seat: "12A" },
    answers: [
      ["hold_seat", { id: 9 }],
      ["checkout", { card: "4242" }],
      ["charge_card", broken("card declined")],
      ["release_seat", null],
    ],
    error: "Error: card declined",
  },
];

for (const sample of SAMPLES) {
  Deno.test(`flows/${sample.flow}.flow ${sample.title}`, async () => {
    const name = `${sample.flow}.flow`;
    const source = await Deno.readTextFile(new URL(`../../flows/${name}`, import.meta.url));
    const run = runScript(source, { name, inputs: sample.inputs, answers: sample.answers });
    assert.equal(run.error && `${run.error.type}: ${run.error.message}`, sample.error);
    assert.deepEqual(run.output, sample.output);
    if (sample.asked) assert.deepEqual(run.asked, sample.asked);
  });
}

Deno.test("every file in flows/ has a sample", async () => {
  const covered = new Set(SAMPLES.map((sample) => `${sample.flow}.flow`));
  for await (const entry of Deno.readDir(new URL("../../flows", import.meta.url))) {
    assert(covered.has(entry.name), `${entry.name} is run by no test`);
  }
});
