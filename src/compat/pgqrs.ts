import { Admin as CoreAdmin } from "../steps/mod.ts";
import { checkArgument, type OwnType, TEXT } from "../shared/arguments.ts";

export { step, workflow, WorkflowContext as PyWorkflow } from "../steps/mod.ts";

/** The statuses of a workflow by the names that they have in pgqrs: `WorkflowStatus.SUCCESS` is `"completed"`. */
export const WorkflowStatus: {
  readonly RUNNING: "running";
  readonly SUCCESS: "completed";
  readonly ERROR: "failed";
} = { RUNNING: "running", SUCCESS: "completed", ERROR: "failed" };

/** What `acquireStep()` answers, by the names of pgqrs: `StepStatus.SKIPPED` is `"skipped"`. */
export const StepStatus: { readonly SKIPPED: "skipped"; readonly EXECUTE: "execute" } = {
  SKIPPED: "skipped",
  EXECUTE: "execute",
};

const SCHEMA: OwnType = {
  kind: "own",
  wanted: "the name of a schema, or null",
  fits: (value) => value === null || TEXT.fits(value),
};

/**
 * `Admin` of `@rhythm/core/steps`, with the schema as its second argument.
 *
 * @example The schema by its place
 * ```ts
 * import { Admin } from "@rhythm/core/compat";
 *
 * async function main(): Promise<void> {
 *   await using admin = new Admin("postgresql://localhost/db", "custom_schema");
 *   await admin.install();
 * }
 * ```
 */
export class Admin extends CoreAdmin {
  /**
   * Says where the database is; nothing is opened yet.
   *
   * @param databaseUrl `postgres://…`, or null for `RHYTHM_DATABASE_URL`
   * @param schema the schema, or null for `rhythm`
   */
  constructor(databaseUrl?: string | null, schema: string | null = null) {
    checkArgument(schema, { argument: "schema", type: SCHEMA, where: "new Admin()" });
    super(databaseUrl, schema === null ? {} : { schema });
  }
}
