import { type Benchmark, type Participant, type Sample, type Size, Stage } from "./bench.ts";
import { type Spread, spread } from "./numbers.ts";
import type { Place } from "./place.ts";

/** One figure of one peer over all rounds. */
export interface Figure extends Spread {
  /** Which benchmark. */
  readonly benchmark: string;
  /** Which peer. */
  readonly peer: string;
  /** What was measured. */
  readonly measure: string;
  /** Its unit. */
  readonly unit: string;
  /** Whether more is better, or less. */
  readonly better: "more" | "less";
  /** Each round. */
  readonly rounds: readonly number[];
}

/** How a run goes. */
export interface RunOptions extends Size {
  /** The peers' modules; Rhythm's is `rhythm`. */
  readonly peers: readonly string[];
  /** A checkout of this project, whose Rhythm takes part as `rhythm_before`. */
  readonly against?: string;
  /** How many rounds. */
  readonly rounds: number;
  /** Stages that are open already, and stay open: for tiny runs, where opening costs more than measuring. */
  readonly stages?: readonly Stage[];
}

/** Runs one benchmark: a round of each peer, and again. One peer's failure ends its part, and is told. */
export async function runBenchmark(
  place: Place,
  benchmark: Benchmark,
  options: RunOptions,
): Promise<Figure[]> {
  const taken = options.stages?.filter(({ file }) =>
    benchmark.alone ? file === "rhythm" : benchmark.peers?.includes(file) ?? true
  );
  const stages = taken ?? await openStages(place, benchmark, options);
  const found = new Map<string, Sample[][]>();
  try {
    if (!options.tiny && !benchmark.alone) await warmUp(benchmark, stages, options);
    for (let round = 1; round <= Math.min(options.rounds, benchmark.mostRounds ?? Infinity); round++) {
      for (const stage of [...stages]) {
        if (!await isAble(stage, benchmark)) continue;
        try {
          const samples = await benchmark.round(stage, options);
          found.set(stage.file, [...found.get(stage.file) ?? [], samples]);
          const head = samples[0]!;
          options.onProgress(
            `${benchmark.name} ${stage.file} ${round}: ${head.value.toFixed(2)} ${head.unit}`,
          );
        } catch (error) {
          if (stage.file === "rhythm") throw error;
          options.onProgress(`${benchmark.name} ${stage.file}: left out, ${(error as Error).message}`);
          stages.splice(stages.indexOf(stage), 1);
          await stage.close();
        }
      }
    }
  } finally {
    if (taken === undefined) await Promise.all(stages.map((stage) => stage.close()));
  }
  return [...found].flatMap(([peer, rounds]) => figures(benchmark.name, peer, rounds));
}

// The first round of a process compiles what the others run. What measures Rhythm alone warms up as it needs.
async function warmUp(benchmark: Benchmark, stages: readonly Stage[], options: RunOptions): Promise<void> {
  for (const stage of stages) {
    await benchmark.round(stage, { ...options, tiny: true }).catch((error) =>
      options.onProgress(`${stage.file}: ${error}`)
    );
  }
}

async function openStages(place: Place, benchmark: Benchmark, options: RunOptions): Promise<Stage[]> {
  const stages: Stage[] = [];
  for (const participant of participants(benchmark, options)) {
    const { peer } = participant;
    try {
      const stage = await Stage.open(place, participant);
      if (await isAble(stage, benchmark)) stages.push(stage);
      else await stage.close();
    } catch (error) {
      if (peer.startsWith("rhythm")) throw error;
      options.onProgress(`${benchmark.name} ${peer}: left out, ${(error as Error).message}`);
    }
  }
  return stages;
}

function participants({ alone, peers }: Benchmark, options: RunOptions): Participant[] {
  const before = options.against === undefined ? [] : [{ peer: "rhythm_before", checkout: options.against }];
  if (alone) return [{ peer: "rhythm" }, ...before];
  const asked = options.peers.filter((peer) => peers?.includes(peer) ?? true).map((peer) => ({ peer }));
  return [...asked.slice(0, 1), ...before, ...asked.slice(1)];
}

async function isAble(stage: Stage, benchmark: Benchmark): Promise<boolean> {
  const can = await stage.client.ask<string[]>("can");
  return benchmark.needs.every((need) => can.includes(need));
}

function figures(benchmark: string, peer: string, rounds: readonly Sample[][]): Figure[] {
  return rounds[0]!.map(({ measure, unit, better }, index) => {
    const values = rounds.map((samples) => samples[index]!.value);
    return { benchmark, peer, measure, unit, better, rounds: values, ...spread(values) };
  });
}
