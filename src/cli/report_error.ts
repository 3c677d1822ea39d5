import { RhythmError } from "../shared/error.ts";
import { CliError, Finished, Interrupted } from "./cli_error.ts";
import { EXIT } from "./exit_codes.ts";
import { asTyped } from "./how_to_type.ts";
import { wrapped } from "./redraw.ts";
import { cut } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** An error as it is told: its exit code, its sentence, what to do. */
interface Told {
  exit: number;
  code: string;
  message: string;
  hint?: string | undefined;
  picture?: string | undefined;
}

/** Where and how to tell. */
export interface ReportOptions {
  /** Where. */
  terminal: Terminal;
  /** For programs. */
  json: boolean;
  /** The command that was called: `rhythm list`. */
  command: string;
}

/**
 * Tells an error on standard error, in a sentence and what to do about it.
 *
 * @param error what was thrown
 * @param options where to tell it
 * @returns the exit code
 */
export function reportError(error: unknown, options: ReportOptions): number {
  if (error instanceof Interrupted || error instanceof Finished) return error.exit;
  const { exit, code, message: said, picture, hint: given } = toldOf(error, options.command);
  const message = withoutPasswords(said);
  const hint = given === undefined ? undefined : asTyped(given);
  const { terminal } = options;
  if (options.json) {
    terminal.say(JSON.stringify({ error: { code, message, picture, hint } }));
    return exit;
  }
  const say = (text: string): void =>
    terminal.say(wrapped(text, { isTerminal: true, columns: terminal.errorColumns }));
  say(`${terminal.paintError("bad", "error:")} ${message}`);
  if (picture !== undefined) terminal.say(`\n${picture}\n`);
  if (hint !== undefined) say(`${terminal.paintError("quiet", " hint:")} ${hint}`);
  if (Deno.env.get("RHYTHM_DEBUG") && error instanceof Error) {
    terminal.say(terminal.paintError("quiet", withoutPasswords(error.stack ?? "")));
  }
  return exit;
}

/** An address that was typed where none is expected is repeated by the sentence that says so. */
function withoutPasswords(text: string): string {
  return text.replaceAll(ADDRESS, "$1…");
}

// With a password, also where the end was cut off. `user:password@` is how our own sentences say what an address is like.
const ADDRESS =
  /\b(postgres(?:ql)?:\/\/)(?!user:password@)(?:[^\s'"]*:[^\s'"]*@|[^\s'"/[]*:(?!\d+\b)|[^\s'"]*[?&]password=)[^\s'"]*/g;

function toldOf(error: unknown, command: string): Told {
  if (error instanceof CliError) return error;
  if (isCommanderError(error)) return wrongUse(error, command);
  if (error instanceof RhythmError) return engineError(error);
  const refused = refusalOf(error);
  if (refused !== undefined) return refused;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    exit: EXIT.internal,
    code: "INTERNAL",
    message: `this is a fault of rhythm itself: ${message}`,
    hint: "please report it; RHYTHM_DEBUG=1 shows where it happened",
  };
}

// What the operating system refused, where no command says more of it.
function refusalOf(error: unknown): Told | undefined {
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return { exit: EXIT.no, code: "PERMISSION", message: sentence(error.message) };
  }
  // "No such file or directory (os error 2): writefile 'x'"
  const found = error instanceof Error
    ? /^(.*?) \(os error \d+\)(?:: \w+ '?(.*?)'?)?$/s.exec(error.message)
    : null;
  if (found === null) return undefined;
  const [, reason = "", path] = found;
  const where = path === undefined ? "the operating system refused it" : cut(path, 200);
  return { exit: EXIT.no, code: "FILE", message: `${where}: ${reason.toLowerCase()}` };
}

// "error: unknown option '--josn'\n(Did you mean --json?)"
function wrongUse(error: Error & { code: string }, command: string): Told {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const meant = /Did you mean (one of )?(.*)\?/.exec(rest.join(" "))?.[2];
  return {
    exit: EXIT.usage,
    code: "USAGE",
    message: cut(first.replace(/\.$/, ""), 300),
    hint: `${meant === undefined ? "" : `did you mean ${meant}? `}\`${command} --help\` shows what it takes`,
  };
}

function engineError(error: RhythmError): Told {
  const { code, message } = error;
  if (/^(3F000|42P01|42883)$/.test(code)) {
    return {
      exit: EXIT.noDatabase,
      code: "NOT_INSTALLED",
      message: `Rhythm is not installed in this database, or not up to date (${firstSentence(message)})`,
      hint: "`rhythm migrate` installs it; --schema names another schema",
    };
  }
  const own = engineHint(error);
  // Which function of the library refused it is no concern of who typed a command.
  const bare = (own === undefined ? message : message.slice(0, -own.length - 2)).replace(/^[\w.]+\(\): /, "");
  return {
    exit: exitOf(code),
    code,
    message: sentence(bare),
    hint: hintOf(code, bare) ?? (own === "See the detail" ? undefined : own),
  };
}

// What the engine advises stands behind its sentence: here it has a line of its own.
function engineHint(error: RhythmError): string | undefined {
  if (!("hint" in error) || typeof error.hint !== "string" || !error.message.endsWith(`. ${error.hint}`)) {
    return undefined;
  }
  return error.hint;
}

function exitOf(code: string): number {
  if (code === "DATABASE_UNAVAILABLE") return EXIT.noDatabase;
  if (code === "RH002" || code === "RH004") return EXIT.notFound;
  if (code === "WAIT_TIMEOUT" || code === "ASK_TIMEOUT") return EXIT.timeout;
  if (/^(INVALID_|JSON_|DURATION_INVALID|RH00[156]|FLOW_NOT_READABLE|SCHEMA_NAME)/.test(code)) {
    return EXIT.usage;
  }
  return EXIT.no;
}

function hintOf(code: string, message: string): string | undefined {
  switch (code) {
    case "DATABASE_UNAVAILABLE":
      return "`rhythm dev` brings a database of its own; `--database` names another";
    case "RH002":
      return "`rhythm list` shows those there are";
    case "RH004":
      return message.includes("schedule")
        ? "`rhythm schedules` shows those there are"
        : "`rhythm flow list` shows those there are, `rhythm flow register` adds to them";
    case "42501":
      return "ask the owner of the schema for a role: rhythm_viewer, rhythm_client, rhythm_worker, rhythm_operator or rhythm_deployer";
    default:
      return undefined;
  }
}

function isCommanderError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

function sentence(text: string): string {
  return text.replace(/\.$/, "");
}

function firstSentence(message: string): string {
  return message.replace(/\. .*/s, "");
}
