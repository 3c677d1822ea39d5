/** Whether this run takes every case where another takes a sample: `deno task test --long`. */
export const isLong = Deno.env.get("RHYTHM_TEST_LONG") === "yes";
