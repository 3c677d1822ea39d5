import { addSub, type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { asGroup } from "../group.ts";
import type { TokenFlags } from "../tokens.ts";

/** `rhythm token`: who may use the HTTP interface and the dashboard. */
export const define: CommandModule["define"] = (command, cli) => {
  asGroup(command, "list");
  withExamples(command, [
    `rhythm token create support --role operator --expires 90d`,
    `rhythm token`,
    `rhythm token revoke support`,
  ]);
  const list = addSub(command, "list", cli.terminal, "Tokens, without what one logs in with.");
  withDatabase(list);
  withExamples(list, [`rhythm token list --json`]);
  runs(list, cli, async (call) => {
    const { listTokens } = await import("../tokens.ts");
    await listTokens(call);
  });

  const create = addSub(
    command,
    "create",
    cli.terminal,
    "Make a token. It is printed once, and cannot be shown again.",
  )
    .addArgument(operand("<name>", "what acts with it are recorded under"))
    .addOption(
      option("--role <role>", "what it may do: viewer, operator, deployer, admin", [
        "viewer",
        "operator",
        "deployer",
        "admin",
      ]).makeOptionMandatory(),
    )
    .addOption(option("--expires <duration>", "how long it is accepted (default: for ever)"))
    .addOption(option("--metadata-only", "it sees no inputs, outputs, variables, logs and messages"));
  withDatabase(create);
  withExamples(create, [
    `rhythm token create support --role operator --expires 90d --metadata-only`,
    `rhythm token create ci --role deployer --json | jq -r .token`,
  ]);
  runs<TokenFlags>(create, cli, async (call) => {
    const { createToken } = await import("../tokens.ts");
    await createToken(call);
  });

  const revoke = addSub(command, "revoke", cli.terminal, "Revoke a token. It is refused within five seconds.")
    .addArgument(operand("<name>", "its name"));
  withDatabase(revoke);
  withExamples(revoke, [`rhythm token revoke support`]);
  runs(revoke, cli, async (call) => {
    const { revokeToken } = await import("../tokens.ts");
    return await revokeToken(call);
  });
};
