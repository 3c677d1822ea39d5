import type { JsonObject, JsonValue } from "../shared/json.ts";
import type { FlowEffect } from "./flow_crew.ts";

/** An effect in the engine's words: the language speaks camelCase, as JavaScript does; the engine's options are SQL's. */
export function toStored(effect: FlowEffect, traceparent: string | undefined): JsonValue {
  if (effect.options === undefined && traceparent === undefined) return effect as unknown as JsonValue;
  return {
    ...effect,
    ...(effect.options === undefined ? {} : { options: snakeKeys(effect.options as JsonObject) }),
    ...(traceparent === undefined ? {} : { traceparent }),
  } as unknown as JsonValue;
}

function snakeKeys(options: JsonObject): JsonObject {
  const named: JsonObject = {};
  for (const [key, value] of Object.entries(options)) {
    named[key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = key === "retry"
      ? snakeKeys(value as JsonObject)
      : value;
  }
  return named;
}
