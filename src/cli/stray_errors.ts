import { CliError } from "./cli_error.ts";
import { EXIT } from "./exit_codes.ts";

type Heed = (error: unknown) => void;

const heeded: Heed[] = [];
let listens = false;

/**
 * Hears errors that nobody caught, instead of letting them end the process with a stack trace. Of several that want to
 * hear them, it is the one who came last.
 *
 * @param heed is given the error
 * @returns ends it
 */
export function heedStrays(heed: Heed): Disposable {
  if (!listens) listen();
  heeded.push(heed);
  return { [Symbol.dispose]: () => void heeded.splice(heeded.indexOf(heed), 1) };
}

/** An error that nobody caught, in a sentence with its place, where that is in somebody's own code. */
export function tellStray(error: unknown): unknown {
  const place = placeOf(error);
  if (place === undefined || error instanceof CliError) return error;
  const { name, message } = error as Error;
  return new CliError(`nobody caught ${name}: ${message} (${place})`, {
    exit: EXIT.no,
    code: "UNCAUGHT",
    cause: error,
    hint: "await what a task begins, or catch what it throws",
  });
}

function listen(): void {
  listens = true;
  const hear = (event: Event, error: unknown): void => {
    const heed = heeded.at(-1);
    if (heed === undefined) return;
    event.preventDefault();
    heed(error);
  };
  addEventListener("error", (event) => hear(event, event.error));
  addEventListener("unhandledrejection", (event) => hear(event, event.reason));
}

// The first line of the stack, if it is not in Rhythm: what a task's module began by itself.
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const first = /\bfile:\/\/[^\s)]+/.exec(error.stack ?? "")?.[0];
  if (first === undefined || first.startsWith(new URL("../", import.meta.url).href)) return undefined;
  return first.replace("file://", "").replace(/\?v=\d+/, "");
}
