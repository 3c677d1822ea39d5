// The tasks of the shop that the dashboard shows. They pretend: some are slow, some fail now and then, one always does.
import { task, type TaskContext } from "@rhythm/core";

async function pretend(ms: number, ctx: TaskContext): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  ctx.signal.throwIfAborted();
}

const NAMES = ["Ada", "Grace", "Edsger", "Barbara", "Tony", "Frances", "Donald", "Radia"];

const getUser = task({ name: "get_user" }, async ({ id }: { id: number }, ctx) => {
  await pretend(120, ctx);
  const name = NAMES[id % NAMES.length]!;
  return {
    id,
    name,
    email: `${name.toLowerCase()}@example.org`,
    plan: id % 3 === 0 ? "pro" : "free",
    address: { city: "Lisbon", zip: "1100-148", country: "PT" },
  };
});

const createAccount = task({ name: "create_account" }, async ({ limit }: { limit: number }, ctx) => {
  await pretend(80, ctx);
  ctx.log.info("account created", { limit });
  return { id: `acc_${ctx.executionId.slice(-6)}`, limit };
});

const packParcel = task(
  { name: "pack_parcel", queue: "warehouse" },
  async ({ parcel }: { orderId: string; parcel: { items: number } }, ctx) => {
    await pretend(200 + 150 * parcel.items, ctx);
    return { kilos: parcel.items * 0.7 };
  },
);

const buyLabel = task(
  { name: "buy_label", queue: "carriers", retry: { maxAttempts: 4, initial: "400ms" } },
  async ({ orderId, weight }: { orderId: string; weight: number }, ctx) => {
    await pretend(180, ctx);
    if (Number(orderId) % 4 === 0 && ctx.attempt < 3) {
      throw new Error("The carrier answered 503 Service Unavailable");
    }
    if (weight > 9) throw new RangeError(`A parcel of ${weight.toFixed(1)} kg is too heavy for this carrier`);
    return { number: `CP${orderId}PT` };
  },
);

const listInvoices = task({ name: "list_invoices" }, async (_: { day: string }, ctx) => {
  await pretend(90, ctx);
  return [11, 12, 13, 14].map((number) => ({
    number,
    amount: number * 8.5,
    currency: number === 14 ? null : "EUR",
  }));
});

const collectPayment = task(
  { name: "collect_payment", queue: "payments" },
  async ({ amount, currency }: { number: number; amount: number; currency: string | null }, ctx) => {
    await pretend(140, ctx);
    return { amount, currency: currency!.toLowerCase() };
  },
);

const imports = task({ name: "import_catalogue", queue: "imports" }, async (_: unknown, ctx) => {
  for (let done = 0; done < 100; done += 2) {
    await ctx.progress({ done, of: 100 });
    await pretend(600, ctx);
  }
});

/** All of them. */
export const shopTasks = [
  getUser,
  createAccount,
  packParcel,
  buyLabel,
  listInvoices,
  collectPayment,
  imports,
];
