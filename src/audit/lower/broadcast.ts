import type { ElementType } from "../../onnx/element.js";
import type { Builder } from "../compile/builder.js";
import { inconsistent } from "../compile/errors.js";
import { rankOf, shapeOf, type Value } from "../compile/value.js";
import type { DType, MapFn } from "../graph.js";

/** The shape that all of `values` broadcast to, aligned at the last axis. */
export function broadcastShape(values: readonly Value[]): number[] {
  const rank = Math.max(0, ...values.map(rankOf));
  const shape = new Array<number>(rank).fill(1);
  for (const value of values) {
    shapeOf(value).forEach((extent, axis) => {
      const at = rank - rankOf(value) + axis;
      if (shape[at] !== 1 && extent !== 1 && shape[at] !== extent) {
        throw inconsistent(`Shapes ${values.map((v) => `[${shapeOf(v).join()}]`).join(" and ")} do not broadcast`);
      }
      if (extent !== 1) shape[at] = extent;
    });
  }
  return shape;
}

/** An elementwise function of broadcast operands; the result's dtype is the last operand's unless given. */
export function map(
  builder: Builder,
  fn: MapFn,
  values: readonly Value[],
  options: { dtype?: DType; continuous?: boolean } = {},
): Value {
  const shape = broadcastShape(values);
  const labels = shape.map((_, axis) => axis);
  const dtype: ElementType = options.dtype ?? values.at(-1)!.memory.dtype;
  return builder.emit({
    what: { kind: "map", fn },
    dtype,
    out: labels,
    operands: values.map((value) => ({ value, labels: labels.slice(shape.length - rankOf(value)) })),
    ...(options.continuous ? { continuous: true } : {}),
  });
}
