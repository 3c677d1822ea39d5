/**
 * Programs as a fast-check arbitrary.
 *
 * @module
 */

import fc from "fast-check";
import { Dice } from "./generate/dice.ts";
import { generateProgram, type Program } from "./generate/program.ts";

class ProgramArbitrary extends fc.Arbitrary<Program> {
  override generate(random: fc.Random): fc.Value<Program> {
    return new fc.Value(generateProgram(new Dice(random)), undefined);
  }

  override canShrinkWithoutContext(_value: unknown): _value is Program {
    return false;
  }

  override shrink(): fc.Stream<fc.Value<Program>> {
    return fc.Stream.nil();
  }
}

/** Programs over the whole language. They are reduced on their syntax tree, not by fast-check. */
export const programs: fc.Arbitrary<Program> = new ProgramArbitrary();
