import * as clients from "@restatedev/restate-sdk-clients";
import * as restate from "@restatedev/restate-sdk/node";
import { createServer, type Http2Server } from "node:http2";
import { clock, type MakePeer } from "../peer.ts";

const AT_ONCE = 100;

/**
 * Restate: its native server; handlers over HTTP/2, open in both directions. The server pushes work to the handlers, so that
 * a worker that does not work is one whose handlers wait at a gate.
 */
export const makePeer: MakePeer = ({ url, hit, arrived }) => {
  const { origin, searchParams } = new URL(url);
  const admin = `http://127.0.0.1:${searchParams.get("admin")}`;
  const port = Number(searchParams.get("worker"));
  let gate = Promise.withResolvers<void>();
  let server: Http2Server | undefined;

  const children = restate.service({
    name: "children",
    handlers: { one: (_ctx: restate.Context) => Promise.resolve(1) },
  });
  const tasks = restate.service({
    name: "tasks",
    handlers: {
      noop: async (_ctx: restate.Context) => {
        await gate.promise;
        hit();
      },
      stamped: (_ctx: restate.Context, sentAt: number) => Promise.resolve(arrived(sentAt)),
      steps: async (ctx: restate.Context) => {
        await gate.promise;
        for (let n = 0; n < 10; n++) {
          await ctx.run(`step-${n}`, () => {
            hit();
            return n;
          });
        }
        return "done";
      },
      fanOut: async (ctx: restate.Context, count: number) => {
        const calls = Array.from({ length: count }, () => ctx.serviceClient(children).one());
        return (await restate.RestatePromise.all(calls)).length;
      },
      // Not suspended within a minute, so that what is not in the journal stays true.
      sleeper: async (ctx: restate.Context, ms: number) => {
        const awake = ctx.sleep(ms);
        const due = Date.now() + ms;
        await awake;
        return Date.now() - due;
      },
    },
  });
  const waiter = restate.workflow({
    name: "waiter",
    handlers: {
      run: async (ctx: restate.WorkflowContext) => {
        const { id, promise } = ctx.awakeable<number>();
        ctx.set("awakeable", id);
        return await promise;
      },
      awakeable: async (ctx: restate.WorkflowSharedContext) => await ctx.get<string>("awakeable"),
    },
  });
  const client = clients.connect({ url: origin });

  async function listen(): Promise<void> {
    if (server !== undefined) return;
    const services = [tasks, children, waiter];
    const made = createServer(restate.createEndpointHandler({ services, logger: () => {} }));
    await new Promise<void>((go) => made.listen(port, "127.0.0.1", go));
    server = made;
  }

  function stopListening(): void {
    server?.close();
    server = undefined;
  }

  async function ask<Answer>(path: string, body: unknown): Promise<Answer> {
    const response = await fetch(`${admin}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Restate's server answered ${path}: ${await response.text()}`);
    return await response.json();
  }

  async function startMany(count: number, one: () => PromiseLike<unknown>): Promise<void> {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await one();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  return {
    name: "Restate",
    // The server asks the handlers' process what it has: here this one, later the worker at the same port.
    setup: async () => {
      await listen();
      await ask("/deployments", { uri: `http://127.0.0.1:${port}` });
      stopListening();
    },
    startWorker: async () => {
      await listen();
      gate.resolve();
    },
    stopWorker: () => {
      gate = Promise.withResolvers();
      return Promise.resolve();
    },
    enqueue: (count) => startMany(count, () => client.serviceSendClient(tasks).noop()),
    enqueueStamped: async (sentAt) => void await client.serviceSendClient(tasks).stamped(sentAt),
    runTask: async () => await client.serviceClient(tasks).noop(),
    startSteps: (count) => startMany(count, () => client.serviceSendClient(tasks).steps()),
    fanOut: async (count) => void await client.serviceClient(tasks).fanOut(count),
    sleepers: async (count, ms) =>
      await Promise.all(Array.from({ length: count }, () => client.serviceClient(tasks).sleeper(ms))),
    waiting: async () => {
      const workflow = client.workflowClient(waiter, crypto.randomUUID());
      await workflow.workflowSubmit();
      let id: string | null;
      while ((id = await workflow.awakeable()) === null) await new Promise((go) => setTimeout(go, 5));
      const awakeable = id;
      return async () => {
        const result = workflow.workflowAttach();
        await client.resolveAwakeable(awakeable, clock());
        await result;
      };
    },
    unfinished: async () => {
      const query = "select 1 from sys_invocation_status where status <> 'completed' limit 1";
      return (await ask<{ rows: unknown[] }>("/query", { query })).rows.length;
    },
    close: () => Promise.resolve(stopListening()),
  };
};
