import type { MemberTable } from "./builtin.ts";
import { declare, memberTable } from "./define.ts";

/** The members of functions. */
export const functionMembers: MemberTable = memberTable("Function.prototype", {
  toString: declare(0, (vm, self) => {
    if (!vm.isCallable(self)) {
      vm.fail("TypeError", "Function.prototype.toString requires that 'this' be a Function");
    }
    return vm.sourceOf(self);
  }),
}, { refused: "apply arguments bind call caller prototype" });
