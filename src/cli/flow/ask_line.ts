import type { Terminal } from "../terminal.ts";

/**
 * Asks a person, line by line.
 *
 * @param terminal where the question stands
 * @param signal Ctrl-C: ends the asking; the caller must end, too
 * @returns what asks; its answer is nothing at the end of input
 */
export function lineReader(
  terminal: Terminal,
  signal: AbortSignal,
): (question: string) => Promise<string | undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  return async (question) => {
    terminal.sayRaw(question);
    for (;;) {
      const end = rest.indexOf("\n");
      if (end >= 0) {
        const line = rest.slice(0, end).replace(/\r$/, "");
        rest = rest.slice(end + 1);
        return line;
      }
      const buffer = new Uint8Array(4_096);
      const read = await orAborted(Deno.stdin.read(buffer), signal);
      if (read === null) return undefined;
      rest += decoder.decode(buffer.subarray(0, read), { stream: true });
    }
  };
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const ended = (): void => reject(signal.reason);
  signal.addEventListener("abort", ended, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", ended);
  }
}
