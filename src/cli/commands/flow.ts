import type { CommandModule } from "../command.ts";
import { withExamples } from "../command.ts";
import { asGroup } from "../group.ts";
import { defineCheck } from "./flow_check.ts";
import { defineFmt } from "./flow_fmt.ts";
import { defineHeat } from "./flow_heat.ts";
import { defineGraph } from "./flow_graph.ts";
import { defineList, defineRegister, defineSet, defineVersions } from "./flow_register.ts";
import { defineRun } from "./flow_run.ts";

/** `rhythm flow`: what one does with flow files, most of it without a database. */
export const define: CommandModule["define"] = (command, cli) => {
  asGroup(command);
  command.description(
    "Check, run, format and draw flows, without a database; list, register and set their versions.",
  );
  defineCheck(command, cli);
  defineRun(command, cli);
  defineFmt(command, cli);
  defineGraph(command, cli);
  defineList(command, cli);
  defineRegister(command, cli);
  defineVersions(command, cli);
  defineSet(command, cli);
  defineHeat(command, cli);
  withExamples(command, [
    `rhythm flow check`,
    `rhythm flow run flows/onboard_user.flow '{"userId": "123"}' --tasks tasks.ts`,
    `rhythm flow graph flows/onboard_user.flow --format svg > onboard_user.svg`,
  ]);
};
