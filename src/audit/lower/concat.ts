import { WORK } from "../compile/budget.js";
import type { Builder } from "../compile/builder.js";
import { inconsistent } from "../compile/errors.js";
import { axisExtent, normalise, rankOf, shapeOf, type Value } from "../compile/value.js";
import { pad } from "../compile/view-ops.js";
import { axisOf, type Op, operators, required } from "./op.js";
import { reshapeTo } from "./shape.js";

/** Operands of one `pick` node; more parts are joined in a tree, so that no node's encoding grows long. */
const FAN_IN = 24;

/** Joins tensors along `axis`: every element is picked from the part it falls into. */
export function concat(builder: Builder, values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (!first) throw inconsistent("Concat without inputs");
  const parts = values.filter((value) => !shapeOf(value).includes(0));
  if (parts.length <= 1) return parts[0] ?? first;
  builder.budget.spend({ work: WORK.onnxNode * parts.length });
  for (const part of parts) {
    const fits =
      rankOf(part) === rankOf(first) && shapeOf(part).every((e, i) => i === axis || e === shapeOf(parts[0]!)[i]);
    if (!fits || axis >= rankOf(part))
      throw inconsistent(`[${shapeOf(part).join()}] and [${shapeOf(parts[0]!).join()}] do not concatenate`);
  }
  if (parts.length > FAN_IN) {
    const groups = Math.ceil(parts.length / FAN_IN);
    const size = Math.ceil(parts.length / groups);
    const joined = Array.from({ length: groups }, (_, g) =>
      concat(builder, parts.slice(g * size, (g + 1) * size), axis),
    );
    return concat(builder, joined, axis);
  }
  const total = parts.reduce((n, part) => n + shapeOf(part)[axis]!, 0);
  let start = 0;
  const labels = first.axes.map((_, i) => i);
  const operands = parts.map((part, i) => {
    // A pick has no fill: guards of the parts themselves must be gone.
    const usable = part.guards.length > 0 || part.axes[axis]!.length > 1 ? builder.wholeCopy(part) : part;
    const before = start;
    start += axisExtent(part.axes[axis]!);
    const value = i === parts.length - 1 ? shifted(usable, axis, before, total) : placed(usable, axis, before, total);
    return { value, labels };
  });
  return builder.emit({ what: { kind: "map", fn: "pick" }, dtype: first.memory.dtype, out: labels, operands });
}

/** The part at its place among `total` elements, guarded. */
function placed(value: Value, axis: number, before: number, total: number): Value {
  const after = total - before - axisExtent(value.axes[axis]!);
  const view = pad(value, axis, { before, after, fill: 0n });
  if (!view) throw inconsistent("A plain axis cannot be padded");
  return view;
}

/** The last part: where no other is picked its address is valid without a guard. */
function shifted(value: Value, axis: number, before: number, total: number): Value {
  const coef = value.axes[axis]![0]?.coef ?? 0;
  const axes = value.axes.map((factors, i) => (i === axis ? [{ extent: total, coef, guards: [] }] : factors));
  return normalise({ ...value, axes, base: value.base - coef * before });
}

/** Joins tensors along a new axis. */
export function stack(op: Pick<Op, "builder">, values: readonly Value[], axis: number): Value {
  const parts = values.map((value) => {
    const shape = shapeOf(value);
    return reshapeTo(op, value, [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
  });
  return concat(op.builder, parts, axis);
}

export const joining = operators({
  Concat: (op) => {
    const values = op.inputs.map((_, i) => required(op, i));
    return concat(op.builder, values, axisOf(op.attributes.int("axis", 1), rankOf(required(op, 0))));
  },
});
