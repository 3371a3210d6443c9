import type { ElementType } from "../../onnx/element.js";
import { type DType, DTYPE_CODE } from "../graph.js";
import { gatherTakes, mapTakes, reduceTakes } from "../signatures.js";
import { bitsOf } from "./bits.js";
import { CompileError } from "./errors.js";
import type { NodeFn } from "./raw.js";
import type { Labelled } from "./space.js";
import { isConstant, product, shapeOf, type Value } from "./value.js";

export function isAuditType(dtype: ElementType): dtype is DType {
  return dtype in DTYPE_CODE;
}

/** Refuses element types that the function does not take. Copies of constants may have any type. */
export function checkTypes({
  what,
  dtype,
  operands,
}: {
  readonly what: NodeFn;
  readonly dtype: ElementType;
  readonly operands: readonly Labelled[];
}): void {
  const types = operands.map(({ value }) => value.memory.dtype);
  const { fn } = what;
  if (fn === "copy" && operands.every(({ value }) => isConstant(value))) return;
  const known = types.filter(isAuditType);
  const takes =
    known.length === types.length &&
    isAuditType(dtype) &&
    (what.kind === "map"
      ? mapTakes(what.fn, known, dtype)
      : what.kind === "reduce"
        ? reduceTakes(what.fn, known, dtype)
        : gatherTakes(known, dtype));
  if (!takes) throw new CompileError("COMPILE_DTYPE", `There is no ${fn} of ${types.join(", ")} to ${dtype}`);
}

/** Bits of a scalar constant, for fills; undefined where the value is not one constant. */
export function constantBits(value: Value): bigint | undefined {
  const { memory } = value;
  if (memory.kind !== "const" || !isAuditType(memory.dtype) || product(shapeOf(value)) !== 1) return undefined;
  return value.guards.length > 0 ? undefined : bitsOf(memory.dtype, memory.data[value.base]!);
}
