/**
 * Request → Response: health, readiness, metrics and the API, over a read model and commands that the application gives.
 *
 * @module
 */
import type { Commands, ReadModel } from "./read_model.ts";
import type { Route } from "./route.ts";

export {
  createHandler,
  type DashboardParts,
  type DevParts,
  type Handler,
  type HandlerPlace,
  type HttpParts,
  type Readiness,
} from "./handler.ts";
export {
  type Distribution,
  type MetricFamily,
  METRICS_TYPE,
  renderMetrics,
  type Sample,
} from "./prometheus.ts";
export type { Commands, PageReads, QueryAnswer, ReadModel, ScheduleDefinition } from "./read_model.ts";
export { HttpError, json, problem, text } from "./respond.ts";
export { type Route, route, type RouteCall } from "./route.ts";

/** Every operation of the API. Loads zod, which a worker does not need until somebody calls its API. */
export async function apiRoutes(reads: ReadModel, commands: Commands): Promise<Route[]> {
  const { executionRoutes } = await import("./api/executions.ts");
  const { operationRoutes } = await import("./api/operations.ts");
  const { failureRoutes } = await import("./api/failures.ts");
  const { rateRoutes } = await import("./api/rates.ts");
  const { gateRoutes } = await import("./api/gates.ts");
  const { bulkRoutes } = await import("./api/bulk.ts");
  const { consoleRoutes } = await import("./api/console.ts");
  const { controlRoutes } = await import("./api/control.ts");
  return [
    ...executionRoutes(reads, commands),
    ...operationRoutes(reads, commands),
    ...bulkRoutes(reads, commands),
    ...failureRoutes(reads, commands),
    ...rateRoutes(reads),
    ...gateRoutes(reads, commands),
    ...controlRoutes(reads, commands),
    ...consoleRoutes(commands),
  ];
}
export { Watched } from "./watched.ts";
