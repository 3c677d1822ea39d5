import type { Call } from "../command.ts";
import { CliError } from "../cli_error.ts";
import { EXIT } from "../exit_codes.ts";
import { showVersions } from "../list_services.ts";
import { openSession } from "../session.ts";

/** Shows the versions of a flow. */
export async function listVersions(call: Call): Promise<void> {
  const [name] = call.args;
  await using session = await openSession(call.options);
  const versions = await (await session.flows()).versions(name!);
  if (versions.length === 0) {
    throw new CliError(`there is no flow "${name}"`, {
      exit: EXIT.notFound,
      code: "NOT_FOUND",
      hint: "`rhythm flow list` shows those there are",
    });
  }
  showVersions(call, versions);
}

/** Makes a version of a flow current. */
export async function setVersion(call: Call): Promise<void> {
  const [name] = call.args;
  const version = Number(call.args[1]);
  await using session = await openSession(call.options);
  await (await session.flows()).setVersion(name!, version);
  if (call.json) return call.terminal.print(JSON.stringify({ name, version }));
  call.terminal.print(
    `new executions of ${name} start on version ${version}; what runs stays on its version`,
  );
}
