/** Cuts a stream of text into lines. */
export class TextLineStream extends TransformStream<string, string> {
  /** Made per stream: it remembers the line under way. */
  constructor() {
    let rest = "";
    super({
      transform(chunk, controller): void {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line);
      },
      flush(controller): void {
        if (rest !== "") controller.enqueue(rest);
      },
    });
  }
}
