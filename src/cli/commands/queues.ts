import {
  addSub,
  type CommandModule,
  operand,
  option,
  runs,
  wholeNumber,
  withDatabase,
  withExamples,
} from "../command.ts";
import { asGroup } from "../group.ts";

interface LimitFlags {
  concurrency?: string;
  perKey?: string;
  rate?: string;
  per?: string;
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
      ? "Keep workers from taking; what runs goes on."
      : "Let workers take again.";
    const change = addSub(command, verb, cli.terminal, words).addArgument(operand("<queue>", "the queue"));
    withDatabase(change);
    withExamples(change, [`rhythm queues ${verb} mail`]);
    runs(change, cli, async (call) => {
      const { openSession } = await import("../session.ts");
      await using session = await openSession(call.options);
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
    "Limit a queue, over all workers; no option: no limit.",
  )
    .addArgument(operand("<queue>", "the queue"))
    .addOption(option("-c, --concurrency <number>", "how many run at once"))
    .addOption(option("--per-key <number>", "how many of one concurrency key run at once"))
    .addOption(option("--rate <number>", "how many begin within --per"))
    .addOption(option("--per <duration>", "that time (default: 1s)"));
  withDatabase(limit);
  withExamples(limit, [`rhythm queues limit api --rate 100 --per 1m`, `rhythm queues limit api      # none`]);
  runs<LimitFlags>(limit, cli, async (call) => {
    const { openSession } = await import("../session.ts");
    const { concurrency, perKey, rate, per } = call.options;
    const limits = {
      ...(concurrency === undefined ? {} : { concurrency: wholeNumber(concurrency, "--concurrency") }),
      ...(perKey === undefined ? {} : { perKeyConcurrency: wholeNumber(perKey, "--per-key") }),
      ...(rate === undefined ? {} : { rate: wholeNumber(rate, "--rate") }),
      ...(per === undefined ? {} : { per }),
    };
    await using session = await openSession(call.options);
    await session.queues.configure(call.args[0]!, limits);
    const queue = call.args[0];
    call.terminal.print(
      call.json ? JSON.stringify({ queue, ...limits }) : `the limits of queue "${queue}" are set`,
    );
  });
};
