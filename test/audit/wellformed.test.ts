import { expect } from "chai";
import fc from "fast-check";
import type { AuditNode, GatherNode, MapNode, Operand, ReduceNode, View } from "../../src/audit/graph.js";
import { addressAt, extentsOf, unravel } from "../../src/audit/view.js";
import { assertWellFormed, demandDepth, illFormed, type NodeContext } from "../../src/audit/wellformed.js";
import { codeOf } from "../support/codes.js";
import { assertProperty } from "../support/fuzz.js";
import { anyGraph } from "../support/graphs.js";

const context: NodeContext = {
  index: 1,
  inputs: [{ dtype: "f32", numel: 12 }],
  weights: [{ dtype: "i64", numel: 5 }],
  nodes: [{ dtype: "f32", numel: 12 }],
  nodeCount: 2,
  depth: 2,
};
const view: View = {
  ...{ source: { kind: "input", index: 0 }, dtype: "f32", numel: 12, base: 0, coef: [3, 1], guards: [], fill: 0n },
};
const one: Operand = { source: { kind: "immediate" }, dtype: "f32", value: 0x3f800000n };
const map: MapNode = {
  ...{ kind: "map", fn: "add", dtype: "f32", out: [4, 3], operands: [view, one], steps: [], label: "" },
};
const reduce: ReduceNode = { ...map, kind: "reduce", fn: "sum", out: [4], red: [3], operands: [view] };
const indices: View = { ...view, source: { kind: "weight", index: 0 }, dtype: "i64", numel: 5, coef: [0, 1] };
const gather: GatherNode = {
  ...{ kind: "gather", fn: "gather", dtype: "f32", out: [4, 3], steps: [], label: "" },
  operands: [{ ...view, coef: [0, 1] }, indices],
  indices: [{ stride: 3, extent: 4 }],
};

const reasonOf = (node: AuditNode, change: Partial<NodeContext> = {}) => illFormed(node, { ...context, ...change });
const withView = (change: Partial<View>) => reasonOf({ ...map, operands: [{ ...view, ...change }, one] });

