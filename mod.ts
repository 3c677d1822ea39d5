// The front door of Rhythm is laid with the rooms behind it.
export { RhythmError } from "./src/shared/error.ts";
