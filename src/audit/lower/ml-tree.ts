import { CompileError, inconsistent, refuse } from "../compile/errors.js";
import { shapeOf, type Value } from "../compile/value.js";
import { expand } from "../compile/view-ops.js";
import { map } from "./broadcast.js";
import { concat } from "./concat.js";
import { gatherAxis, gatherElements } from "./gather.js";
import { bestLabel, features, integerLabels, postTransform } from "./ml-common.js";
import { type Op, operators, required } from "./op.js";
import { reduce } from "./reduce.js";
import { reshapeTo } from "./shape.js";

/*
 * Tree ensembles as tensor programs: every row keeps its current node in every tree and moves one level per step, until the
 * deepest leaf is reached; leaves point to themselves.
 */

interface Forest {
  readonly roots: readonly number[];
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly whenTrue: readonly number[];
  readonly whenFalse: readonly number[];
  /** 1 where a missing value takes the true branch. */
  readonly missingTrue: readonly number[];
  readonly mode: string;
  readonly depth: number;
  position(tree: number, node: number): number;
}

function readForest(op: Op): Forest {
  const { attributes } = op;
  const ints = (name: string): number[] => {
    const values = attributes.ints(name);
    if (!values) throw inconsistent(`Attribute "${name}" is missing`);
    return values;
  };
  const [trees, nodes] = [ints("nodes_treeids"), ints("nodes_nodeids")];
  const modes = attributes.strings("nodes_modes") ?? [];
  const numbers = new Map(trees.map((tree, i) => [`${tree}:${nodes[i]!}`, i]));
  const position = (tree: number, node: number): number => {
    const at = numbers.get(`${tree}:${node}`);
    if (at === undefined) throw inconsistent(`Tree ${tree} has no node ${node}`);
    return at;
  };
  const isLeaf = modes.map((mode) => mode === "LEAF");
  const child = (ids: readonly number[]): number[] => trees.map((tree, i) => (isLeaf[i] ? i : position(tree, ids[i]!)));
  const [whenTrue, whenFalse] = [child(ints("nodes_truenodeids")), child(ints("nodes_falsenodeids"))];
  const targets = new Set([...whenTrue, ...whenFalse].filter((at, i) => at !== i % trees.length));
  const roots = trees.map((_, i) => i).filter((i) => !targets.has(i));
  if (roots.length !== new Set(trees).size) throw inconsistent("A tree without a single root");
  const branchModes = [...new Set(modes.filter((mode) => mode !== "LEAF"))];
  if (branchModes.length > 1) throw refuse("Trees with different comparisons have no lowering");
  const children = { whenTrue, whenFalse };
  const missing = attributes.ints("nodes_missing_value_tracks_true") ?? [];
  return {
    roots,
    feature: ints("nodes_featureids").map((id, i) => (isLeaf[i] ? 0 : id)),
    threshold: attributes.floats("nodes_values") ?? [],
    ...children,
    missingTrue: trees.map((_, i) => missing[i] ?? 0),
    mode: branchModes[0] ?? "BRANCH_LEQ",
    depth: depthOf(roots, children, isLeaf),
    position,
  };
}

/** Levels below the roots; walking in breadth finds cycles by their length. */
function depthOf(
  roots: readonly number[],
  { whenTrue, whenFalse }: { whenTrue: readonly number[]; whenFalse: readonly number[] },
  isLeaf: readonly boolean[],
): number {
  let level = roots.filter((at) => !isLeaf[at]);
  let depth = 0;
  while (level.length > 0) {
    if (++depth > isLeaf.length) throw inconsistent("A tree with a cycle");
    level = [...new Set(level.flatMap((at) => [whenTrue[at]!, whenFalse[at]!]))].filter((at) => !isLeaf[at]);
  }
  return depth;
}

function compare(op: Op, mode: string, value: Value, threshold: Value): Value {
  const bool = { dtype: "bool" } as const;
  switch (mode) {
    case "BRANCH_LEQ":
      return map(op.builder, "le", [value, threshold], bool);
    case "BRANCH_LT":
      return map(op.builder, "lt", [value, threshold], bool);
    case "BRANCH_GTE":
      return map(op.builder, "le", [threshold, value], bool);
    case "BRANCH_GT":
      return map(op.builder, "lt", [threshold, value], bool);
    case "BRANCH_EQ":
      return map(op.builder, "eq", [value, threshold], bool);
    case "BRANCH_NEQ":
      return map(op.builder, "not", [map(op.builder, "eq", [value, threshold], bool)], bool);
    default:
      throw refuse(`Trees with comparison "${mode}" have no lowering`);
  }
}

