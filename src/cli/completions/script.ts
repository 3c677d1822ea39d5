import type { Cli } from "../command.ts";
import { type CompletedCommand, completionModel } from "./model.ts";

/**
 * A completion script.
 *
 * @param shell for which shell
 * @param cli where the commands are described
 */
export async function completionScript(shell: "bash" | "zsh" | "fish", cli: Cli): Promise<string> {
  const model = await completionModel(cli);
  if (shell === "bash") return bash(model);
  return shell === "zsh" ? zsh(model) : fish(model);
}

function bash(model: readonly CompletedCommand[]): string {
  const cases = model.map(({ path, next, options }) => {
    const words = [
      ...next.map(({ name }) => name),
      ...options.flatMap(({ long, short }) => short ? [long, short] : [long]),
    ];
    return `    "${path}") words="${words.join(" ")}" ;;`;
  });
  const values = model.flatMap(({ path, options }) =>
    options.filter(({ values }) => values.length > 0).map(({ long, short, values }) => {
      const flags = [long, ...(short ? [short] : [])].map((flag) => `"${path} ${flag}"`).join("|");
      return `    ${flags}) words="${values.join(" ")}" ;;`;
    })
  );
  return `# bash completion for rhythm
_rhythm() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "\${path:+$path }$word" in
${paths(model, "      ", "|")}) path="\${path:+$path }$word" ;;
      *) break ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  case "$path $previous" in
${values.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _rhythm rhythm
`;
}

function zsh(model: readonly CompletedCommand[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const cases = model.map(({ path, next, options }) => {
    const commands = next.map(({ name, words }) => quote(`${name}:${words.replaceAll(":", "\\:")}`));
    const flags = options.map(({ long, words }) => quote(`${long}:${words.replaceAll(":", "\\:")}`));
    return `    ${quote(path)}) commands=(${commands.join(" ")}); flags=(${flags.join(" ")}) ;;`;
  });
  const values = model.flatMap(({ path, options }) =>
    options.filter(({ values }) => values.length > 0).map(({ long, short, values }) => {
      const flags = [long, ...(short ? [short] : [])].map((flag) => quote(`${path} ${flag}`)).join("|");
      return `    ${flags}) compadd -- ${values.join(" ")}; return ;;`;
    })
  );
  return `#compdef rhythm
# zsh completion for rhythm
_rhythm() {
  local -a commands flags
  local where="" word index
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    case "\${where:+$where }$word" in
${paths(model, "      ", "|")}) where="\${where:+$where }$word" ;;
      *) break ;;
    esac
  done
  case "$where" in
${cases.join("\n")}
  esac
  case "$where \${words[CURRENT-1]}" in
${values.join("\n")}
  esac
  [[ "\${words[CURRENT]}" == -* ]] && { _describe -o option flags; return; }
  if (( \${#commands} )); then _describe command commands; else _files; fi
}
if [[ "\${zsh_eval_context[-1]}" == loadautofunc ]]; then _rhythm "$@"; else compdef _rhythm rhythm; fi
`;
}

function fish(model: readonly CompletedCommand[]): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = model.flatMap(({ path, next, options }) => {
    const here = `-n ${quote(`__rhythm_at ${path}`.trimEnd())}`;
    return [
      ...next.map(({ name, words }) => `complete -c rhythm -f ${here} -a ${name} -d ${quote(words)}`),
      ...options.map(({ long, short, takesValue, values, words }) => {
        const value = values.length > 0 ? ` -x -a ${quote(values.join(" "))}` : takesValue ? " -r" : "";
        return `complete -c rhythm ${here} -l ${long.slice(2)}${
          short ? ` -s ${short.slice(1)}` : ""
        }${value} -d ${quote(words)}`;
      }),
    ];
  });
  return `# fish completion for rhythm
function __rhythm_path
  set -l path
  for word in (commandline -opc)[2..-1]
    if contains -- (string join ' ' -- $path $word) ${
    model.filter(({ path }) => path !== "").map(({ path }) => quote(path)).join(" ")
  }
      set -a path $word
    else
      break
    end
  end
  string join ' ' -- $path
end
function __rhythm_at
  test "$(__rhythm_path)" = "$argv"
end
${lines.join("\n")}
`;
}

function paths(model: readonly CompletedCommand[], indent: string, between: string): string {
  return indent + model.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`).join(between);
}
