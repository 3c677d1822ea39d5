import { CATALOGUE, MORE } from "./catalogue.ts";
import type { Terminal } from "./terminal.ts";

/** Writes what `rhythm --help` shows: every command, on one screen of 24 lines. */
export function frontPage(terminal: Terminal): void {
  const { paint, print } = terminal;
  print(
    `${paint("bold", "rhythm")} <command> [options]   ${
      paint("quiet", "<command> --help explains it, with examples")
    }`,
  );
  let group = "";
  for (const entry of CATALOGUE.filter((one) => one.group !== MORE)) {
    const heading = entry.group === group ? "" : entry.group;
    group = entry.group;
    print(`${paint("bold", heading.padEnd(6))} ${paint("busy", entry.name.padEnd(12))} ${entry.summary}`);
  }
  const more = CATALOGUE.filter((one) => one.group === MORE).map(({ name }) => paint("busy", name));
  print(`${paint("bold", MORE.padEnd(6))} ${more.join(" ")}`);
  print(
    paint("quiet", "All take --json. Exit codes: 0 yes, 1 no, 2 wrong use, 3 not found,"),
  );
  print(
    paint("quiet", "4 no database, 5 too late, 130 Ctrl-C. New here? `rhythm init hello`"),
  );
}
