/**
 * The candidate that was probably meant, if one is near enough: it begins with the word, or at most a third of its
 * letters differ, a swap of neighbours counting once.
 *
 * @param word what was written
 * @param candidates what could have been written
 * @returns the nearest candidate, or nothing when all are far
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const folded = fold(word);
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    if (candidate === word) continue;
    if (fold(candidate) === folded) return candidate;
    if (folded.length > 2 && fold(candidate).startsWith(folded)) return candidate;
    const distance = editDistance(folded, fold(candidate), least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best !== undefined && least < Math.max(word.length, best.length) ? best : undefined;
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const best = nearest(word, candidates);
  return best === undefined ? "" : ` Did you mean "${best}"?`;
}

// max_attempts, max-attempts and maxAttempts are one word to a person.
function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, "");
}

// Optimal string alignment (a swap of neighbours counts once); gives up at the ceiling.
function editDistance(a: string, b: string, ceiling: number): number {
  if (Math.abs(a.length - b.length) >= ceiling) return ceiling;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length]!;
}