/** The leaf that every row of x [n, f] reaches in every tree, [n, trees]. */
function leaves(op: Op, x: Value, forest: Forest): Value {
  const { builder } = op;
  const table = (numbers: readonly number[]): Value => builder.vector("i64", numbers);
  let at = expand(table(forest.roots), [shapeOf(x)[0]!, forest.roots.length]);
  for (let level = 0; level < forest.depth; level++) {
    const lookup = (numbers: Value): Value => gatherAxis(builder, numbers, 0, at);
    const value = gatherElements(builder, x, 1, lookup(table(forest.feature)));
    let condition = compare(op, forest.mode, value, lookup(builder.vector("f32", forest.threshold)));
    if (forest.missingTrue.includes(1)) {
      const tracked = map(builder, "eq", [lookup(table(forest.missingTrue)), builder.scalar("i64", 1)], {
        dtype: "bool",
      });
      const missing = map(builder, "isnan", [value], { dtype: "bool" });
      condition = map(builder, "or", [condition, map(builder, "and", [missing, tracked])]);
    }
    at = map(builder, "where", [condition, lookup(table(forest.whenTrue)), lookup(table(forest.whenFalse))]);
  }
  return at;
}

/** Sums over trees of the weights [n, outputs] at the leaves that rows reach. */
function aggregate(op: Op, forest: Forest, outputs: number, prefix: "target" | "class"): Value {
  const { builder, attributes } = op;
  const x = features(op, required(op, 0));
  const size = forest.feature.length;
  if (size * outputs > 2 ** 26) throw new CompileError("COMPILE_LIMIT", `A tree ensemble of ${size * outputs} weights`);
  const weights = new Array<number>(size * outputs).fill(0);
  const ids = attributes.ints(`${prefix}_ids`) ?? [];
  const [trees, nodes] = [attributes.ints(`${prefix}_treeids`) ?? [], attributes.ints(`${prefix}_nodeids`) ?? []];
  (attributes.floats(`${prefix}_weights`) ?? []).forEach((weight, i) => {
    const at = forest.position(trees[i]!, nodes[i]!) * outputs + ids[i]!;
    weights[at] = Math.fround(weights[at]! + weight);
  });
  const table = builder.vector("f32", weights, [size, outputs]);
  const values = gatherAxis(builder, table, 0, leaves(op, x, forest));
  const functions = { SUM: "sum", AVERAGE: "mean", MIN: "min", MAX: "max" } as const;
  const name = attributes.string("aggregate_function", "SUM");
  if (!(name in functions)) throw refuse(`Aggregation "${name}" of trees has no lowering`);
  const sum = reduce(builder, functions[name as keyof typeof functions], values, { axes: [1], keep: false });
  const base = attributes.floats("base_values");
  return base && base.length > 0 ? map(builder, "add", [sum, builder.vector("f32", base)]) : sum;
}

function treeRegressor(op: Op): Value {
  const forest = readForest(op);
  return postTransform(op, aggregate(op, forest, op.attributes.int("n_targets", 1), "target"));
}

function treeClassifier(op: Op): Value[] {
  const labels = integerLabels(op, "classlabels_int64s");
  const ids = op.attributes.ints("class_ids") ?? [];
  const forest = readForest(op);
  if (new Set(ids).size === 1 && labels.length === 2) return binaryClassifier(op, forest, labels);
  const scores = aggregate(op, forest, labels.length, "class");
  return [bestLabel(op, scores, labels), postTransform(op, scores)];
}

/** One score for two classes: the probability, or with a logistic transform the logit, of the second. */
function binaryClassifier(op: Op, forest: Forest, labels: readonly number[]): Value[] {
  const { builder } = op;
  if (op.attributes.string("post_transform", "NONE") !== "NONE") {
    throw refuse("A binary tree classifier with a post_transform has no lowering");
  }
  const both = aggregate(op, forest, labels.length, "class");
  const id = op.attributes.ints("class_ids")![0]!;
  const score = gatherAxis(builder, both, 1, builder.scalar("i64", id));
  const second = map(builder, "lt", [builder.scalar("f32", 0.5), score], { dtype: "bool" });
  const label = map(builder, "where", [second, builder.scalar("i64", labels[1]!), builder.scalar("i64", labels[0]!)]);
  const rows = shapeOf(score)[0]!;
  const columns = [map(builder, "sub", [builder.scalar("f32", 1), score]), score];
  const scores = columns.map((column) => reshapeTo(op, column, [rows, 1]));
  return [label, concat(builder, scores, 1)];
}

export const treeEnsembles = operators(
  { TreeEnsembleClassifier: treeClassifier, TreeEnsembleRegressor: treeRegressor },
  "ai.onnx.ml",
);
