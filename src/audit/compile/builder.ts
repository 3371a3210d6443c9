import { allocate, type ElementType } from "../../onnx/element.js";
import { type DType, DTYPE_BYTES } from "../graph.js";
import { type Budget, foldingCost, WORK } from "./budget.js";
import { dataOf } from "./bits.js";
import { CompileError, inconsistent } from "./errors.js";
import { MAX_RUNS } from "./cost.js";
import { copyElements, evaluateConstant } from "./fold.js";
import { mergeDims } from "./merge.js";
import { createNodeTable, MAX_NUMEL } from "./node-table.js";
import type { ConstMemory, Memory, NodeFn, RawNode, RawView } from "./raw.js";
import { arrangeReduction, consecutive, rawOperand, rawView } from "./operands.js";
import { splitReduction } from "./split.js";
import { checkTypes } from "./types.js";
import {
  type Aligned,
  type Dim,
  dimsOf,
  factorAt,
  followMemory,
  type Label,
  type Labelled,
  layOut,
  type Space,
} from "./space.js";
import {
  constant,
  emptyConstant,
  isConstant,
  isWhole,
  normalise,
  product,
  rowMajor,
  shapeOf,
  sizeOf,
  type Value,
} from "./value.js";

/** A node to be emitted: its axes are labels, its operands views. */
export interface NodeSpec {
  readonly what: NodeFn;
  readonly dtype: ElementType;
  /** Labels of the result's axes. */
  readonly out: readonly Label[];
  readonly red?: readonly Label[];
  readonly operands: readonly Labelled[];
  /** Extents of labels that no operand has. */
  readonly extents?: ReadonlyMap<Label, number>;
  /**
   * Labels of the result in the order in which its elements shall lie in memory; by default matrix products keep the order of
   * `out`, everything else follows its largest operand.
   */
  readonly order?: readonly Label[];
  /** Keep dimensions that nothing depends on, which are views otherwise. */
  readonly whole?: boolean;
  /** Emit the node even where it is constant: a model output must exist. */
  readonly commit?: boolean;
  /** The function is discontinuous, what the lowering makes of it is not. */
  readonly continuous?: boolean;
}

/** An operator for which the audit's answer and a native runtime's may differ, apart from rounding. */
export interface Caveat {
  readonly label: string;
  readonly reason: string;
  /** Whether a native runtime's process may end. */
  readonly fatal: boolean;
}

/** Collects the nodes of a graph. Nodes all of whose operands are constant are evaluated instead. */
export interface Builder {
  readonly nodes: RawNode[];
  /** What lowering may still take. */
  readonly budget: Budget;
  /** Where a native runtime may answer otherwise, or stop, for some inputs. */
  readonly caveats: Caveat[];
  /** Notes a caveat of the node that is being lowered. */
  warn(reason: string, fatal?: boolean): void;
  /** Provenance of the nodes that are emitted next. */
  label: string;
  emit(spec: NodeSpec): Value;
  /** A copy whose memory holds the axes in order `axes` (default: as they are), consecutively. */
  copy(value: Value, axes?: readonly number[]): Value;
  /** The node whose result is exactly this tensor, row-major; a copy where there is none. */
  commit(value: Value): RawNode;
  /** The elements of a constant value in row-major order. */
  flatten(value: Value): ConstMemory;
  /** A scalar constant of `dtype`; numbers for f32 are rounded to nearest. */
  scalar(dtype: DType, value: number | bigint): Value;
  vector(dtype: DType, values: readonly (number | bigint)[], shape?: readonly number[]): Value;
  /** A copy that is plain memory, of which every view can be taken. */
  wholeCopy(value: Value): Value;
  /** Applies a view operation, to a copy where the value itself cannot express it. */
  view(value: Value, operation: (value: Value) => Value | undefined): Value;
}

