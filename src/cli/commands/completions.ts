import { type CommandModule, operand, runs, withExamples, withJson } from "../command.ts";

/** `rhythm completions`: a script that lets a shell complete what one types. */
export const define: CommandModule["define"] = (command, cli) => {
  command.addArgument(operand("<shell>", "the shell", ["bash", "zsh", "fish"]));
  withJson(command);
  withExamples(command, [
    `source <(rhythm completions bash)                              # in ~/.bashrc`,
    `rhythm completions zsh > "\${fpath[1]}/_rhythm"`,
    `rhythm completions fish > ~/.config/fish/completions/rhythm.fish`,
  ]);
  runs(command, cli, async (call) => {
    const { completionScript } = await import("../completions/script.ts");
    const script = await completionScript(call.args[0] as "bash" | "zsh" | "fish", cli);
    call.terminal.write(call.json ? `${JSON.stringify({ shell: call.args[0], script })}\n` : script);
  });
};
