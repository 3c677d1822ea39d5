import {
  addSub,
  type CommandModule,
  operand,
  option,
  repeated,
  runs,
  withDatabase,
  withExamples,
} from "../command.ts";
import type { GateFlags } from "../gates.ts";
import { asGroup } from "../group.ts";
import { numberFrom } from "../kinds.ts";

/** `rhythm gate`: where executions stop until somebody lets them on. */
export const define: CommandModule["define"] = (command, cli) => {
  asGroup(command, "list");
  withExamples(command, [
    `rhythm gate set order --line 12`,
    `rhythm gate`,
    `rhythm resume 0199c3f2-…`,
    `rhythm gate remove 1`,
  ]);
  command.addHelpText("after", "\n`rhythm resume` lets an execution on, and so does `rhythm edit`");

  const list = addSub(command, "list", cli.terminal, "Gates, and how many executions stand there.");
  withDatabase(list);
  withExamples(list, [`rhythm gate list --json`]);
  runs(list, cli, async (call) => {
    const { listGates } = await import("../gates.ts");
    await listGates(call);
  });

  const set = addSub(command, "set", cli.terminal, "Stop executions of a flow in a line, or before a task.")
    .addArgument(operand("<flow>", "the flow"))
    .addOption(option("--line <number>", "they do not go on from this line", numberFrom(1, 2 ** 31 - 1)))
    .addOption(option("-t, --task <name>", "what they start of this task does not begin"))
    .addOption(
      option(
        "--to <version>",
        "the version of the line (default: the current one)",
        numberFrom(1, 2 ** 31 - 1),
      ),
    )
    .addOption(repeated("--variable <name=value>", "only with this variable, if the flow has it in `index`"))
    .addOption(option("--metadata <json>", "only those whose metadata contains this"))
    .addOption(option("-q, --queue <name>", "only those of this queue"))
    .addOption(option("--parent <id>", "only children of this execution"))
    .addOption(option("--note <text>", "why; kept with the gate"));
  withDatabase(set);
  withExamples(set, [
    `rhythm gate set order --line 12 --note "look first"`,
    `rhythm gate set order --task charge --variable orderId=1042`,
  ]);
  runs<GateFlags>(set, cli, async (call) => {
    const { setGate } = await import("../gates.ts");
    await setGate(call);
  });

  const remove = addSub(command, "remove", cli.terminal, "Remove a gate; what stands there goes on.")
    .addArgument(operand("<number>", "its number", numberFrom(1, 2 ** 31 - 1)));
  withDatabase(remove);
  withExamples(remove, [`rhythm gate remove 1`]);
  runs(remove, cli, async (call) => {
    const { removeGate } = await import("../gates.ts");
    return await removeGate(call);
  });
};
