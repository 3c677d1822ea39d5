import { CATALOGUE } from "./catalogue.ts";
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
  for (const line of lines()) {
    const heading = line.group === group ? "" : line.group;
    group = line.group;
    const names = line.names.join(" ").padEnd(17);
    print(`${paint("bold", heading.padEnd(6))} ${paint("busy", names)} ${line.text}`);
  }
  print(
    paint("quiet", "All take --json. Exit codes: 0 yes, 1 no, 2 wrong use, 3 not found,"),
  );
  print(
    paint("quiet", "4 no database, 5 too late, 130 Ctrl-C. New here? `rhythm init hello`"),
  );
}

/** Neighbours with the same line share it. */
function lines(): { group: string; names: string[]; text: string }[] {
  const found: { group: string; names: string[]; text: string }[] = [];
  for (const { group, name, summary, line } of CATALOGUE) {
    const last = found.at(-1);
    if (line !== undefined && last?.text === line && last.group === group) last.names.push(name);
    else found.push({ group, names: [name], text: line ?? summary });
  }
  return found;
}
