// Terminal 2: queues work for the worker in terminal 1.
import { openApp } from "./app.ts";
import { runMenu } from "./menu.ts";

await using rhythm = await openApp();
await runMenu(rhythm);
