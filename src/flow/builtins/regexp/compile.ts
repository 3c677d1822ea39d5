import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { escapeCode, hostTest, type PageBudget } from "./char_match.ts";
import { assemble, type CharTest, type Instruction, type RegExpProgram } from "./program.ts";

/** Why a regular expression that JavaScript knows is refused. */
export class UnsupportedRegExp extends Error {}

/** How many instructions a regular expression may have: `a{1000}` has a thousand. */
const MAX_INSTRUCTIONS = 20_000;
/** The highest count of a repetition: no text is longer. */
const ENDLESS = 2 ** 29;
/** How many pages the tests of characters may remember together. */
const MAX_PAGES = 1_024;
/** How many capturing groups: each way through the pattern remembers all of them. */
const MAX_GROUPS = 200;
/** How deep groups may nest. */
const MAX_NESTING = 200;

/**
 * Compile a regular expression that the host has accepted.
 *
 * @throws {UnsupportedRegExp} for lookaround, back-references and what is too large
 */
export function compileRegExp(source: string, flags: string): RegExpProgram {
  checkNesting(source);
  const unicode = flags.includes("u");
  const parser = new RegExpParser({ ecmaVersion: 2025 });
  const pattern = parser.parsePattern(source, 0, source.length, { unicode, unicodeSets: false });
  return new Compiler(flags).compile(pattern);
}

function checkNesting(source: string): void {
  let depth = 0;
  let inClass = false;
  for (let index = 0; index < source.length; index++) {
    const char = source[index];
    if (char === "\\") index++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "(" && !inClass) depth++;
    else if (char === ")" && !inClass) depth--;
    if (depth > MAX_NESTING) throw new UnsupportedRegExp(`groups nest deeper than ${MAX_NESTING} levels`);
  }
}

/** A group of the pattern, or the whole. */
type Alternatives = AST.Pattern | AST.Group | AST.CapturingGroup;

class Compiler {
  readonly #code: Instruction[] = [];
  readonly #groups = new Map<AST.CapturingGroup, number>();
  readonly #names = new Map<string, number[]>();
  readonly #tests = new Map<string, CharTest>();
  readonly #budget: PageBudget = { left: MAX_PAGES };
  readonly #unicode: boolean;
  /** Those of `i`, `m` and `s` that hold where the compiler stands: a group may change them. */
  #flags: ReadonlySet<string>;

  constructor(flags: string) {
    this.#unicode = flags.includes("u");
    this.#flags = new Set([...flags].filter((flag) => "ims".includes(flag)));
  }

  compile(pattern: AST.Pattern): RegExpProgram {
    this.#number(pattern);
    this.#emit({ op: "save", slot: 0 });
    this.#alternatives(pattern);
    this.#emit({ op: "save", slot: 1 });
    this.#emit({ op: "match" });
    return {
      ...assemble(this.#code),
      slots: 2 * this.#groups.size + 2,
      names: this.#names,
      unicode: this.#unicode,
      first: firstTest(this.#code),
      scratch: undefined,
    };
  }

  /** Number the capturing groups in the order of their opening brackets. */
  #number(node: Alternatives): void {
    for (const alternative of node.alternatives) {
      for (let element of alternative.elements) {
        while (element.type === "Quantifier") element = element.element;
        if (element.type !== "Group" && element.type !== "CapturingGroup") continue;
        if (element.type === "CapturingGroup") {
          if (this.#groups.size === MAX_GROUPS) {
            throw new UnsupportedRegExp(`it has more than ${MAX_GROUPS} capturing groups`);
          }
          this.#groups.set(element, this.#groups.size + 1);
          if (element.name !== null) this.#name(element.name);
        }
        this.#number(element);
      }
    }
  }

  /** Alternatives may have groups of one name: at most one of them takes part in a match. */
  #name(name: string): void {
    const groups = this.#names.get(name);
    if (groups) groups.push(this.#groups.size);
    else this.#names.set(name, [this.#groups.size]);
  }

  #emit(instruction: Instruction): number {
    if (this.#code.length >= MAX_INSTRUCTIONS) {
      throw new UnsupportedRegExp(`it is larger than ${MAX_INSTRUCTIONS} steps`);
    }
    return this.#code.push(instruction) - 1;
  }

  #alternatives(node: Alternatives): void {
    const { alternatives } = node;
    const exits: number[] = [];
    alternatives.forEach((alternative, index) => {
      const split = index < alternatives.length - 1 ? this.#emit({ op: "split", first: 0, second: 0 }) : -1;
      alternative.elements.forEach((element) => this.#element(element));
      if (split < 0) return;
      exits.push(this.#emit({ op: "jump", to: 0 }));
      this.#code[split] = { op: "split", first: split + 1, second: this.#code.length };
    });
    for (const exit of exits) this.#code[exit] = { op: "jump", to: this.#code.length };
  }

  #element(element: AST.Element): void {
    switch (element.type) {
      case "Assertion":
        return this.#assertion(element);
      case "Backreference":
        throw new UnsupportedRegExp(`back-references (${element.raw}) are not regular`);
      case "CapturingGroup": {
        const slot = 2 * this.#groups.get(element)!;
        this.#emit({ op: "save", slot });
        this.#alternatives(element);
        this.#emit({ op: "save", slot: slot + 1 });
        return;
      }
      case "Group":
        return this.#group(element);
      case "Quantifier":
        return this.#quantifier(element);
      case "Character":
        if (!this.#flags.has("i")) this.#emit({ op: "char", code: element.value });
        else this.#emit({ op: "test", test: this.#test(escapeCode(element.value, this.#unicode)) });
        return;
      case "CharacterSet":
      case "CharacterClass":
        this.#emit({ op: "test", test: this.#test(element.raw) });
        return;
      default:
        throw new UnsupportedRegExp(`${element.raw} is not offered`);
    }
  }

  #test(pattern: string): CharTest {
    const flags = ["i", "s"].filter((flag) => this.#flags.has(flag)).join("") + (this.#unicode ? "u" : "");
    const key = `${flags}/${pattern}`;
    let test = this.#tests.get(key);
    if (test === undefined) this.#tests.set(key, test = hostTest(pattern, { flags, budget: this.#budget }));
    return test;
  }

  /** A group that captures nothing, and may add and remove flags: `(?i-s:…)`. */
  #group(node: AST.Group): void {
    const outside = this.#flags;
    if (node.modifiers) {
      const { add, remove } = node.modifiers;
      const removed = remove?.raw ?? "";
      this.#flags = new Set([...outside, ...add.raw].filter((flag) => !removed.includes(flag)));
    }
    this.#alternatives(node);
    this.#flags = outside;
  }

