import { basename } from "node:path";
import { analyzeFlow } from "../../flow/check/mod.ts";
import { renderDiagnostics } from "../../flow/diagnostics/mod.ts";
import { CliError } from "../cli_error.ts";
import type { Call } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { buildGraph } from "../../flow/graph/build.ts";
import type { FlowGraph } from "../../flow/graph/model.ts";
import { renderMermaid } from "../../flow/graph/mermaid.ts";
import { renderSvg } from "../../flow/graph/svg.ts";
import { readFlowFiles } from "./read_flows.ts";
import { errorPictureFor } from "./picture.ts";

/** Draws a flow. */
export async function graphFlow(call: Call<{ format: "mermaid" | "svg"; output?: string }>): Promise<void> {
  const files = await readFlowFiles(call.args);
  if (files.length > 1) throw new CliError(`name one flow: ${call.args[0]} holds ${files.length}`);
  const { path, source } = files[0]!;
  const { ast, frontMatter, diagnostics } = analyzeFlow({ name: path, source });
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (ast === undefined || errors.length > 0) {
    throw new CliError(`${path} has errors and cannot be drawn`, {
      exit: EXIT.no,
      code: "FLOW_INVALID",
      picture: renderDiagnostics(errors, { name: path, source, ...errorPictureFor(call.terminal) }),
    });
  }
  const graph = buildGraph(frontMatter.name ?? basename(path, ".flow"), { ast, source });
  const drawn = render(graph, call.options.format);
  const { output } = call.options;
  if (output !== undefined) await Deno.writeTextFile(output, drawn);
  if (call.json) {
    call.terminal.print(
      JSON.stringify({
        format: call.options.format,
        graph,
        ...(output === undefined ? { drawn } : { output }),
      }),
    );
  } else if (output === undefined) call.terminal.write(drawn);
  else call.terminal.say(`${output} is written`);
}

function render(graph: FlowGraph, format: "mermaid" | "svg"): string {
  return format === "svg" ? renderSvg(graph) : renderMermaid(graph);
}
