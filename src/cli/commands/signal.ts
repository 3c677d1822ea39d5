import { CliError } from "../cli_error.ts";
import { type Kind, numberFrom } from "../kinds.ts";
import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";

const SERVER: Kind = {
  wanted: "an address such as https://rhythm.example.com",
  read: (text) => /^https?:\/\//.test(text) && URL.canParse(text) ? text : undefined,
};

/** `rhythm signal`: sends a signal to a workflow. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "the execution"))
    .addArgument(operand("<name>", "the signal's name"))
    .addArgument(operand("[payload]", "JSON; @file reads a file, - standard input"))
    .addOption(option("--key <key>", "idempotency key: the same key sends once"))
    .addOption(
      option("--url <address>", "send nothing: print an address of this server that sends it", SERVER),
    )
    .addOption(option("--expires <duration>", "with --url: for how long (default: 7d)"))
    .addOption(option("--uses <number>", "with --url: how often (default: once)", numberFrom(1, 1_000_000)))
    .addOption(option("--form <json>", "with --url: the JSON Schema of the payload; @file reads a file"));
  withDatabase(command);
  withExamples(command, [
    `rhythm signal 0199c3f2-… email-confirmed`,
    `rhythm signal 0199c3f2-… approval '{"approved": true}' --key mail-77`,
    `rhythm signal 0199c3f2-… approval --url https://example.com --expires 3d`,
  ]);
  runs<{ key?: string; url?: string; expires?: string; uses?: number; form?: string }>(
    command,
    cli,
    async (call) => {
      const { readJson, readJsonObject } = await import("../json_text.ts");
      const { openSession } = await import("../session.ts");
      const { wholeId } = await import("../short_id.ts");
      const [id = "", name = "", given] = call.args;
      const payload = given === undefined ? null : await readJson(given, "the payload");
      const { key, url, expires, uses, form } = call.options;
      const schema = form === undefined ? undefined : await readJsonObject(form, "--form");
      if (url === undefined && (expires ?? uses ?? form) !== undefined) {
        throw new CliError("--expires, --uses and --form are for an address", {
          hint: "add --url <address>",
        });
      }
      if (url !== undefined && (key !== undefined || given !== undefined)) {
        throw new CliError("--url sends nothing, so it takes no payload and no --key");
      }
      await using session = await openSession(call.options);
      const execution = await wholeId(session, id);
      if (url !== undefined) {
        const made = await session.signals.url({ execution, name }, {
          at: url,
          ...(expires === undefined ? {} : { expires }),
          ...(uses === undefined ? {} : { uses }),
          ...(schema === undefined ? {} : { form: schema }),
        });
        call.terminal.print(call.json ? JSON.stringify({ execution, signal: name, url: made }) : made);
        return;
      }
      await session.signals.send({
        execution,
        name,
        payload,
        ...(key === undefined ? {} : { idempotencyKey: key }),
      });
      call.terminal.print(
        call.json
          ? JSON.stringify({ execution, signal: name, sent: true })
          : `signal "${name}" is sent to ${execution}`,
      );
    },
  );
};
