import { TouchstoneError } from "../../errors.js";

/** A use of a function that docs/audit.md (section 3, "Ill-formed") gives no value. */
export function illFormedUse(reason: string): TouchstoneError {
  return new TouchstoneError("NODE_ILL_FORMED", reason, {
    next: "The graph was not made by this compiler, or it is damaged: compile the model again.",
  });
}

/** Inputs that do not fit the graph's input list. */
export function inputMismatch(reason: string): TouchstoneError {
  return new TouchstoneError("INPUT_MISMATCH", reason, {
    next: "Give one tensor per unbound input, in graph order, of its dtype and shape.",
  });
}
