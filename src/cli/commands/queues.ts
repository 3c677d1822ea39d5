import { addSub, type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { CliError } from "../cli_error.ts";
import { asGroup } from "../group.ts";
import { numberFrom } from "../kinds.ts";
import type { Session } from "../session.ts";

interface LimitFlags {
  concurrency?: number;
  perKey?: number;
  rate?: number;
  per?: string;
  perKeyRate?: number;
  perKeyPer?: string;
  fair?: boolean;
  none?: boolean;
}

interface KeyFlags {
  concurrency?: number;
  rate?: number;
  per?: string;
  weight?: number;
  none?: boolean;
}

/** `rhythm queues`: lists queues; pauses, resumes, limits them. */
export const define: CommandModule["define"] = (command, cli) => {
  asGroup(command, "list");
  withExamples(command, [
    `rhythm queues`,
    `rhythm queues pause mail`,
    `rhythm queues limit api --concurrency 10 --rate 100 --per 1m`,
  ]);
  const list = addSub(command, "list", cli.terminal, "Queues with depth, lag, workers and limits.");
  withDatabase(list);
  withExamples(list, [`rhythm queues`, `rhythm queues --json | jq '.queues[] | select(.paused)'`]);
  runs(list, cli, async (call) => {
    const { listQueues } = await import("../list_services.ts");
    await listQueues(call);
  });

  for (const verb of ["pause", "resume"] as const) {
    const words = verb === "pause"
      ? "Keep workers from taking; running ones continue."
      : "Let workers take from it again.";
    const change = addSub(command, verb, cli.terminal, words).addArgument(operand("<queue>", "the queue"));
    withDatabase(change);
    withExamples(change, [`rhythm queues ${verb} mail`]);
    runs(change, cli, async (call) => {
      const { openSession } = await import("../session.ts");
      const { warnOfOddNames } = await import("../odd_names.ts");
      await using session = await openSession(call.options);
      await warnOfOddNames(session, call, { queue: call.args[0]! });
      await session.queues[verb](call.args[0]!);
      const done = { queue: call.args[0], paused: verb === "pause" };
      call.terminal.print(
        call.json
          ? JSON.stringify(done)
          : `queue "${call.args[0]}" ${verb === "pause" ? "is paused" : "goes on"}`,
      );
    });
  }

  const limit = addSub(
    command,
    "limit",
    cli.terminal,
    "Limit a queue, over all workers, in place of the limits it has.",
  )
    .addArgument(operand("<queue>", "the queue"))
    .addOption(option("-c, --concurrency <number>", "how many run at once"))
    .addOption(option("--per-key <number>", "how many of one concurrency key run at once"))
    .addOption(option("--rate <number>", "how many begin within --per"))
    .addOption(option("--per <duration>", "that time (default: 1s)"))
    .addOption(
      option("--per-key-rate <number>", "how many of one concurrency key begin within --per-key-per"),
    )
    .addOption(option("--per-key-per <duration>", "that time (default: 1s)"))
    .addOption(option("--fair", "concurrency keys take turns"))
    .addOption(option("--none", "remove all limits"));
  withDatabase(limit);
  withExamples(limit, [`rhythm queues limit api --rate 100 --per 1m`, `rhythm queues limit api --none`]);
  runs<LimitFlags>(limit, cli, async (call) => {
    const { openSession } = await import("../session.ts");
    const { concurrency, perKey, rate, per, perKeyRate, perKeyPer, fair } = call.options;
    const limits = {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(perKey === undefined ? {} : { perKeyConcurrency: perKey }),
      ...(rate === undefined ? {} : { rate }),
      ...(per === undefined ? {} : { per }),
      ...(perKeyRate === undefined ? {} : { perKeyRate }),
      ...(perKeyPer === undefined ? {} : { perKeyPer }),
      ...(fair === true ? { fair: "key" as const } : {}),
    };
    const queue = call.args[0]!;
    checkLimits(limits, { none: call.options.none === true, of: `queue "${queue}"` });
    const { warnOfOddNames } = await import("../odd_names.ts");
    await using session = await openSession(call.options);
    await warnOfOddNames(session, call, { queue });
    await session.queues.configure(queue, limits);
    call.terminal.print(
      call.json ? JSON.stringify({ queue, ...limits }) : `the limits of queue "${queue}" are set`,
    );
  });

  for (const verb of ["pause-key", "resume-key"] as const) {
    const change = addSub(
      command,
      verb,
      cli.terminal,
      verb === "pause-key" ? "Keep workers from taking one concurrency key." : "Let workers take it again.",
    )
      .addArgument(operand("<queue>", "the queue"))
      .addArgument(operand("<key>", "the concurrency key"));
    withDatabase(change);
    withExamples(change, [`rhythm queues ${verb} mail acme`]);
    runs(change, cli, async (call) => {
      const { openSession } = await import("../session.ts");
      const { warnOfOddNames } = await import("../odd_names.ts");
      await using session = await openSession(call.options);
      const [queue, key] = call.args as [string, string];
      await warnOfOddNames(session, call, { queue, key });
      const paused = verb === "pause-key";
      await (paused ? session.queues.pauseKey(queue, key) : session.queues.resumeKey(queue, key));
      call.terminal.print(
        call.json
          ? JSON.stringify({ queue, key, paused })
          : `key "${key}" of queue "${queue}" ${paused ? "is paused" : "goes on"}`,
      );
    });
  }

  const limitKey = addSub(
    command,
    "limit-key",
    cli.terminal,
    "Limit one concurrency key of a queue, in place of the limits it has.",
  )
    .addArgument(operand("<queue>", "the queue"))
    .addArgument(operand("<key>", "the concurrency key"))
    .addOption(option("-c, --concurrency <number>", "how many run at once"))
    .addOption(option("--rate <number>", "how many begin within --per"))
    .addOption(option("--per <duration>", "that time (default: 1s)"))
    .addOption(
      option("--weight <number>", "how many turns it has in a fair queue (default: 1)", numberFrom(1, 1_000)),
    )
    .addOption(option("--none", "use the limits of all keys for it again"));
  withDatabase(limitKey);
  withExamples(limitKey, [`rhythm queues limit-key api acme --concurrency 20 --weight 3`]);
  runs<KeyFlags>(limitKey, cli, async (call) => {
    const { openSession } = await import("../session.ts");
    const { concurrency, rate, per, weight } = call.options;
    const limits = {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(rate === undefined ? {} : { rate }),
      ...(per === undefined ? {} : { per }),
      ...(weight === undefined ? {} : { weight }),
    };
    const [queue, key] = call.args as [string, string];
    checkLimits(limits, { none: call.options.none === true, of: `key "${key}" of queue "${queue}"` });
    const { warnOfOddNames } = await import("../odd_names.ts");
    await using session = await openSession(call.options);
    await warnOfOddNames(session, call, { queue, key });
    await session.queues.configureKey(queue, key, limits);
    if (weight !== undefined && !await isFair(session, queue)) {
      const { warn } = await import("../warn.ts");
      warn(
        call,
        `queue "${queue}" is not fair: a weight counts only after \`rhythm queues limit ${queue} --fair\``,
      );
    }
    call.terminal.print(
      call.json
        ? JSON.stringify({ queue, key, ...limits })
        : `the limits of key "${key}" of queue "${queue}" are set`,
    );
  });
};

async function isFair({ queues }: Session, name: string): Promise<boolean> {
  return (await queues.list()).some(({ queue, fair }) => queue === name && fair);
}

// New limits replace all that there are. Without any, all would be removed, so that has to be said with --none.
function checkLimits(limits: object, about: { none: boolean; of: string }): void {
  const given = Object.keys(limits).length;
  if (about.none && given > 0) throw new CliError("--none takes all limits away: it cannot stand beside one");
  if (about.none || given > 0) return;
  throw new CliError(`no limit was given for ${about.of}`, { hint: "`--none` takes all its limits away" });
}
