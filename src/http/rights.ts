/** What a token may do. */
export type Role = "viewer" | "operator" | "deployer" | "admin";

const ALL: readonly Role[] = ["viewer", "operator", "deployer"];
const CLIENT: readonly Role[] = ["operator", "deployer"];
const OPERATOR: readonly Role[] = ["operator"];
const DEPLOYER: readonly Role[] = ["deployer"];
const ADMIN: readonly Role[] = [];

function each(roles: readonly Role[], operations: string): [string, readonly Role[]][] {
  return operations.trim().split(/\s+/).map((operation) => [operation, roles]);
}

/**
 * Who may call what, besides an admin, who may call everything: by the operation of a route, and `page …` for what only the dashboard
 * reads. They are those of the database roles of the same name. What is not in here is for admins.
 */
export const RIGHTS: ReadonlyMap<string, readonly Role[]> = new Map([
  ...each(
    ALL,
    `listExecutions getExecution getExecutionTree getExecutionLogs explainExecution getExecutionPosition getExecutionHistory
    getExecutionAt diffExecution diffExecutions getAsk waitForExecution listQueues listPauses listWorkers listSchedules listFlows listViolations
    listOperations getOperation listOperationActs listOperationPlaces listFailures getFailure listFailureHooks listRates getFlowHeat
    listGates runQuery`,
  ),
  ...each(CLIENT, "startWorkflow queueTask sendSignal askWorkflow cancelExecution"),
  ...each(
    OPERATOR,
    `exportExecution deleteExecution retryExecution changeExecution editExecution rewindExecution forkExecution startOperation stopOperation
    resumeOperation setFailure setGate removeGate pauseExecution resumeExecution pauseTask resumeTask pauseFlow resumeFlow pauseQueue
    resumeQueue pauseKey resumeKey pauseEverything resumeEverything drainWorker resumeWorker answerAsk listAudit`,
  ),
  ...each(CLIENT, "pauseSchedule resumeSchedule triggerSchedule backfillSchedule"),
  ...each(
    DEPLOYER,
    `importExecution configureQueue configureKey putSchedule removeSchedule registerFlow setFlowVersion setFailureHook
    removeFailureHook`,
  ),
  ...each(ADMIN, "listTokens createToken revokeToken"),
  ["page audit", OPERATOR],
  ["page tokens", ADMIN],
]);

/** What a page needs: most are for all. */
export function rightsOfPage(name: string): readonly Role[] {
  return RIGHTS.get(`page ${name}`) ?? ALL;
}

/** Whether a role may do something. */
export function mayDo(role: Role, needed: readonly Role[]): boolean {
  return role === "admin" || needed.includes(role);
}

/** Why a role may not do something, as a sentence: which it needs, and which it has. */
export function refusal(who: { name: string; role: Role }, needed: readonly Role[]): string {
  const roles = [...needed.filter((role) => role !== "viewer"), "admin"];
  return `This needs the role ${roles.join(" or ")}; "${who.name}" is ${
    /^[ao]/.test(who.role) ? "an" : "a"
  } ${who.role}`;
}
