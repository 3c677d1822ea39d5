// `deno task worker`: a worker of the sample flow, on the embedded database or on RHYTHM_DATABASE_URL.
import { Rhythm } from "@rhythm/core";
import { tasks } from "./tasks.ts";

const port = Number(Deno.env.get("PORT") ?? 8080);
await using rhythm = await Rhythm.init({ flows: [new URL("./flows", import.meta.url)], tasks });
const worker = rhythm.worker({ port });
console.log(`
Start an order from another terminal:

  curl -X POST http://127.0.0.1:${port}/api/workflows/process_order/start \\
    -H 'authorization: Bearer ${worker.token}' \\
    -d '{"inputs": {"orderId": "1", "customer": "ada@example.org", "items": [{"sku": "pen", "price": 5, "quantity": 2}]}}'

Ctrl-C stops the worker; what it had begun goes on with the next one.
`);
await worker.run();