  #assertion(node: AST.Assertion): void {
    const multiline = this.#flags.has("m");
    if (node.kind === "start") this.#emit({ op: "assert", what: multiline ? "lineStart" : "start" });
    else if (node.kind === "end") this.#emit({ op: "assert", what: multiline ? "lineEnd" : "end" });
    else if (node.kind === "word") {
      const isWord = this.#unicode && this.#flags.has("i") ? this.#test("\\w") : isAsciiWord;
      this.#emit({ op: "boundary", isWord, negate: node.negate });
    } else throw new UnsupportedRegExp(`${node.kind} (${node.raw.slice(0, 3)}…) is not regular`);
  }

  #quantifier(node: AST.Quantifier): void {
    const groups = this.#groupsIn(node.element);
    if (node.min >= ENDLESS && !mayBeEmpty(node.element)) {
      this.#emit({ op: "test", test: () => false });
      return;
    }
    for (let count = 0; count < node.min; count++) {
      this.#iteration(node.element, groups);
      if (count > 0 && this.#isEmpty(node.element)) break;
    }
    if (node.max >= ENDLESS) this.#star(node, groups);
    else this.#options(node, groups);
  }

  /** A loop without end: `split body, out; body; jump back`. */
  #star(node: AST.Quantifier, groups: [number, number]): void {
    const split = this.#emit({ op: "split", first: 0, second: 0 });
    this.#checkedIteration(node, groups);
    this.#emit({ op: "jump", to: split });
    this.#patch(split, node.greedy);
  }

  /** As many nested options as the quantifier allows beyond its minimum. */
  #options(node: AST.Quantifier, groups: [number, number]): void {
    const splits: number[] = [];
    // An empty pattern adds nothing that can be seen: an optional iteration that matches nothing has failed.
    const count = this.#isEmpty(node.element) ? 0 : node.max - node.min;
    for (let index = 0; index < count; index++) {
      splits.push(this.#emit({ op: "split", first: 0, second: 0 }));
      this.#checkedIteration(node, groups);
    }
    for (const split of splits) this.#patch(split, node.greedy);
  }

  #patch(split: number, greedy: boolean): void {
    const inside = split + 1;
    const outside = this.#code.length;
    this.#code[split] = greedy
      ? { op: "split", first: inside, second: outside }
      : { op: "split", first: outside, second: inside };
  }

  #checkedIteration(node: AST.Quantifier, groups: [number, number]): void {
    const checked = mayBeEmpty(node.element);
    if (checked) this.#emit({ op: "begin" });
    this.#iteration(node.element, groups);
    if (checked) this.#emit({ op: "progress" });
  }

  #iteration(element: AST.QuantifiableElement, [from, to]: [number, number]): void {
    if (from < to) this.#emit({ op: "reset", from, to });
    this.#element(element);
  }

  /** An element that matches nothing and captures nothing whatever the text. */
  #isEmpty(element: AST.QuantifiableElement): boolean {
    if (element.type !== "Group") return false;
    return element.alternatives.every((one) =>
      one.elements.every((part) => {
        const inner = part.type === "Quantifier" ? part.element : part;
        return inner.type === "Group" && this.#isEmpty(inner);
      })
    );
  }

  /** The slots of the groups inside an element. */
  #groupsIn(element: AST.QuantifiableElement): [number, number] {
    const inside = [...this.#groups].filter(([group]) =>
      group.start >= element.start && group.end <= element.end
    );
    if (inside.length === 0) return [0, 0];
    return [2 * inside[0]![1], 2 * inside.at(-1)![1] + 2];
  }
}

/** What the first character of a match can be; `undefined` when a match may be empty. */
function firstTest(code: readonly Instruction[]): CharTest | undefined {
  const tests = new Set<CharTest>();
  const codes = new Set<number>();
  const seen = new Set<number>();
  const pending = [0];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (seen.has(place)) continue;
    seen.add(place);
    const instruction = code[place]!;
    if (instruction.op === "match") return undefined;
    if (instruction.op === "char") codes.add(instruction.code);
    else if (instruction.op === "test") tests.add(instruction.test);
    else if (instruction.op === "split") pending.push(instruction.first, instruction.second);
    else pending.push(instruction.op === "jump" ? instruction.to : place + 1);
  }
  const list = [...tests];
  return (char) => codes.has(char) || list.some((test) => test(char));
}

/** Whether an element can match the empty text. */
function mayBeEmpty(element: AST.Element): boolean {
  switch (element.type) {
    case "Assertion":
      return true;
    case "Quantifier":
      return element.min === 0 || mayBeEmpty(element.element);
    case "Group":
    case "CapturingGroup":
      return element.alternatives.some((one) => one.elements.every(mayBeEmpty));
    default:
      return false;
  }
}

function isAsciiWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) ||
    code === 95;
}
