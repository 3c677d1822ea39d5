import { less, more, type Sample, type Size, type Stage } from "../bench.ts";
import type { Drained } from "../host.ts";

/** What goes on beside B1. */
export interface Beside {
  /** The benchmark. */
  readonly name: string;
  /** What it does, as `repaired` or `pages read`. */
  readonly does: string;
  /** Begins; the function that it gives ends it, and says how much was done. */
  readonly begin: () => Promise<() => Promise<number>>;
}

/** Drains with something beside them, and without it, in turn. */
export async function besideB1(
  stage: Stage,
  { tiny, onProgress }: Size,
  { name, does, begin }: Beside,
): Promise<Sample[]> {
  const [turns, count] = tiny ? [1, 200] : [12, 20_000];
  const found: Record<"beside" | "alone", Drained[]> = { beside: [], alone: [] };
  const done: number[] = [];
  if (!tiny) await drain(stage, count);
  for (let turn = 0; turn < turns; turn++) {
    for (const how of turn % 2 === 0 ? ["beside", "alone"] as const : ["alone", "beside"] as const) {
      const end = how === "beside" ? await begin() : undefined;
      found[how].push(await drain(stage, count));
      if (end !== undefined) done.push(await end() / found[how].at(-1)!.seconds);
    }
    onProgress(
      `${name} ${stage.file}: turn ${turn + 1} of ${turns}, ${done.at(-1)!.toFixed(1)} ${does} a second`,
    );
  }
  const [beside, alone] = [best(found.beside), best(found.alone)];
  return [
    more("B1 beside it, to B1 alone", "", alone / beside),
    more("B1 beside it", "/s", count / beside),
    more("B1 alone", "/s", count / alone),
    less(`${does} beside B1`, "/s", done.reduce((sum, one) => sum + one, 0) / done.length),
  ];
}

// Whatever else the machine does makes a drain longer, never shorter: the mean of the shortest quarter.
function best(drains: readonly Drained[]): number {
  const values = drains.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const few = values.slice(0, Math.ceil(values.length / 4));
  return few.reduce((sum, value) => sum + value, 0) / few.length;
}

async function drain(stage: Stage, count: number): Promise<Drained> {
  await stage.client.ask("enqueue", count);
  return await stage.worker.ask<Drained>("drain", count);
}
