import { addSub, type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import type { FailureFlags, FailureWords } from "../failures.ts";
import { asGroup } from "../group.ts";
import { numberFrom, someOf } from "../kinds.ts";

const STATES = ["new", "known", "resolved", "ignored"];

/** `rhythm failures`: failures by their kind, and what is known of them. */
export const define: CommandModule["define"] = (command, cli) => {
  asGroup(command, "list");
  withExamples(command, [
    `rhythm failures`,
    `rhythm failures resolved 3712059483716251344 --note "fixed in 1.4"`,
    `rhythm operations retry --fingerprint 3712059483716251344`,
  ]);

  const list = addSub(command, "list", cli.terminal, "Kinds of failures, those that came last first.")
    .addOption(
      option("-s, --state <state>", `one or several, with commas: ${STATES.join(", ")}`, someOf(STATES)),
    )
    .addOption(option("-t, --target <name>", "the task or flow"))
    .addOption(option("-n, --limit <number>", "how many at most", numberFrom(1, 1_000)).default(20));
  withDatabase(list);
  withExamples(list, [
    `rhythm failures --state new`,
    `rhythm failures --json | jq '.failures[].fingerprint'`,
  ]);
  runs<FailureFlags>(list, cli, async (call) => {
    const { listFailures } = await import("../failures.ts");
    await listFailures(call);
  });

  const show = addSub(command, "show", cli.terminal, "One kind, with its trend and an example.")
    .addArgument(operand("<fingerprint>", "the kind"));
  withDatabase(show);
  withExamples(show, [`rhythm failures show 3712059483716251344`]);
  runs(show, cli, async (call) => {
    const { showFailure } = await import("../failures.ts");
    return await showFailure(call);
  });

  const summaries = {
    new: "Say that a kind is new.",
    known: "Say that a kind is known.",
    resolved: "Say that a kind is resolved, until it comes again.",
    ignored: "Say that a kind does not matter.",
  } as const;
  for (const state of ["new", "known", "resolved", "ignored"] as const) {
    const set = addSub(command, state, cli.terminal, summaries[state])
      .addArgument(operand("<fingerprint>", "the kind"))
      .addOption(option("--note <text>", "a word about it, which is kept"));
    withDatabase(set);
    withExamples(set, [`rhythm failures ${state} 3712059483716251344 --note "ticket 42"`]);
    runs<FailureWords>(set, cli, async (call) => {
      const { setFailure } = await import("../failures.ts");
      return await setFailure(call, state);
    });
  }
};
