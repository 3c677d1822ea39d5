/**
 * Measures Rhythm and its peers.
 *
 *     deno task bench                         everything
 *     deno task bench B1 B4                   these benchmarks
 *       --peers rhythm,graphile_worker        only these (default: all)
 *       --rounds 5                            rounds of each peer, in turn (default: 5)
 *       --tiny                                once and small: only to see that it works
 *       --json bench/results.json             the figures, for bench/chart.ts
 *
 * @module
 */
import { parseArgs } from "node:util";
import { benchmarks } from "./benchmarks/mod.ts";
import { machine } from "./machine.ts";
import { openPlace } from "./place.ts";
import { type Figure, runBenchmark } from "./run.ts";
import { table } from "./table.ts";

/** Everything that can take part. */
const PEERS = [
  "rhythm",
  "rhythm_code",
  "graphile_worker",
  "pg_boss",
  "dbos",
  "openworkflow",
  "absurd",
  "floor",
];

const HELP = `deno task bench [B1 B4 …] [--peers a,b] [--rounds N] [--tiny] [--json FILE]

Measures Rhythm and its peers in alternating rounds, on a Postgres of its own.

Benchmarks
${benchmarks.map(({ name, title }) => `  ${name.padEnd(4)} ${title}`).join("\n")}

Options
  --peers a,b    only these of: ${PEERS.join(", ")}
  --rounds N     rounds of each peer (default 5)
  --tiny         one round, small: shows that everything works, measures nothing
  --json FILE    writes the figures; deno run -A bench/chart.ts FILE draws them

Environment
  RHYTHM_BENCH_URL     a server to use instead; its databases bench_… are ours
  RHYTHM_BENCH_VERBOSE shows what the peers' processes say`;

/** Runs what the arguments ask for; gives the process' exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      peers: { type: "string" },
      rounds: { type: "string" },
      tiny: { type: "boolean" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const asked = positionals.map((name) => name.toUpperCase());
  const unknown = [
    ...asked.filter((name) => !benchmarks.some((known) => known.name === name)),
    ...(values.peers?.split(",") ?? []).filter((peer) => !PEERS.includes(peer)),
  ];
  const rounds = Number(values.rounds ?? (values.tiny ? 1 : 5));
  if (unknown.length > 0 || !(Number.isInteger(rounds) && rounds > 0)) {
    console.error(
      unknown.length > 0 ? `Unknown: ${unknown.join(", ")}\n` : "--rounds takes a whole number\n",
    );
    console.error(HELP);
    return 2;
  }
  const tiny = values.tiny ?? false;
  const peers = values.peers?.split(",") ??
    PEERS.filter((peer) => peer !== "absurd" || Deno.env.has("ABSURD_SQL"));
  const chosen = benchmarks.filter(({ name }) => asked.length === 0 || asked.includes(name));
  const figures: Figure[] = [];
  const place = await openPlace();
  try {
    console.log(`${machine()}\n${place.server}; ${rounds} round(s), median (min–max)\n`);
    for (const benchmark of chosen) {
      const onProgress = (line: string): void => console.error(line);
      const found = await runBenchmark(place, benchmark, { peers, rounds, tiny, onProgress });
      figures.push(...found);
      console.log(table(`${benchmark.name}: ${benchmark.title}`, found));
    }
    if (values.json !== undefined) {
      const report = {
        date: new Date().toISOString(),
        machine: machine(),
        server: place.server,
        tiny,
        figures,
      };
      await Deno.writeTextFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
    }
  } finally {
    await place.close();
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
