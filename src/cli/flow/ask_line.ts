import type { Terminal } from "../terminal.ts";

/**
 * Asks a person, line by line. Ctrl-C ends the process, as it does anywhere.
 *
 * @param terminal where the question stands
 * @returns what asks; its answer is nothing at the end of input
 */
export function lineReader(terminal: Terminal): (question: string) => Promise<string | undefined> {
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
      const read = await Deno.stdin.read(buffer);
      if (read === null) return undefined;
      rest += decoder.decode(buffer.subarray(0, read), { stream: true });
    }
  };
}