describe("audit/wellformed", () => {
  it("takes random graphs whose every address lies inside, and only those", () => {
    assertProperty(
      fc.property(anyGraph(5), fc.nat(), ({ graph }, pick) => {
        assertWellFormed(graph, 10);
        // Shrink one tensor by one element below the highest address that is read: now, and only now, a node is ill-formed.
        const reads = graph.nodes.flatMap((node) =>
          node.fn === "pick" || node.kind === "gather"
            ? []
            : node.operands.flatMap((operand, i) =>
                "guards" in operand && !(node.fn === "dot" && i === 2) ? [{ node, operand }] : [],
              ),
        );
        if (reads.length === 0) return;
        const { node, operand } = reads[pick % reads.length]!;
        const extents = extentsOf(node);
        const size = extents.reduce((n, extent) => n * extent, 1);
        let highest = -1;
        for (let i = 0; i < size; i++) highest = Math.max(highest, addressAt(operand, unravel(i, extents)) ?? -1);
        if (highest < 1) return;
        const resized = (numel: number) => {
          const change = (other: Operand): Operand => (other === operand ? { ...operand, numel } : other);
          const tensors = Array.from({ length: operand.source.index + 1 }, () => ({ dtype: operand.dtype, numel }));
          const lone: AuditNode = { ...node, operands: [change(operand)], steps: [] };
          return illFormed(
            { ...lone, kind: "map", fn: "copy", dtype: operand.dtype, out: extents },
            {
              ...context,
              index: 1000,
              depth: 10,
              inputs: tensors,
              weights: tensors,
              nodes: tensors,
            },
          );
        };
        expect(resized(highest + 1)).to.equal(undefined);
        expect(resized(highest)).to.equal("operand 0 reads outside its tensor");
      }),
      400,
    );
  });

  it("takes the nodes that the refusals below start from", () => {
    expect([map, reduce, gather].map((node) => reasonOf(node))).to.deep.equal([undefined, undefined, undefined]);
  });

  it("refuses bad index spaces", () => {
    expect(reasonOf({ ...map, out: [0, 3] })).to.match(/zero extent/);
    expect(reasonOf({ ...map, out: new Array<number>(17).fill(1) })).to.match(/rank 17/);
    expect(reasonOf({ ...map, out: [2 ** 16, 2 ** 15] })).to.match(/result has 2\^31/);
    expect(reasonOf({ ...reduce, red: [2 ** 16, 2 ** 15] })).to.match(/reduces over 2\^31/);
  });

  it("refuses operands that a function does not take", () => {
    expect(reasonOf({ ...map, fn: "neg" })).to.match(/neg does not take \(f32, f32\) to f32/);
    expect(reasonOf({ ...map, fn: "and" })).to.match(/and does not take/);
    expect(reasonOf({ ...map, fn: "lt" })).to.match(/lt does not take/);
    expect(reasonOf({ ...reduce, fn: "argmax" })).to.match(/argmax does not take/);
    expect(reasonOf({ ...reduce, fn: "dot" })).to.match(/dot does not take/);
    expect(reasonOf({ ...gather, dtype: "i32" })).to.match(/gather does not take/);
    const step = { fn: "where", dtype: "f32", chain: 0, operands: [one, one] } as const;
    expect(reasonOf({ ...map, steps: [step] })).to.match(/where does not take \(f32, f32, f32\) to f32/);
    expect(reasonOf({ ...map, steps: [{ ...step, fn: "fma" }] })).to.equal(undefined);
    expect(reasonOf({ ...map, steps: [{ ...step, fn: "fma", chain: 3 }] })).to.match(/position 3/);
  });

  it("refuses what does not exist or is stated wrongly", () => {
    expect(withView({ source: { kind: "node", index: 1 } })).to.match(/reads node 1/);
    expect(withView({ source: { kind: "input", index: 1 } })).to.match(/does not exist/);
    expect(withView({ source: { kind: "weight", index: 0 } })).to.match(/which is 5 of i64/);
    expect(withView({ numel: 13 })).to.match(/as 13 of f32, which is 12 of f32/);
    expect(withView({ numel: 0 })).to.match(/tensor of 0 elements/);
    expect(withView({ numel: 2 ** 31 })).to.match(/tensor of 2147483648 elements/);
  });

  it("refuses bad immediates, fills and guards", () => {
    const guard = { base: 0, divisor: 1, extent: 1, stride: 0, coef: [0, 0] };
    expect(withView({ guards: [guard], fill: 1n << 32n })).to.match(/fill has more bits/);
    expect(withView({ guards: [{ ...guard, divisor: 0 }] })).to.match(/zero divisor or extent/);
    expect(withView({ guards: [{ ...guard, extent: 0 }] })).to.match(/zero divisor or extent/);
    const bool = (value: bigint): Operand => ({ source: { kind: "immediate" }, dtype: "bool", value });
    const not = (value: bigint) => reasonOf({ ...map, fn: "not", dtype: "bool", operands: [bool(value)] });
    expect([0n, 1n, 2n, 256n].map(not)).to.deep.equal([
      undefined,
      undefined,
      "a bool immediate above 1",
      "an immediate has more bits than its dtype",
    ]);
  });

  it("refuses addresses outside, epilogue operands included, and needs none inside where nothing is read", () => {
    expect(withView({ base: 1 })).to.match(/operand 0 reads outside/);
    expect(withView({ base: -1 })).to.match(/operand 0 reads outside/);
    const never = { base: -1, divisor: 1, extent: 1, stride: 0, coef: [0, 0] };
    expect(withView({ base: 100, guards: [never] })).to.equal(undefined);
    const step = { fn: "add", dtype: "f32", chain: 0, operands: [{ ...view, base: 1 }] } as const;
    expect(reasonOf({ ...map, steps: [step] })).to.match(/epilogue operand reads outside/);
    // Epilogue operands of a reduction are read at reduction index zero.
    expect(reasonOf({ ...reduce, steps: [{ ...step, operands: [{ ...view, base: 2 }] }] })).to.equal(undefined);
    expect(reasonOf({ ...gather, indices: [{ stride: 3, extent: 5 }] })).to.match(/operand 0 reads outside/);
  });

  it("judges the operands of pick only where they are picked", () => {
    const guard = { base: 0, divisor: 1, extent: 2, stride: 6, coef: [1, 0] };
    const head: View = { ...view, coef: [0, 1], guards: [guard] };
    const tail: View = { ...view, base: -6 };
    const pick: MapNode = { ...map, fn: "pick", operands: [head, tail] };
    expect(reasonOf(pick)).to.equal(undefined);
    expect(reasonOf({ ...pick, operands: [head, { ...tail, base: -7 }] })).to.match(/operand 1 reads outside/);
    expect(reasonOf({ ...pick, operands: [tail, head] })).to.match(/last operand of pick has a guard/);
  });

  it("refuses bad gathers and ranks", () => {
    const guard = { base: 0, divisor: 1, extent: 9, stride: 0, coef: [0, 0] };
    expect(reasonOf({ ...gather, operands: [{ ...view, guards: [guard] }, indices] })).to.match(
      /gather reads has guards/,
    );
    expect(reasonOf({ ...gather, operands: [one, indices] })).to.match(/gather reads has guards or is no tensor/);
    expect(reasonOf({ ...gather, indices: [] })).to.match(/index operands with 0/);
    expect(reasonOf({ ...gather, indices: [{ stride: 0, extent: 0 }] })).to.match(/axis is empty/);
    const ranked: ReduceNode = { ...reduce, fn: "argkth", dtype: "i64", argkth: { kRank: 1, largest: true } };
    const still = { ...view, coef: [0, 4] };
    expect(reasonOf({ ...ranked, out: [3], operands: [still] })).to.equal(undefined);
    expect(reasonOf({ ...ranked, out: [4], operands: [still] })).to.match(/more ranks than/);
    expect(reasonOf({ ...ranked, out: [3] })).to.match(/depends on the rank/);
    expect(reasonOf({ ...ranked, out: [3], operands: [still], argkth: { kRank: 2, largest: true } })).to.match(
      /enumerate/,
    );
    expect(reasonOf({ ...reduce, argkth: { kRank: 0, largest: true } })).to.match(/do not belong/);
  });

  it("refuses results that the registered demand depth does not reach", () => {
    expect(reasonOf(map, { depth: 0 })).to.match(/deeper than 0/);
    expect(demandDepth({ dtype: "f32", numel: 64 }, 2)).to.equal(1);
    expect(demandDepth({ dtype: "f32", numel: 65 }, 2)).to.equal(2);
    expect(demandDepth({ dtype: "f32", numel: 64 * 256 }, 2048)).to.equal(2);
    expect(demandDepth({ dtype: "f32", numel: 64 * 256 + 1 }, 2049)).to.equal(2 + 2 + 1);
  });

  it("names the node", () => {
    const graph = { inputs: [], weights: [], nodes: [{ ...map, label: "conv1" }], outputs: [], bound: [] };
    expect(codeOf(() => assertWellFormed(graph, 2))).to.equal("NODE_ILL_FORMED");
    expect(() => assertWellFormed(graph, 2)).to.throw("node 0 (conv1): it reads input 0, which does not exist");
  });
});
