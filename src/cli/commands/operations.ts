import type { Command } from "commander";
import { addSub, type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { withChanges, withMigration } from "../change_options.ts";
import type { OperationAction } from "../../define/mod.ts";
import { withWhich } from "../filter.ts";
import { asGroup } from "../group.ts";
import { numberFrom, ofType } from "../kinds.ts";
import { PRIORITIES } from "../../shared/limits.ts";
import type { OperateFlags } from "../operations.ts";

/** `rhythm operations`: does something to many executions at once, in the database. */
export const define: CommandModule["define"] = (command, cli) => {
  asGroup(command, "list");
  withExamples(command, [
    `rhythm operations retry -s failed -t charge --dry-run`,
    `rhythm operations cancel -t import --after 2h --reason "wrong file"`,
    `rhythm operations`,
  ]);

  const list = addSub(command, "list", cli.terminal, "The last operations, with their progress.");
  withDatabase(list);
  withExamples(list, [`rhythm operations`, `rhythm operations --json | jq '.operations[0].done'`]);
  runs(list, cli, async (call) => {
    const { listOperations } = await import("../operations.ts");
    await listOperations(call);
  });

  const show = addSub(command, "show", cli.terminal, "One operation, and what it did to each execution.")
    .addArgument(operand("<operation>", "the operation"));
  withDatabase(show);
  withExamples(show, [`rhythm operations show 0199c3f2-…`]);
  runs(show, cli, async (call) => {
    const { showOperation } = await import("../operations.ts");
    await showOperation(call);
  });

  for (const verb of ["stop", "continue"] as const) {
    const words = verb === "stop" ? "Stop one; what it has done stays." : "Continue one that was stopped.";
    const change = addSub(command, verb, cli.terminal, words)
      .addArgument(operand("<operation>", "the operation"));
    withDatabase(change);
    withExamples(change, [`rhythm operations ${verb} 0199c3f2-…`]);
    runs(change, cli, async (call) => {
      const { changeOperation } = await import("../operations.ts");
      return await changeOperation(call, verb === "stop" ? "stop" : "resume");
    });
  }

  const act = (action: OperationAction, words: string): Command => {
    const made = addSub(command, action, cli.terminal, words);
    if (action === "signal") {
      made.addArgument(operand("<signal>", "the signal's name"))
        .addArgument(operand("[payload]", "JSON; @file reads a file, - standard input"));
    }
    withWhich(made)
      .addOption(option("--flow-version <version>", "workflows of this version of their flow"))
      .addOption(option("--line <number>", "what failed at this line of its flow", numberFrom(1)));
    if (action === "migrate" || action === "repair") {
      withMigration(made);
      withChanges(made);
    }
    if (action === "repair") {
      made.addOption(option("--resume", "also end the pauses of what waits"));
    }
    if (action === "change") {
      made.addOption(option("--to-queue <name>", "the new queue"))
        .addOption(
          option(
            "--to-priority <number>",
            "the new priority",
            ofType({ kind: "number", ...PRIORITIES, whole: true }),
          ),
        )
        .addOption(option("--delay <duration>", "how long from now until they may begin; 0s: at once"))
        .addOption(option("--run-at <time>", "the moment from which they may begin, ISO 8601"));
    }
    if (action === "cancel" || action === "pause") made.addOption(option("--reason <text>", "why"));
    made.addOption(option("--dry-run", "only record what it would change"))
      .addOption(option("--no-wait", "start it, and do not wait for its end"));
    withDatabase(made);
    runs<OperateFlags>(made, cli, async (call) => {
      const { operate } = await import("../operations.ts");
      return await operate(call, action);
    });
    return made;
  };
  withExamples(act("cancel", "Cancel executions and their children."), [
    `rhythm operations cancel -t import --after 2h`,
  ]);
  withExamples(act("retry", "Run failed or cancelled executions again."), [
    `rhythm operations retry -s failed -t charge`,
  ]);
  withExamples(act("signal", "Send a signal to workflows."), [
    `rhythm operations signal approved '{"by": "ada"}' -t order -s suspended`,
  ]);
  withExamples(act("pause", "Pause executions."), [
    `rhythm operations pause -t charge --metadata '{"shop": 7}'`,
  ]);
  withExamples(act("change", "Change the queue, priority or time of what has not begun."), [
    `rhythm operations change -t import -s pending --to-queue slow --to-priority -5`,
    `rhythm operations change -t report -s pending --delay 2h`,
  ]);
  withExamples(act("migrate", "Move running workflows to another version of their flow."), [
    `rhythm operations migrate -t order --dry-run`,
    `rhythm operations migrate -t order --to 3 --map 12=14`,
  ]);
  withExamples(act("repair", "Patch workflows that failed or wait, and let them go on."), [
    `rhythm operations repair -t order -s failed --line 12 --set amount=0`,
    `rhythm operations repair -t order -s failed --to 3`,
  ]);
  withExamples(act("resume", "End the pauses of executions."), [`rhythm operations resume -t charge`]);
};
