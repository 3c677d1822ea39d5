import { nearest } from "../shared/suggest.ts";
import { CliError } from "./cli_error.ts";
import { EXIT } from "./exit_codes.ts";

/** What is looked for, and where. */
export interface NameSought {
  /** What has names: a flow, a schedule. */
  readonly what: string;
  /** The name that was given. */
  readonly name: string;
  /** The names there are. */
  readonly known: readonly string[];
  /** What to do if none of them is near. */
  readonly hint: string;
}

/** That nothing has a name, with the nearest one that something has. */
export function unknownName({ what, name, known, hint }: NameSought): CliError {
  const meant = nearest(name, known);
  return new CliError(`there is no ${what} "${name}"`, {
    exit: EXIT.notFound,
    code: "RH004",
    hint: meant === undefined ? hint : `did you mean \`${meant}\`?`,
  });
}
