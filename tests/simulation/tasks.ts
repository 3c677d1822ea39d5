import { type AnyTask, type AnyWorkflow, task } from "../../src/define/mod.ts";
import { workflow } from "../../src/steps/mod.ts";
import type { Ledger } from "./ledger.ts";
import type { Process } from "./process.ts";
import { type Program, runCode } from "./programs.ts";

/** How an attempt is repeated that was lost with its worker: as often as it takes. */
const retry = { crashes: 1_000, initial: "200ms", max: "2s" } as const;

/** The tasks, as one process runs them. */
export function tasksOf(process: Process, ledger: Ledger): AnyTask[] {
  const { clock } = process;
  return [
    task({ name: "echo", retry }, async ({ v, ms }: { v: number; ms: number }, ctx) => {
      ledger.began(process, ctx);
      if (ms > 0) await clock.sleep(ms);
      return v;
    }),
    task({ name: "boom", retry }, (_input: object, ctx) => {
      ledger.began(process, ctx);
      ledger.threw(ctx);
      throw new Error("boom");
    }),
    task({ name: "flaky", retry }, async ({ v, throws }: { v: number; throws: number }, ctx) => {
      ledger.began(process, ctx);
      await clock.sleep(3);
      if (ctx.attempt <= throws) {
        ledger.threw(ctx);
        throw new Error(`attempt ${ctx.attempt} throws`);
      }
      return v;
    }),
    // Says which attempt gave the result.
    task({ name: "numbered", retry }, async ({ ms }: { ms: number }, ctx) => {
      ledger.began(process, ctx);
      await clock.sleep(ms);
      return ctx.attempt;
    }),
    // Longer than its timeout; does not listen.
    task({ name: "slow", retry }, async ({ ms }: { ms: number }, ctx) => {
      ledger.began(process, ctx);
      await clock.sleep(ms);
      return "late";
    }),
    // The whole process stands still. Not for ever: where every lease is shorter, it would never end.
    task({ name: "block", retry }, async ({ ms, v }: { ms: number; v: number }, ctx) => {
      ledger.began(process, ctx);
      if (ctx.attempt <= 5) ledger.block(process, ms);
      await clock.sleep(1);
      return v;
    }),
    task({ name: "talk", retry }, async ({ times, v }: { times: number; v: number }, ctx) => {
      ledger.began(process, ctx);
      const from = ctx.lastCheckpoint as number | undefined ?? 0;
      ledger.goesOn(ctx, from);
      for (let nth = from; nth < times; nth++) {
        ctx.log.info(`line ${nth}`, { nth });
        ctx.progress({ nth });
        await clock.sleep(200);
        await ctx.checkpoint(nth + 1).then(() => ledger.stored(ctx, nth + 1), (error) => {
          if (ctx.signal.aborted) throw error;
        });
        await ctx.heartbeat().catch((error) => {
          // No answer is no reason to stop; having lost the lease is.
          if (ctx.signal.aborted) throw error;
        });
      }
      return v;
    }),
    // What it writes is there if and only if it completed.
    task({ name: "book", retry, transactional: true }, async ({ label }: { label: string }, ctx) => {
      ledger.began(process, ctx);
      await ctx.sql`insert into public.booked (execution, label) values (${ctx.executionId}, ${label})`;
      await clock.sleep(2);
      return 1;
    }),
    // Gets the inputs of many starts.
    task({ name: "gather", retry }, (given: readonly { v: number }[], ctx) => {
      ledger.began(process, ctx);
      return given.map(({ v }) => v);
    }),
    // What a hook starts.
    task({ name: "told", retry }, ({ execution }: { execution: { id: string } }, ctx) => {
      ledger.began(process, ctx);
      return execution.id;
    }),
    // Gives up after two losses.
    task(
      { name: "fragile", retry: { crashes: 1, initial: "100ms" } },
      async ({ ms }: { ms: number }, ctx) => {
        ledger.began(process, ctx);
        await clock.sleep(ms);
        return "whole";
      },
    ),
  ];
}

/** The programs that are code. */
export function workflowsOf(programs: readonly Program[], ledger: Ledger): AnyWorkflow[] {
  return programs.filter(({ kind }) => kind === "code").map((program) =>
    workflow(program.name, async (ctx, { n }: { n: number }) => {
      return await runCode(programs, program, { ctx, n, began: (step) => ledger.stepBegan(ctx.id(), step) });
    })
  );
}
