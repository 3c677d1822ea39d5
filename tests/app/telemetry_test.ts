import { deepStrictEqual as equal, rejects, strictEqual as same } from "node:assert/strict";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { task } from "../../mod.ts";
import { step, workflow } from "../../src/steps/mod.ts";
import { testApp } from "./support.ts";
import { until } from "../support/until.ts";

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

async function spanNamed(name: string): Promise<ReadableSpan> {
  await until(() => exporter.getFinishedSpans().some((span) => span.name === name));
  return exporter.getFinishedSpans().find((span) => span.name === name)!;
}

const source = `return await Workflow.run("inner", {})`;
const inner = `return await Task.run("work", { n: 1 })`;

Deno.test("spans lead from the starter through flow and child to the task and what it does", async () => {
  exporter.reset();
  const work = task({ name: "work" }, ({ n }: { n: number }) => {
    return trace.getTracer("mine").startActiveSpan("inside", (span) => {
      span.end();
      return n;
    });
  });
  await using app = await testApp({
    tasks: [work],
    flows: [{ name: "outer", source }, { name: "inner", source: inner }],
  });
  app.work();
  const run = await trace.getTracer("mine").startActiveSpan("request", async (span) => {
    const started = await app.rhythm.workflows.start("outer");
    span.end();
    return started;
  });
  same(await run.result({ timeout: "20s" }), 1);

  const path = ["request", "start outer", "workflow outer", "workflow inner", "task work", "inside"];
  const spans = await Promise.all(path.map(spanNamed));
  same(new Set(spans.map((span) => span.spanContext().traceId)).size, 1, "one trace");
  equal(
    spans.slice(1).map((span) => span.parentSpanContext?.spanId),
    spans.slice(0, -1).map((span) => span.spanContext().spanId),
  );
  const [, start, flow, , taken] = spans;
  equal([start!.kind, flow!.kind, taken!.kind], [SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.CONSUMER]);
  same(flow!.attributes["rhythm.execution"], run.id);
  equal([taken!.attributes["rhythm.target"], taken!.attributes["rhythm.attempt"]], ["work", 1]);
});

Deno.test("a code-first workflow has a span under its starter's, and what its steps do is under that", async () => {
  exporter.reset();
  const inStep = step("inside", () => {
    trace.getTracer("mine").startSpan("in the step").end();
    return 7;
  });
  const coded = workflow("coded", async (ctx, _input: null) => await inStep(ctx));
  await using app = await testApp({ workflows: [coded] });
  app.work();
  same(await (await app.rhythm.workflows.start(coded, null)).result({ timeout: "20s" }), 7);
  const [start, run, inside] = await Promise.all(
    ["start coded", "workflow coded", "in the step"].map(spanNamed),
  );
  same(run!.parentSpanContext?.spanId, start!.spanContext().spanId);
  same(inside!.parentSpanContext?.spanId, run!.spanContext().spanId);
});

Deno.test("what a code-first workflow starts has its span under the workflow's", async () => {
  exporter.reset();
  const double = task({ name: "double" }, (n: number) => n * 2);
  const outer = workflow("outer", async (ctx, n: number) => await ctx.run(double, n));
  await using app = await testApp({ tasks: [double], workflows: [outer] });
  app.work();
  const run = await app.rhythm.workflows.start(outer, 4);
  same(await run.result({ timeout: "20s" }), 8);
  const [start, over, child] = await Promise.all(
    ["start outer", "workflow outer", "task double"].map(spanNamed),
  );
  same(over!.parentSpanContext?.spanId, start!.spanContext().spanId);
  same(child!.parentSpanContext?.spanId, over!.spanContext().spanId);
  same(child!.spanContext().traceId, start!.spanContext().traceId);
});

Deno.test("a failed attempt has a span of its own that says so", async () => {
  exporter.reset();
  const fail = task({ name: "fail", retry: { maxAttempts: 2, initial: 0.01 } }, (_: null, ctx) => {
    throw new TypeError(`attempt ${ctx.attempt}`);
  });
  await using app = await testApp({ tasks: [fail] });
  app.work();
  await rejects((await fail.queue(null)).result({ timeout: "20s" }), { code: "EXECUTION_FAILED" });
  const attempts = exporter.getFinishedSpans().filter((span) => span.name === "task fail");
  equal(
    attempts.map(({ attributes, status }) => [attributes["rhythm.attempt"], status.code, status.message]),
    [[1, SpanStatusCode.ERROR, "attempt 1"], [2, SpanStatusCode.ERROR, "attempt 2"]],
  );
  same(attempts[0]!.events[0]?.attributes?.["exception.type"], "TypeError");
});
