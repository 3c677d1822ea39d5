import { addSub, type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import type { FailureFlags, FailureWords, HookFlags } from "../failures.ts";
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

  const hooks = addSub(command, "hooks", cli.terminal, "What is started when executions fail.");
  withDatabase(hooks);
  withExamples(hooks, [`rhythm failures hooks`]);
  runs(hooks, cli, async (call) => {
    const { listHooks } = await import("../failures.ts");
    await listHooks(call);
  });

  const hook = addSub(
    command,
    "hook",
    cli.terminal,
    "Start a task, or call an address, when executions fail.",
  )
    .addArgument(operand("<name>", "the name of the hook"))
    .addOption(option("--task <name>", "the task to start"))
    .addOption(option("--flow <name>", "the flow to start"))
    .addOption(option("--url <url>", "the HTTP address to call"))
    .addOption(option("--secret-from <name>", "calls are signed with the value of this environment variable"))
    .addOption(option("--event <event>", "each new kind, or each execution that fails", ["new", "failed"]))
    .addOption(option("-q, --queue <name>", "the queue of what it starts"))
    .addOption(option("--type <type>", "only for these failures", ["task", "workflow"]))
    .addOption(option("-t, --target <name>", "only for failures of this task or flow"))
    .addOption(option("--metadata <json>", "only for executions whose metadata contains this"));
  withDatabase(hook);
  withExamples(hook, [
    `rhythm failures hook alerts --url https://example.org/alerts --secret-from ALERT_SECRET`,
    `rhythm failures hook refund --task refund --event failed --target charge`,
  ]);
  runs<HookFlags>(hook, cli, async (call) => {
    const { setHook } = await import("../failures.ts");
    await setHook(call);
  });

  const unhook = addSub(command, "unhook", cli.terminal, "Remove a hook.")
    .addArgument(operand("<name>", "the name of the hook"));
  withDatabase(unhook);
  withExamples(unhook, [`rhythm failures unhook alerts`]);
  runs(unhook, cli, async (call) => {
    const { removeHook } = await import("../failures.ts");
    return await removeHook(call);
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
