/**
 * Measures Rhythm and its peers.
 *
 *     deno task bench                         everything
 *     deno task bench B1 B4                   these benchmarks
 *       --peers rhythm,graphile_worker        only these (default: all)
 *       --rounds 5                            rounds of each peer, in turn (default: 5)
 *       --tiny                                once and small: only to see that it works
 *       --minutes 10                          how long B16 goes on (default: 10)
 *       --json bench/results.json             the figures, for bench/chart.ts
 *       --against ../before                   another checkout of this project, round by round beside this one
 *
 * @module
 */
import { parseArgs } from "node:util";
import { benchmarks } from "./benchmarks/mod.ts";
import { machine } from "./machine.ts";
import { openPlace } from "./place.ts";
import { restateProgram } from "./restate_server.ts";
import { type Figure, runBenchmark } from "./run.ts";
import { beside, type LastRun, table } from "./table.ts";

/** Everything that can take part. */
const PEERS = [
  "rhythm",
  "rhythm_code",
  "graphile_worker",
  "pg_boss",
  "dbos",
  "openworkflow",
  "restate",
  "absurd",
  "floor",
];

/** Why a peer cannot take part here; undefined when it can. */
async function absence(peer: string): Promise<string | undefined> {
  if (peer === "absurd" && !Deno.env.has("ABSURD_SQL")) return "ABSURD_SQL does not name its SQL file";
  if (peer !== "restate") return undefined;
  return await restateProgram().then(() => undefined, (error: Error) => error.message);
}

const HELP = `deno task bench [B1 B4 …] [--peers a,b] [--rounds N] [--tiny] [--minutes N] [--json FILE]

Measures Rhythm and its peers in alternating rounds, on a Postgres of its own.

Benchmarks
${
  benchmarks.map(({ name, title, onRequest }) =>
    `  ${name.padEnd(4)} ${title}${onRequest ? "; only when named" : ""}`
  ).join("\n")
}

Options
  --peers a,b    only these of: ${PEERS.join(", ")}
  --rounds N     rounds of each peer (default 5)
  --tiny         one round, small: shows that everything works, measures nothing
  --minutes N    how long B16 goes on (default 10)
  --against DIR  another checkout of this project takes part, as rhythm_before
  --json FILE    writes the figures; bench/chart.ts draws them

Environment
  RHYTHM_BENCH_URL     a server to use instead; its databases bench_… are ours
  RHYTHM_BENCH_VERBOSE shows what the peers' processes say
  RHYTHM_BENCH_RESTATE Restate's server, instead of the one from npm
  ABSURD_SQL           Absurd's SQL file; without it Absurd does not take part`;

/** The figures that were kept; undefined where there are none. */
async function lastRun(): Promise<LastRun | undefined> {
  const text = await Deno.readTextFile(new URL("results.json", import.meta.url)).catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text) as LastRun;
}

async function present(peers: readonly string[]): Promise<string[]> {
  const there: string[] = [];
  for (const peer of peers) {
    const reason = await absence(peer);
    if (reason === undefined) there.push(peer);
    else console.error(`${peer} does not take part: ${reason}`);
  }
  return there;
}

/** Runs what the arguments ask for; gives the process' exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      peers: { type: "string" },
      rounds: { type: "string" },
      tiny: { type: "boolean" },
      minutes: { type: "string" },
      json: { type: "string" },
      against: { type: "string" },
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
  const minutes = Number(values.minutes ?? 10);
  if (unknown.length > 0 || !(Number.isInteger(rounds) && rounds > 0 && minutes > 0)) {
    console.error(
      unknown.length > 0
        ? `Unknown: ${unknown.join(", ")}\n`
        : "--rounds takes a whole number above zero, --minutes a number above zero\n",
    );
    console.error(HELP);
    return 2;
  }
  const tiny = values.tiny ?? false;
  const chosen = benchmarks.filter(({ name, onRequest }) =>
    asked.length === 0 ? onRequest !== true : asked.includes(name)
  );
  const peers = chosen.every(({ alone }) => alone)
    ? ["rhythm"]
    : await present(values.peers?.split(",") ?? PEERS);
  const figures: Figure[] = [];
  const last = await lastRun();
  const place = await openPlace();
  try {
    console.log(
      `${machine()}\n${place.server}; ${rounds} round(s) or as many as the benchmark takes, median (min–max)\n`,
    );
    for (const benchmark of chosen) {
      const onProgress = (line: string): void => console.error(line);
      const found = await runBenchmark(place, benchmark, {
        peers,
        rounds,
        tiny,
        minutes,
        onProgress,
        ...(values.against === undefined ? {} : { against: values.against }),
      });
      figures.push(...found);
      console.log(table(`${benchmark.name}: ${benchmark.title}`, found));
      if (last !== undefined && !tiny) console.log(beside(benchmark.name, found, last));
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
