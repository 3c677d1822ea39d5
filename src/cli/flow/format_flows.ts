import { analyzeFlow } from "../../flow/check/mod.ts";
import { renderDiagnostics } from "../../flow/diagnostics/mod.ts";
import { CliError } from "../cli_error.ts";
import type { Call } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { count } from "../format.ts";
import { readStandardInput } from "../json_text.ts";
import { readFlowFiles } from "./read_flows.ts";
import { errorPictureFor } from "./picture.ts";

const FRONT_MATTER =
  /^\ufeff?```[ \t]*(?:ya?ml)?[ \t]*(?:\r\n|\r|\n)(?:(?!```)[^\r\n]*(?:\r\n|\r|\n))*```[ \t]*(?:\r\n|\r|\n|$)/;

/** What `rhythm flow fmt` takes. */
export interface FormatFlags {
  check?: boolean;
  semicolons?: boolean;
}

/** Formats flow files, or standard input. */
export async function formatFlows(call: Call<FormatFlags>): Promise<number> {
  const { terminal } = call;
  if (call.args.length === 1 && call.args[0] === "-") {
    const source = await readStandardInput();
    const formatted = await formatFlow({ path: "standard input", source }, call);
    if (call.json) terminal.print(JSON.stringify({ changed: formatted !== source, formatted }));
    else if (!call.options.check) terminal.write(formatted);
    return call.options.check && formatted !== source ? EXIT.no : EXIT.ok;
  }
  const files = await readFlowFiles(call.args);
  const changed: string[] = [];
  for (const file of files) {
    const formatted = await formatFlow(file, call);
    if (formatted === file.source) continue;
    changed.push(file.path);
    if (!call.options.check) await Deno.writeTextFile(file.path, formatted);
  }
  if (call.json) terminal.print(JSON.stringify({ files: files.length, changed }));
  else {
    for (const path of changed) terminal.print(path);
    const verb = call.options.check ? "would change" : "changed";
    terminal.say(`${count(files.length, "flow")} looked at, ${changed.length} ${verb}`);
  }
  return call.options.check && changed.length > 0 ? EXIT.no : EXIT.ok;
}

/** A flow's text, its code as Deno's formatter writes JavaScript, its front matter untouched. */
async function formatFlow(
  file: { path: string; source: string },
  { terminal, options: flags }: Call<FormatFlags>,
): Promise<string> {
  const { source, path } = file;
  const { diagnostics, ast } = analyzeFlow({ name: path, source });
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (ast === undefined || errors.length > 0) {
    throw new CliError(`${path} has errors, and stays as it is`, {
      exit: EXIT.no,
      code: "FLOW_INVALID",
      picture: renderDiagnostics(errors, { name: path, source, ...errorPictureFor(terminal) }),
    });
  }
  const front = FRONT_MATTER.exec(source)?.[0] ?? "";
  return front +
    await formatCode(source.slice(front.length), {
      path,
      style: flags.semicolons ? [] : ["--no-semicolons"],
    });
}

async function formatCode(
  code: string,
  { path, style }: { path: string; style: readonly string[] },
): Promise<string> {
  const deno = Deno.build.standalone ? "deno" : Deno.execPath();
  const command = new Deno.Command(deno, {
    args: ["fmt", "--quiet", "--ext", "js", ...style, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  let child: Deno.ChildProcess;
  try {
    child = command.spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new CliError("formatting needs `deno` on the PATH, and it is not there", {
      exit: EXIT.no,
      code: "DENO_MISSING",
      hint: "https://deno.com says how to install it",
    });
  }
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (success) return new TextDecoder().decode(stdout);
  throw new CliError(`${path}: Deno's formatter gave up: ${new TextDecoder().decode(stderr).trim()}`, {
    exit: EXIT.no,
    code: "FORMATTER_FAILED",
  });
}
