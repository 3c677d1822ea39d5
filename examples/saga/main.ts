// A saga: three bookings, and if one cannot be had, those before it are given back.
import { NonRetryableError, Rhythm, task } from "@rhythm/core";

const booked = new Set<string>();

function booking(what: string): ReturnType<typeof task>[] {
  const book = task(
    { name: `book_${what}`, retry: { maxAttempts: 3, initial: "100ms" } },
    ({ traveller, size }: { traveller: string; size?: string }, ctx) => {
      // Another attempt may help against this …
      if (what === "hotel" && ctx.attempt === 1) throw new Error("The hotel does not answer");
      // … but not against that.
      if (size === "limousine") throw new NonRetryableError("There is no limousine", { code: "SOLD_OUT" });
      const id = `${what} of ${traveller}`;
      booked.add(id);
      console.log(`  booked: ${id}${ctx.attempt > 1 ? ` (attempt ${ctx.attempt})` : ""}`);
      return { id };
    },
  );
  const cancel = task({ name: `cancel_${what}`, retry: { maxAttempts: 10 } }, ({ id }: { id: string }) => {
    booked.delete(id);
    console.log(`  given back: ${id}`);
  });
  return [book, cancel] as ReturnType<typeof task>[];
}

await using rhythm = await Rhythm.init({
  flows: [new URL("./flows", import.meta.url)],
  tasks: ["flight", "hotel", "car"].flatMap(booking),
  log: { level: "error" },
});
await using worker = rhythm.worker();
const working = worker.run();

console.log("Ada takes what there is:");
const ada = await rhythm.workflows.run("book_trip", { traveller: "Ada" }, { wait: { timeout: "30s" } });
console.log(ada);

console.log("\nGrace wants a limousine:");
const grace = await rhythm.workflows.run(
  "book_trip",
  { traveller: "Grace", car: "limousine" },
  { wait: { timeout: "30s" } },
);
console.log(grace);
console.log(`\nBooked in the end: ${[...booked].join(", ")}`);

await worker.stop();
await working;