export function createBuilder(budget: Budget): Builder {
  const caveats: Caveat[] = [];
  const { nodes, append } = createNodeTable();
  const builder: Builder = {
    nodes,
    budget,
    caveats,
    warn: (reason, fatal = false) => caveats.push({ label: builder.label, reason, fatal }),
    label: "",
    emit: (spec) => emit(spec),
    copy(value, axes) {
      const labels = value.axes.map((_, axis) => axis);
      const what: NodeFn = { kind: "map", fn: "copy" };
      return emit({
        what,
        dtype: value.memory.dtype,
        out: labels,
        operands: [{ value, labels }],
        order: axes ?? labels,
      });
    },
    commit(value) {
      if (value.memory.kind === "node" && isWhole(value)) return value.memory.node;
      const labels = value.axes.map((_, axis) => axis);
      const what: NodeFn = { kind: "map", fn: "copy" };
      const { dtype } = value.memory;
      const copied = emit({
        what,
        dtype,
        out: labels,
        operands: [{ value, labels }],
        order: labels,
        whole: true,
        commit: true,
      });
      if (copied.memory.kind !== "node") throw inconsistent("An output without elements");
      return copied.memory.node;
    },
    flatten(value) {
      const { dtype } = value.memory;
      const size = sizeOf(value);
      if (size === 0) return { kind: "const", dtype, numel: 0, data: allocate(dtype, 0) };
      budget.spend({ work: size * WORK.moved, bytes: size * allocate(dtype, 0).BYTES_PER_ELEMENT });
      const factors = value.axes.flat();
      const view: RawView = {
        memory: value.memory,
        base: value.base,
        coef: factors.map(({ coef }) => coef),
        guards: value.guards.map((form, g) => ({ ...form, coef: factors.map(({ guards }) => guards[g]!) })),
        fill: value.fill,
      };
      const data = copyElements(
        view,
        factors.map(({ extent }) => extent),
      );
      return { kind: "const", dtype, numel: data.length, data };
    },
    scalar: (dtype, value) =>
      constant(dtype, [], dataOf(dtype, [dtype === "f32" ? Math.fround(Number(value)) : value])),
    vector: (dtype, values, shape) => {
      budget.spend({ work: values.length * WORK.tableEntry, bytes: values.length * DTYPE_BYTES[dtype] });
      return constant(dtype, shape ?? [values.length], dataOf(dtype, values));
    },
    wholeCopy: (value) => wholeCopy(value),
    view: (value, operation) => {
      const viewed = operation(value) ?? operation(wholeCopy(value));
      if (!viewed) throw inconsistent("A view of a plain tensor cannot be expressed");
      return viewed;
    },
  };

  /** A copy with one plain factor per axis, of which every view can be taken. */
  function wholeCopy(value: Value): Value {
    const { dtype } = value.memory;
    if (isConstant(value)) return constant(dtype, shapeOf(value), builder.flatten(value).data);
    const labels = value.axes.map((_, axis) => axis);
    const what: NodeFn = { kind: "map", fn: "copy" };
    return emit({ what, dtype, out: labels, operands: [{ value, labels }], order: labels, whole: true });
  }

  function emit(spec: NodeSpec): Value {
    budget.spend({ work: WORK.node });
    const extents = [...(spec.extents?.values() ?? [])];
    if (extents.includes(0) || spec.operands.some(({ value }) => sizeOf(value) === 0)) return emitEmpty(spec);
    const space = layOut(spec.operands, spec.extents ?? new Map<Label, number>());
    if ("conflict" in space) {
      const operands = spec.operands.map((operand, i) =>
        i === space.conflict ? { ...operand, value: wholeCopy(operand.value) } : operand,
      );
      return emit({ ...spec, operands });
    }
    const outDims = dimsOf(spec.out, space);
    const redDims = dimsOf(spec.red ?? [], space);
    // Dimensions that nothing depends on repeat the result: they become views of it. Ranks of argkth have no operand.
    const keep = spec.whole === true || (spec.what.kind === "reduce" && spec.what.fn === "argkth");
    const needed = outDims.filter((dim) => keep || space.operands.some((operand) => factorAt(operand, dim)));
    const out = arrange(needed, spec, space);
    const memory = build(spec, space, out, redDims);
    const strides = new Map(rowMajor(out.map((dim) => dim.extent)).map((stride, i) => [out[i]!, stride]));
    const axes = spec.out.map((label) =>
      outDims
        .filter((dim) => dim.label === label)
        .map((dim) => ({ extent: dim.extent, coef: strides.get(dim) ?? 0, guards: [] })),
    );
    return normalise({ memory, axes, base: 0, guards: [], fill: 0n });
  }

  /** Tensors without elements exist at compile time only. What they would be reduced to is up to the lowering. */
  function emitEmpty(spec: NodeSpec): Value {
    const extents = new Map<Label, number>(spec.extents);
    for (const { value, labels } of spec.operands) {
      shapeOf(value).forEach((extent, axis) => {
        const label = labels[axis]!;
        if (extent !== 1 || !extents.has(label)) extents.set(label, extent);
      });
    }
    const shape = spec.out.map((label) => extents.get(label) ?? 1);
    if (!shape.includes(0)) throw inconsistent("A reduction over an empty axis");
    return emptyConstant(spec.dtype, shape);
  }

  function arrange(dims: readonly Dim[], spec: NodeSpec, space: Space): Dim[] {
    const { order } = spec;
    if (order) return order.flatMap((label) => dims.filter((dim) => dim.label === label));
    if (spec.what.kind === "reduce" && (spec.what.fn === "dot" || spec.what.fn === "argkth")) return [...dims];
    return followMemory(
      dims,
      space.operands.filter(({ memory }) => memory.kind !== "const"),
    );
  }

  function build(spec: NodeSpec, space: Space, out: readonly Dim[], redDims: readonly Dim[]): Memory {
    checkTypes(spec);
    if (!spec.commit && space.operands.every(({ memory }) => memory.kind === "const")) {
      const node = rawNode(spec, space.operands, out, redDims);
      budget.spend(foldingCost(node));
      return { kind: "const", dtype: spec.dtype, numel: product(node.out), data: evaluateConstant(node, spec.dtype) };
    }
    if (spec.what.kind !== "reduce") return append(rawNode(spec, space.operands, out, redDims));
    const terms = product(redDims.map(({ extent }) => extent));
    if (terms > MAX_NUMEL) throw new CompileError("COMPILE_LIMIT", `A reduction over ${terms} terms`);
    // Costs are bounded a few times for every operand, over all alignments to leaves.
    budget.spend({ work: Math.min(terms, MAX_RUNS) * 64 * WORK.alignment });
    const red = arrangeReduction(spec.what.fn, space.operands, redDims);
    const operands = space.operands.map((operand) => consecutive(operand, out, red, (value) => builder.copy(value)));
    const node = rawNode(spec, operands, out, red);
    return splitReduction(node, append) ?? append(node);
  }

  function rawNode(spec: NodeSpec, operands: readonly Aligned[], out: readonly Dim[], red: readonly Dim[]): RawNode {
    const dims = [...out, ...red];
    const node: RawNode = {
      what: spec.what,
      dtype: spec.dtype as DType,
      out: out.map((dim) => dim.extent),
      red: red.map((dim) => dim.extent),
      operands: operands.map((operand, i) =>
        spec.what.kind === "gather" && i === 0 ? rawView(operand, dims) : rawOperand(operand, dims),
      ),
      steps: [],
      label: builder.label,
      continuous: spec.continuous ?? false,
    };
    mergeDims(node);
    return node;
  }

  return builder;
}
