import { systemClock } from "../../runtime/clock.ts";
import { basename, dirname, resolve } from "node:path";
import { type CompiledFlow, compileFlow, type Program, renderDiagnostics } from "../../flow/mod.ts";
import type { JsonValue } from "../../shared/json.ts";
import { CliError } from "../cli_error.ts";
import type { Call } from "../command.ts";
import { stackLines } from "../error_lines.ts";
import { EXIT } from "../exit_codes.ts";
import { parseJson, readJson } from "../json_text.ts";
import { loadTasks } from "../load_tasks.ts";
import { findProject, taskModules } from "../project.ts";
import { warn } from "../warn.ts";
import { lineReader } from "./ask_line.ts";
import { type AnswerFile, Answers } from "./answers.ts";
import { readFlowFiles } from "./read_flows.ts";
import { type SimulatedEnd, type SimulatedEvent, Simulation } from "./simulation.ts";
import { SimulationClock } from "./simulation_clock.ts";
import { Transcript } from "./transcript.ts";
import { errorPictureFor } from "./picture.ts";

/** What `rhythm flow run` takes. */
export interface RunFlags {
  tasks?: string[];
  answers?: string;
  signal?: string[];
  realTime?: boolean;
  now?: Date;
  quiet?: boolean;
}

/** Runs a flow in this process. */
export async function runFlow(call: Call<RunFlags>): Promise<number> {
  const { options, terminal } = call;
  const [path = "", given] = call.args;
  const [file] = await readFlowFiles([path]);
  const { program, frontMatter } = compile(file!.path, file!.source, call);
  const name = frontMatter.name ?? basename(path, ".flow");
  const inputs = given === undefined ? {} : await readJson(given, "the inputs");
  checkInputs(frontMatter.input, inputs, { name, file: path });
  const answerFile = options.answers === undefined ? {} : await readAnswers(options.answers);
  const modules = await taskModules(await findProject(dirname(resolve(path))), options.tasks);
  const loaded = await loadTasks(modules);
  const reader = terminal.canAsk && !call.json ? lineReader(terminal, call.signal) : undefined;
  const start = options.now ?? new Date(systemClock.now());
  const clock = new SimulationClock(start, options.realTime ? call.signal : undefined);
  const events: ({ at: Date } & SimulatedEvent)[] = [];
  const transcript = new Transcript(terminal, start);
  const answers = new Answers({
    ...loaded,
    file: answerFile,
    ...(reader === undefined ? {} : { ask: reader }),
  });
  const simulation = new Simulation({
    answers,
    clock,
    program: (flow) => childProgram(flow, dirname(path), call),
    observe: (event) => {
      if (call.json) events.push({ at: clock.now(), ...event });
      else if (!options.quiet) transcript.tell(event, clock.now());
    },
  });
  const end = await simulation.run({ name, program }, {
    inputs,
    signals: signalsOf(options.signal, answerFile),
  });
  if (call.json) terminal.print(JSON.stringify({ flow: name, ...end, events }));
  else tellEnd(end, call, { path: file!.path, source: file!.source });
  for (const odd of answers.unasked()) warn(call, odd);
  for (const signal of simulation.untaken()) warn(call, `${name} never took a signal "${signal}"`);
  return end.status === "completed" ? EXIT.ok : EXIT.no;
}

function compile(path: string, source: string, call: Call): CompiledFlow & { program: Program } {
  const compiled = compileFlow({ name: path, source });
  if (compiled.program !== undefined) return compiled as CompiledFlow & { program: Program };
  throw new CliError(`${path} has errors and cannot run`, {
    exit: EXIT.no,
    code: "FLOW_INVALID",
    picture: renderDiagnostics(compiled.diagnostics.filter(({ severity }) => severity === "error"), {
      name: path,
      source,
      ...errorPictureFor(call.terminal),
    }),
  });
}

async function childProgram(flow: string, directory: string, call: Call): Promise<Program | undefined> {
  const files = await readFlowFiles([directory]).catch(() => []);
  for (const { path, source } of files) {
    const { frontMatter } = compileFlow({ name: path, source });
    if ((frontMatter.name ?? basename(path, ".flow")) === flow) return compile(path, source, call).program;
  }
  return undefined;
}

// The engine checks the whole schema; here what is required is enough to catch a forgotten input.
function checkInputs(
  schema: { [key: string]: JsonValue } | undefined,
  inputs: JsonValue,
  { name, file }: { name: string; file: string },
): void {
  const required = Array.isArray(schema?.required) ? schema.required : [];
  const given = typeof inputs === "object" && inputs !== null ? inputs : {};
  const missing = required.filter((key) => !Object.hasOwn(given, String(key)));
  if (missing.length === 0) return;
  throw new CliError(`flow "${name}" needs ${missing.map((key) => `"${key}"`).join(", ")} in its inputs`, {
    hint: `rhythm flow run ${file} '${
      JSON.stringify(Object.fromEntries(required.map((key) => [String(key), "…"])))
    }'`,
  });
}

async function readAnswers(path: string): Promise<AnswerFile> {
  const value = await readJson(`@${path}`, "--answers");
  const { z } = await import("zod");
  const json = z.json();
  const schema = z.strictObject({
    tasks: z.record(z.string(), json).optional(),
    workflows: z.record(z.string(), json).optional(),
    signals: z.record(z.string(), z.array(json)).optional(),
  });
  const result = schema.safeParse(value);
  if (result.success) return result.data as AnswerFile;
  const issues = result.error.issues.map((issue) =>
    [issue.path.join("."), issue.message].filter(Boolean).join(": ")
  );
  throw new CliError(`${path} is no file of answers: ${issues.join("; ")}`, {
    hint: `expected { "tasks": { "name": value }, "signals": { "name": [payload] } }`,
  });
}

function signalsOf(
  flags: readonly string[] | undefined,
  file: AnswerFile,
): { name: string; payload: JsonValue }[] {
  const listed = Object.entries(file.signals ?? {}).flatMap(([name, payloads]) =>
    payloads.map((payload) => ({ name, payload }))
  );
  const said = (flags ?? []).map((text) => {
    const split = text.indexOf("=");
    if (split < 0) return { name: text, payload: null };
    return {
      name: text.slice(0, split),
      payload: parseJson(text.slice(split + 1), `--signal ${text.slice(0, split)}`),
    };
  });
  return [...said, ...listed];
}

function tellEnd(end: SimulatedEnd, call: Call, file: { path: string; source: string }): void {
  const { terminal, options } = call;
  if (end.status === "completed") {
    if (!(options as RunFlags).quiet) terminal.print(terminal.paint("good", "✔ completed"));
    return terminal.print(JSON.stringify(end.output, null, 2));
  }
  terminal.print(`${terminal.paint("bad", `✘ ${end.status}`)} ${end.error.type}: ${end.error.message}`);
  const { at } = end.error;
  if (at !== undefined) {
    const line = file.source.split(/\r\n|\r|\n/)[at.line - 1] ?? "";
    const gutter = String(at.line);
    terminal.print(terminal.paint("quiet", `  --> ${file.path}:${at.line}:${at.column}`));
    terminal.print(`${terminal.paint("quiet", `${gutter} |`)} ${line}`);
    terminal.print(
      `${" ".repeat(gutter.length)} ${terminal.paint("quiet", "|")} ${" ".repeat(at.column - 1)}^`,
    );
  }
  for (const line of stackLines(end.error, { full: false })) terminal.print(terminal.paint("quiet", line));
}
