import { nearest } from "../../../shared/suggest.ts";
import { certainValue, globalName, memberName, type Rule } from "../rule.ts";

/** Warn of a task that is not among those that are known. Somebody else may run it. */
export function unknownTasks(tasks: ReadonlySet<string>): Rule {
  return (flow, report) => {
    for (const { node, scope } of flow.all("CallExpression")) {
      if (node.callee.type !== "MemberExpression" || memberName(node.callee) !== "run") continue;
      const [first] = node.arguments;
      if (globalName(node.callee.object, scope) !== "Task" || !first || first.type === "SpreadElement") {
        continue;
      }
      const value = certainValue(first, scope);
      if (value.type !== "Literal" || typeof value.value !== "string" || tasks.has(value.value)) continue;
      const meant = nearest(value.value, tasks);
      report(
        "F0305",
        first,
        `no task here has the name "${value.value}"`,
        meant === undefined
          ? `the tasks here are ${[...tasks].sort().join(", ")}`
          : `did you mean "${meant}"?`,
      );
    }
  };
}
