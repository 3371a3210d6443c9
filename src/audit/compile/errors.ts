import { shortened, TouchstoneError } from "../../errors.js";

/**
 * Why a model is refused.
 *
 * - `COMPILE_OPERATOR`: an operator, or a way of using it, that has no exact lowering.
 * - `COMPILE_DTYPE`: element types that the audit machine does not compute with.
 * - `COMPILE_BIND`: a shape or attribute depends on graph inputs; `inputs` names those to bind.
 * - `COMPILE_SHAPE`: an input's shape is open in the file and was not given.
 * - `COMPILE_DYNAMIC`: a shape depends on computed values.
 * - `COMPILE_EMPTY`: a tensor without elements at the model's boundary.
 * - `COMPILE_LIMIT`: an element too large to prove, or a model too large to compile.
 * - `COMPILE_BUDGET`: compiling takes more work or memory than any honest model does (`compile/budget.ts`).
 * - `COMPILE_MALFORMED`: the model contradicts itself or the ONNX specification.
 */
export type CompileErrorCode =
  | "COMPILE_OPERATOR"
  | "COMPILE_DTYPE"
  | "COMPILE_BIND"
  | "COMPILE_SHAPE"
  | "COMPILE_DYNAMIC"
  | "COMPILE_EMPTY"
  | "COMPILE_LIMIT"
  | "COMPILE_BUDGET"
  | "COMPILE_MALFORMED";

const NEXT: Readonly<Record<CompileErrorCode, string>> = {
  COMPILE_OPERATOR: "Export the model without it; docs/adding-an-operator.md tells how to add one.",
  COMPILE_DTYPE: "Export the model in float32, or quantised to integers.",
  COMPILE_BIND: "Bind these inputs: their values then belong to the model.",
  COMPILE_SHAPE: "Give the shapes of the model's inputs.",
  COMPILE_DYNAMIC: "Export the model with fixed shapes.",
  COMPILE_EMPTY: "Choose shapes without empty tensors.",
  COMPILE_LIMIT: "Use a smaller model, or smaller shapes.",
  COMPILE_BUDGET: "Let the exporter fold constants and unroll less; docs/compiler.md has the limits.",
  COMPILE_MALFORMED: "Export the model again, or look at it with onnx.checker.",
};

/** The ONNX node that was being lowered. */
export interface Place {
  readonly node: string;
  /** Operator with its domain, such as `Conv` or `ai.onnx.ml.Scaler`. */
  readonly operator: string;
  readonly opset: number;
}

/** A model that cannot be compiled; says where and why. */
export class CompileError extends TouchstoneError {
  declare readonly code: CompileErrorCode;
  readonly reason: string;
  /** Undefined where the fault lies in no single node. */
  readonly place: Place | undefined;
  /** Of `COMPILE_BIND` and `COMPILE_SHAPE`: the graph inputs concerned. */
  readonly inputs: readonly string[];

  constructor(
    code: CompileErrorCode,
    reason: string,
    options: { place?: Place | undefined; inputs?: readonly string[]; cause?: unknown } = {},
  ) {
    const { place } = options;
    const where = place ? `Node "${place.node}" (${place.operator}, opset ${place.opset}): ` : "";
    super(code, `${where}${reason}.`, {
      next: NEXT[code],
      ...(options.cause === undefined ? {} : { cause: options.cause }),
    });
    this.name = "CompileError";
    this.reason = shortened(reason);
    this.place = place;
    this.inputs = options.inputs ?? [];
  }

  /** The same error, told where it happened; an error that knows keeps its place. */
  at(place: Place): CompileError {
    return this.place ? this : new CompileError(this.code, this.reason, { place, inputs: this.inputs, cause: this });
  }
}

/** Shorthand for an operator used in a way that has no lowering. */
export function refuse(reason: string): CompileError {
  return new CompileError("COMPILE_OPERATOR", reason);
}

/** Shorthand for a model that contradicts itself. */
export function inconsistent(reason: string): CompileError {
  return new CompileError("COMPILE_MALFORMED", reason);
}
