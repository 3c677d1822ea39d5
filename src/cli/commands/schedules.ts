import { addSub, type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { asGroup } from "../group.ts";
import { optionsOf, withOptions, withWholeParent } from "../start_options.ts";
import type { Session } from "../session.ts";

interface SetFlags extends Record<string, unknown> {
  type?: "task" | "workflow";
  timezone?: string;
  overlap?: "skip" | "queue" | "allow" | "cancel";
  catchUp?: "none" | "one" | "all";
  jitter?: string;
}

const DONE = { remove: "is removed", pause: "is paused", resume: "goes on" } as const;

/** `rhythm schedules`: lists schedules; sets, pauses, resumes, fires, removes them. */
export const define: CommandModule["define"] = (command, cli) => {
  asGroup(command, "list");
  withExamples(command, [
    `rhythm schedules`,
    `rhythm schedules set nightly '0 2 * * *' daily_report '{"orgId": "acme"}'`,
    `rhythm schedules trigger nightly`,
  ]);
  const list = addSub(command, "list", cli.terminal, "Schedules with their last and next run.");
  withDatabase(list);
  withExamples(list, [`rhythm schedules`, `rhythm schedules --json | jq -r '.schedules[].name'`]);
  runs(list, cli, async (call) => {
    const { listSchedules } = await import("../list_services.ts");
    await listSchedules(call);
  });

  const set = addSub(command, "set", cli.terminal, "Create a schedule, or replace the one of that name.")
    .addArgument(operand("<name>", "its name"))
    .addArgument(operand("<cron>", "five or six fields, or @daily and its kind; quote it"))
    .addArgument(operand("<target>", "the flow or task"))
    .addArgument(operand("[inputs]", "JSON; @file reads a file, - standard input"))
    .addOption(option("--type <type>", "what the target is", ["workflow", "task"]).default("workflow"))
    .addOption(option("-z, --timezone <zone>", "the zone of the cron expression (default: UTC)"))
    .addOption(
      option("--overlap <how>", "if the run before has not ended", ["skip", "queue", "allow", "cancel"])
        .default(
          "skip",
        ),
    )
    .addOption(option("--catch-up <how>", "runs that were missed", ["none", "one", "all"]).default("one"))
    .addOption(option("--jitter <duration>", "delay each run at random, at most by this"));
  withOptions(set, "schedule");
  withDatabase(set);
  withExamples(set, [
    `rhythm schedules set nightly '0 2 * * *' daily_report -z Europe/Berlin`,
  ]);
  runs<SetFlags>(set, cli, async (call) => {
    const { readJson } = await import("../json_text.ts");
    const { openSession } = await import("../session.ts");
    const [name = "", cron = "", target = "", given] = call.args;
    const { type, timezone, overlap, catchUp, jitter } = call.options;
    const said = await optionsOf(call.options, "schedule");
    const inputs = given === undefined ? {} : await readJson(given, "the inputs");
    const { warnOfOddNames } = await import("../odd_names.ts");
    await using session = await openSession(call.options);
    const options = await withWholeParent(session, said);
    await warnOfOddNames(session, call, { queue: options.queue, task: type === "task" ? target : undefined });
    const next = await session.schedules.set(name, {
      cron,
      target,
      inputs,
      ...(type === undefined ? {} : { type }),
      ...(timezone === undefined ? {} : { timezone }),
      ...(overlap === undefined ? {} : { overlap }),
      ...(catchUp === undefined ? {} : { catchUp }),
      ...(jitter === undefined ? {} : { jitter }),
      options,
    });
    const when = next === null ? "never again" : `next at ${next.toISOString()}`;
    call.terminal.print(
      call.json ? JSON.stringify({ name, nextRunAt: next }) : `schedule "${name}" is set, ${when}`,
    );
  });

  for (
    const [verb, words] of [
      ["pause", "Keep a schedule from firing."],
      ["resume", "Let a schedule fire again."],
      ["remove", "Remove a schedule; its executions stay."],
    ] as const
  ) {
    const change = addSub(command, verb, cli.terminal, words).addArgument(operand("<name>", "the schedule"));
    withDatabase(change);
    withExamples(change, [`rhythm schedules ${verb} nightly`]);
    runs(change, cli, async (call) => {
      const { openSession } = await import("../session.ts");
      const name = call.args[0]!;
      await using session = await openSession(call.options);
      await mustKnow(session, name);
      await session.schedules[verb](name);
      call.terminal.print(
        call.json ? JSON.stringify({ name, [verb]: true }) : `schedule "${name}" ${DONE[verb]}`,
      );
    });
  }

  const trigger = addSub(command, "trigger", cli.terminal, "Fire a schedule now, in addition to its times.")
    .addArgument(operand("<name>", "the schedule"));
  withDatabase(trigger);
  withExamples(trigger, [`rhythm schedules trigger nightly`]);
  runs(trigger, cli, async (call) => {
    const { openSession } = await import("../session.ts");
    await using session = await openSession(call.options);
    await mustKnow(session, call.args[0]!);
    const run = await session.schedules.trigger(call.args[0]!);
    call.terminal.print(call.json ? JSON.stringify({ id: run.id }) : run.id);
  });
};

async function mustKnow({ schedules }: Session, name: string): Promise<void> {
  const known = (await schedules.list()).map((one) => one.name);
  if (known.includes(name)) return;
  const { unknownName } = await import("../unknown_name.ts");
  throw unknownName({ what: "schedule", name, known, hint: "`rhythm schedules` shows those there are" });
}
