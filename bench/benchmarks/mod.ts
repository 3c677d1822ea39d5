/**
 * The benchmarks, in their order.
 *
 * @module
 */
import { b10 } from "./b10_old_snapshot.ts";
import { b11 } from "./b11_workers.ts";
import { b12 } from "./b12_payloads.ts";
import { b13 } from "./b13_idle.ts";
import { b14 } from "./b14_long_flow.ts";
import { b16 } from "./b16_soak.ts";
import { b17 } from "./b17_life.ts";
import { b18 } from "./b18_fan_in.ts";
import { b19 } from "./b19_limited.ts";
import { b20 } from "./b20_journal.ts";
import { b21 } from "./b21_repair.ts";
import { b22 } from "./b22_watched.ts";
import { b23 } from "./b23_endless.ts";
import type { Benchmark } from "../bench.ts";
import { b1 } from "./b1_drain.ts";
import { b2 } from "./b2_enqueue.ts";
import { b3 } from "./b3_latency.ts";
import { b4 } from "./b4_steps.ts";
import { b5 } from "./b5_fan_out.ts";
import { b6 } from "./b6_sleep.ts";
import { b9 } from "./b9_growth.ts";
import { b7 } from "./b7_signal.ts";

/** All of them; B8 is in B1 and B4, B15 is `bench/flow`. */
export const benchmarks: readonly Benchmark[] = [
  b1,
  b2,
  b3,
  b4,
  b5,
  b6,
  b7,
  b9,
  b10,
  b11,
  b12,
  b13,
  b14,
  b16,
  b17,
  b18,
  b20,
  b21,
  b22,
  b23,
  // The last one: it leaves millions of tasks that nobody runs, and others wait until nothing is left.
  b19,
];
