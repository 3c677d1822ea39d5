import { checkShape, type OwnType } from "../define/mod.ts";

/** What a registration carries besides flows or workflows. */
export interface RegisterOptions {
  /**
   * Which deploy the source is of: its id (a build, a release), the same in all programs of the deploy; or the time when
   * it began. Of two ids the one that was seen first is the older. Registrations of an older deploy change nothing.
   */
  deploy?: string | Date | undefined;
}

/** The deploy of a registration as text; null: it names none. */
export function deployOf(options: RegisterOptions, where: string): string | null {
  checkShape(options, { deploy: DEPLOY }, { where });
  const { deploy } = options;
  return deploy instanceof Date ? deploy.toISOString() : deploy ?? null;
}

/** An id or a time. */
export const DEPLOY: OwnType = {
  kind: "own",
  wanted: "an id of at most 200 characters, or the time when the deploy began",
  fits: (value) =>
    value instanceof Date
      ? !Number.isNaN(value.getTime())
      : typeof value === "string" && value.length > 0 && value.length <= 200,
};
