import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { SpanSpec, Telemetry } from "../define/mod.ts";

const KINDS = { producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const;
const GLOBALS = Symbol.for("opentelemetry.js.api.1");

/**
 * Tracing through the OpenTelemetry API, if this process has a provider: Deno's own (`OTEL_DENO=true`) or one that
 * the application registered.
 *
 * @returns nothing when spans would go nowhere
 */
export function findTelemetry(): Telemetry | undefined {
  const globals = (globalThis as Record<symbol, unknown>)[GLOBALS] as { trace?: unknown } | undefined;
  return globals?.trace === undefined ? undefined : { span: runInSpan };
}

async function runInSpan<T>(
  spec: SpanSpec,
  run: (traceparent: string | undefined) => Promise<T>,
): Promise<T> {
  const tracer = trace.getTracer("rhythm");
  const options = { kind: KINDS[spec.kind], attributes: { ...spec.attributes } };
  return await tracer.startActiveSpan(spec.name, options, parentOf(spec), async (span) => {
    try {
      return await run(carrierOf(span));
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({
        code: SpanStatusCode.ERROR,
        message: error instanceof Error ? error.message : String(error),
      });
      throw error;
    } finally {
      span.end();
    }
  });
}

function parentOf(spec: SpanSpec): Context {
  if (!spec.traceparent) return context.active();
  const remote = parseTraceparent(spec.traceparent);
  if (remote === undefined) return propagation.extract(context.active(), { traceparent: spec.traceparent });
  return trace.setSpanContext(context.active(), remote);
}

// The propagator is the application's to choose; the column holds W3C text whatever it is.
function parseTraceparent(
  text: string,
): { traceId: string; spanId: string; traceFlags: number; isRemote: true } | undefined {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text);
  if (match === null) return undefined;
  return { traceId: match[1]!, spanId: match[2]!, traceFlags: parseInt(match[3]!, 16), isRemote: true };
}

function carrierOf(span: Span): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (/^0+$/.test(traceId)) return undefined;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
