// Terminal 1: runs what is queued until Ctrl-C; what it has begun, it finishes.
import { openApp } from "./app.ts";

await using rhythm = await openApp();
console.log("The worker waits for work on the queue `default`. Ctrl-C stops it.");
await rhythm.worker({ queues: ["default"] }).run();
console.log("The worker has stopped.");
