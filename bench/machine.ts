import { cpus, totalmem } from "node:os";

/** What machine this is, for whoever reads the figures. */
export function machine(): string {
  const cores = cpus();
  const model = cores[0]?.model ?? "unknown processor";
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} × ${model}, ${memory} GB, ${Deno.build.os}, Deno ${Deno.version.deno}`;
}
