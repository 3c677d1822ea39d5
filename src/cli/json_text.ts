import type { JsonValue } from "../shared/json.ts";
import { CliError } from "./cli_error.ts";
import { cut } from "./table.ts";

/** Where a text stops being JSON, and what was expected there. */
export interface JsonFault {
  /** The offset of the first character that cannot be. */
  readonly at: number;
  /** What is wrong, in a few words. */
  readonly problem: string;
}

/**
 * Reads a JSON text that a person wrote.
 *
 * @param text the text
 * @param what what it is, for the sentence: `the inputs`, a file's name
 * @returns the value
 * @throws {CliError} with a picture of the place where it stops being JSON
 */
export function parseJson(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    const fault = faultOf(text) ?? { at: 0, problem: "it cannot be read" };
    throw new CliError(`${what}: not JSON: ${fault.problem}`, {
      code: "JSON_INVALID",
      picture: draw(text, fault),
      ...(text.length < 100 && looksLikeBareWord(text)
        ? { hint: `a text needs quotes of its own: '"${text.trim()}"'` }
        : {}),
    });
  }
}

/**
 * Reads an operand or option that holds JSON: the text itself, `@file`, or `-` for standard input.
 *
 * @param given what was given
 * @param what what it is, for the sentence
 */
export async function readJson(given: string, what: string): Promise<JsonValue> {
  if (given === "-") {
    return parseJson(await readStandardInput(), `${what} (standard input)`);
  }
  if (!given.startsWith("@")) return parseJson(given, what);
  const path = given.slice(1);
  try {
    return parseJson(await Deno.readTextFile(path), path);
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (error instanceof Deno.errors.NotFound) throw new CliError(`${what}: there is no file ${path}`);
    const reason = error instanceof Error ? error.message.replace(/ \(os error.*/, "").toLowerCase() : error;
    throw new CliError(`${what}: cannot read ${path === "" ? "a file without a name" : path}: ${reason}`);
  }
}

/** Reads an option that holds a JSON object, as {@linkcode readJson} does. */
export async function readJsonObject(given: string, what: string): Promise<{ [key: string]: JsonValue }> {
  const value = await readJson(given, what);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new CliError(`${what} must be a JSON object, not ${cut(given, 60)}`);
}

/** Reads standard input to its end. A second reader gets nothing. */
export async function readStandardInput(): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const read = await Deno.stdin.read(buffer);
    if (read === null) return text + decoder.decode();
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
  }
}

/** Finds the first place where a text is not JSON; nothing, if it is. */
export function faultOf(text: string): JsonFault | undefined {
  const reader = new JsonReader(text);
  try {
    reader.document();
    return undefined;
  } catch (fault) {
    if (fault instanceof Fault) return fault;
    throw fault;
  }
}

class Fault implements JsonFault {
  constructor(readonly at: number, readonly problem: string) {}
}

class JsonReader {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value("a value");
    this.#space();
    if (this.#at < this.#text.length) this.#fail("the value ends before this");
  }

  #value(expected: string): void {
    this.#space();
    const char = this.#text[this.#at];
    if (char === "{") return this.#object();
    if (char === "[") return this.#array();
    if (char === '"') return this.#string();
    if (char === "'") this.#fail("texts stand in double quotes");
    if (this.#take(/(?:true|false|null)(?![\w$])/y)) return;
    if (this.#take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w$.])/y)) return;
    this.#fail(char === undefined ? `it ends where ${expected} was expected` : `expected ${expected}`);
  }

  #object(): void {
    this.#at++;
    if (this.#next("}")) return;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#fail("expected a key in double quotes");
      this.#string();
      if (!this.#next(":")) this.#fail('expected ":"');
      this.#value("a value");
      if (this.#next("}")) return;
      if (!this.#next(",")) this.#fail('expected "," or "}"');
    }
  }

  #array(): void {
    this.#at++;
    if (this.#next("]")) return;
    for (;;) {
      this.#value("a value");
      if (this.#next("]")) return;
      if (!this.#next(",")) this.#fail('expected "," or "]"');
    }
  }

  #string(): void {
    const start = this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) {
        this.#at = start;
        this.#fail("this text is never closed");
      }
      if (char === '"') return void this.#at++;
      if (char! < " ") this.#fail("a line break in a text is written \\n");
      if (char !== "\\") this.#at++;
      else if (!this.#take(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y)) this.#fail("there is no such escape");
    }
  }

  #next(char: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    this.#take(/[ \t\r\n]*/y);
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #fail(problem: string): never {
    throw new Fault(this.#at, problem);
  }
}

function draw(text: string, fault: JsonFault): string {
  const before = text.slice(0, fault.at);
  const line = before.split("\n").length;
  const start = before.lastIndexOf("\n") + 1;
  const full = text.slice(start).split("\n", 1)[0]!;
  const column = fault.at - start;
  const cut = Math.max(0, column - 60);
  const shown = full.slice(cut, cut + 100).replaceAll("\t", " ");
  const label = String(line);
  const gutter = " ".repeat(label.length);
  return [
    ` ${gutter} |`,
    ` ${label} | ${shown}`,
    ` ${gutter} | ${" ".repeat(column - cut)}^ line ${line}, column ${column + 1}`,
  ].join("\n");
}

function looksLikeBareWord(text: string): boolean {
  return /^\s*[\p{L}_][\p{L}\p{N}_ -]*\s*$/u.test(text);
}
