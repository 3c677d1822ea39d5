/** What differs between two texts, line by line. */

/** A line of a difference. */
export interface DiffLine {
  /** Whether both have it, only the new one, or only the old one. */
  readonly kind: "same" | "new" | "old";
  /** The line. */
  readonly text: string;
  /** Its number in the old text. */
  readonly from: number | undefined;
  /** Its number in the new text. */
  readonly to: number | undefined;
}

/** The lines of two texts beside each other: by their longest common part. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [old, fresh] = [before, after].map((text) => text.replace(/\n$/, "").split("\n")) as [
    string[],
    string[],
  ];
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head && tail < fresh.length - head && old.at(-1 - tail) === fresh.at(-1 - tail)
  ) tail++;
  const [rows, columns] = [old.length - head - tail, fresh.length - head - tail];
  // Above some millions of pairs, what is between is shown as replaced.
  const common = rows * columns > 4_000_000 ? undefined : lengths(old, fresh, { head, rows, columns });
  const lines: DiffLine[] = [];
  let [from, to] = [0, 0];
  const same = (): void => void lines.push({ kind: "same", text: old[from]!, from: ++from, to: ++to });
  while (from < head) same();
  while (from < head + rows || to < head + columns) {
    const [left, right] = [from - head, to - head];
    const at = (row: number, column: number): number => common?.[row * (columns + 1) + column] ?? 0;
    if (left < rows && right < columns && common !== undefined && old[from] === fresh[to]) same();
    else if (left < rows && (right >= columns || at(left + 1, right) >= at(left, right + 1))) {
      lines.push({ kind: "old", text: old[from]!, from: ++from, to: undefined });
    } else lines.push({ kind: "new", text: fresh[to]!, from: undefined, to: ++to });
  }
  while (from < old.length) same();
  return lines;
}

// How many lines the rests of both have in common, from each pair of lines on.
function lengths(
  old: readonly string[],
  fresh: readonly string[],
  { head, rows, columns }: { head: number; rows: number; columns: number },
): Uint32Array {
  const width = columns + 1;
  const table = new Uint32Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      table[row * width + column] = old[head + row] === fresh[head + column]
        ? table[(row + 1) * width + column + 1]! + 1
        : Math.max(table[(row + 1) * width + column]!, table[row * width + column + 1]!);
    }
  }
  return table;
}
