import { TouchstoneError } from "../../errors.js";

/** A node, or a use of a function, that docs/audit.md (section 3, "Ill-formed") gives no value. */
export class IllFormedNodeError extends TouchstoneError {
  /** Position of the node in its graph, where it is known. */
  readonly node: number | undefined;

  constructor(reason: string, node?: number, label?: string) {
    const where = node === undefined ? "" : `node ${node}${label ? ` (${label})` : ""}: `;
    super("ILL_FORMED_NODE", where + reason, {
      next: "The graph was not made by this compiler, or it is damaged: compile the model again.",
    });
    this.name = "IllFormedNodeError";
    this.node = node;
  }
}

/** Inputs that do not fit the graph's input list. */
export class InputMismatchError extends TouchstoneError {
  constructor(reason: string) {
    super("INPUT_MISMATCH", reason, {
      next: "Give one tensor per unbound input, in graph order, of its dtype and shape.",
    });
    this.name = "InputMismatchError";
  }
}
