import type { GraphProto } from "../../onnx/gen/onnx_pb.js";
import { WORK } from "../compile/budget.js";
import { CompileError, inconsistent } from "../compile/errors.js";
import { rankOf, shapeOf, type Value } from "../compile/value.js";
import { slice } from "../compile/view-ops.js";
import { stack } from "./concat.js";
import { axisOf, numberOf, type Op, operators, type OpLowering, required } from "./op.js";
import { reshapeTo } from "./shape.js";

/** Rounds that a loop may have: every one becomes nodes. */
const MAX_ROUNDS = 30_000;

function body(op: Op, name: string): GraphProto {
  const graph = op.attributes.graph(name);
  if (!graph) throw inconsistent(`Attribute "${name}" is missing`);
  return graph;
}

/** The branch that a constant condition chooses. */
function branch(op: Op): Value[] {
  const chosen = numberOf(op, required(op, 0)) !== 0 ? "then_branch" : "else_branch";
  return op.subgraph(body(op, chosen), []);
}

/** A loop whose trip count and condition are known is unrolled. */
function loop(op: Op): Value[] {
  const { builder } = op;
  const graph = body(op, "body");
  const trips = op.inputs[0] ? numberOf(op, op.inputs[0]) : Infinity;
  let condition = op.inputs[1] ?? builder.scalar("bool", 1);
  let state = op.inputs.slice(2).map((_, i) => required(op, 2 + i));
  const scanned: Value[][] = [];
  for (let round = 0; round < trips && numberOf(op, condition) !== 0; round++) {
    if (round >= MAX_ROUNDS) throw new CompileError("COMPILE_LIMIT", `A loop of more than ${MAX_ROUNDS} rounds`);
    builder.budget.spend({ work: WORK.onnxNode });
    const [next, ...results] = op.subgraph(graph, [builder.scalar("i64", round), condition, ...state]);
    if (!next) throw inconsistent("A loop body without condition");
    condition = next;
    results.slice(state.length).forEach((value, i) => (scanned[i] ??= []).push(value));
    state = results.slice(0, state.length);
  }
  if (scanned.length === 0 && graph.output.length - 1 > state.length) {
    throw new CompileError("COMPILE_EMPTY", "A loop without rounds has empty outputs");
  }
  return [...state, ...scanned.map((values) => stack(op, values, 0))];
}

/** A scan runs over an axis of known extent, so it is unrolled. */
function scan(op: Op): Value[] {
  const { attributes } = op;
  const graph = body(op, "body");
  const count = attributes.int("num_scan_inputs", 1);
  const values = op.inputs.map((_, i) => required(op, i));
  let state = values.slice(0, values.length - count);
  const inputs = values.slice(values.length - count);
  const inputAxes = (attributes.ints("scan_input_axes") ?? inputs.map(() => 0)).map((axis, i) =>
    axisOf(axis, rankOf(inputs[i]!)),
  );
  const inputDirections = attributes.ints("scan_input_directions") ?? inputs.map(() => 0);
  const rounds = inputs[0] ? shapeOf(inputs[0])[inputAxes[0]!]! : 0;
  if (rounds > MAX_ROUNDS) throw new CompileError("COMPILE_LIMIT", `A scan of ${rounds} rounds`);
  const element = (i: number, round: number): Value => {
    const axis = inputAxes[i]!;
    const start = inputDirections[i] ? rounds - 1 - round : round;
    const one = op.builder.view(inputs[i]!, (v) => slice(v, axis, { start, count: 1 }));
    return reshapeTo(
      op,
      one,
      shapeOf(one).filter((_, k) => k !== axis),
    );
  };
  const scanned: Value[][] = [];
  for (let round = 0; round < rounds; round++) {
    op.builder.budget.spend({ work: WORK.onnxNode * (1 + inputs.length) });
    const results = op.subgraph(graph, [...state, ...inputs.map((_, i) => element(i, round))]);
    results.slice(state.length).forEach((value, i) => (scanned[i] ??= []).push(value));
    state = results.slice(0, state.length);
  }
  const directions = attributes.ints("scan_output_directions") ?? scanned.map(() => 0);
  const axes = attributes.ints("scan_output_axes") ?? scanned.map(() => 0);
  const outputs = scanned.map((results, i) => {
    const ordered = directions[i] ? [...results].reverse() : results;
    return stack(op, ordered, axisOf(axes[i]!, rankOf(ordered[0]!) + 1));
  });
  return [...state, ...outputs];
}

export const controlFlow: readonly OpLowering[] = [
  ...operators({ If: branch, Loop: loop }),
  // Scan 8 had a batch axis and sequence lengths.
  { domain: "", operator: "Scan", since: 9, lower: scan },
];
