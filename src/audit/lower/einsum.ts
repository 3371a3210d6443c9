import { WORK } from "../compile/budget.js";
import { inconsistent } from "../compile/errors.js";
import type { Label } from "../compile/space.js";
import { rankOf, type Value } from "../compile/value.js";
import { transpose } from "../compile/view-ops.js";
import { typeOf } from "./arithmetic.js";
import { dot } from "./matmul.js";
import { type Op, operators, required } from "./op.js";

interface Equation {
  readonly inputs: readonly (readonly Label[])[];
  readonly output: readonly Label[];
}

/** Parses an Einsum equation; an ellipsis stands for numbered labels, aligned at the last. */
function parse(text: string, ranks: readonly number[]): Equation {
  const [left, right] = text.replace(/\s/g, "").split("->") as [string, string?];
  const terms = left.split(",");
  if (terms.length !== ranks.length) throw inconsistent(`Einsum "${text}" of ${ranks.length} inputs`);
  const letters = (term: string): number => term.replace("...", "").length;
  const ellipsis = Math.max(0, ...terms.map((term, i) => (term.includes("...") ? ranks[i]! - letters(term) : 0)));
  const labels = (term: string, rank?: number): Label[] => {
    const [head, tail] = term.split("...") as [string, string?];
    if (tail === undefined) return Array.from(head);
    const count = rank === undefined ? ellipsis : rank - letters(term);
    const middle = Array.from({ length: count }, (_, i) => ellipsis - count + i);
    return [...Array.from(head), ...middle, ...Array.from(tail)];
  };
  const inputs = terms.map((term, i) => labels(term, ranks[i]));
  inputs.forEach((own, i) => {
    if (own.length !== ranks[i]) throw inconsistent(`Einsum "${text}" names ${own.length} of ${ranks[i]!} axes`);
  });
  if (right !== undefined) return { inputs, output: labels(right) };
  const all = inputs.flat();
  const once = [...new Set(all)].filter(
    (label) => typeof label === "string" && all.filter((l) => l === label).length === 1,
  );
  return { inputs, output: [...Array.from({ length: ellipsis }, (_, i) => i), ...once.sort()] };
}

/** Contracts from the left; whatever no later input or the output names is summed over. */
function einsum(op: Op): Value {
  const { builder } = op;
  const values = op.inputs.map((_, i) => required(op, i));
  const { inputs, output } = parse(op.attributes.string("equation", ""), values.map(rankOf));
  const [first] = values;
  if (!first) throw inconsistent("Einsum without inputs");
  if (values.length === 1) return contractOne(op, first, inputs[0]!, output);
  // At each input the labels of all later ones are looked at.
  builder.budget.spend({ work: WORK.tableEntry * values.length ** 2 });
  let value = first;
  let labels = inputs[0]!;
  for (let i = 1; i < values.length; i++) {
    const both = [...new Set([...labels, ...inputs[i]!])];
    const later = new Set<Label>([...output, ...inputs.slice(i + 1).flat()]);
    const out = i === values.length - 1 ? output : both.filter((label) => later.has(label));
    const red = both.filter((label) => !out.includes(label));
    value = dot(builder, { a: value, aLabels: labels, b: values[i]!, bLabels: inputs[i]! }, { out, red });
    labels = out;
  }
  return value;
}

/** Transposes, diagonals and sums of one input. */
function contractOne(op: Op, value: Value, labels: readonly Label[], output: readonly Label[]): Value {
  const unique = new Set(labels);
  const red = [...unique].filter((label) => !output.includes(label));
  if (red.length === 0 && unique.size === labels.length) {
    return transpose(
      value,
      output.map((label) => labels.indexOf(label)),
    );
  }
  return op.builder.emit({
    what: red.length > 0 ? { kind: "reduce", fn: "sum" } : { kind: "map", fn: "copy" },
    dtype: typeOf(value),
    out: output,
    red,
    operands: [{ value, labels }],
  });
}

export const einsums = operators({ Einsum: einsum });
