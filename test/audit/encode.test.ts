import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../src/audit/bytes.js";
import { decodeNode } from "../../src/audit/decode.js";
import { encodeNode, encodeNodes } from "../../src/audit/encode.js";
import type { AuditNode, MapNode, View } from "../../src/audit/graph.js";
import { tensorRoot } from "../../src/audit/tree.js";
import { codeOf } from "../support/codes.js";
import { assertProperty } from "../support/fuzz.js";
import { anyGraph } from "../support/graphs.js";
import { noise } from "../support/tensors.js";

const unlabelled = (node: AuditNode): AuditNode => ({ ...node, label: "" });

const view: View = {
  source: { kind: "weight", index: 1 },
  dtype: "f32",
  numel: 12,
  base: -1,
  coef: [3, 1],
  guards: [{ base: -1, divisor: 2, extent: 5, stride: -4, coef: [0, 1] }],
  fill: 0x7fc00000n,
};
const relu: MapNode = {
  kind: "map",
  fn: "add",
  dtype: "f32",
  out: [4, 3],
  operands: [view, { source: { kind: "immediate" }, dtype: "f32", value: 0x3f800000n }],
  steps: [
    { fn: "max", dtype: "f32", chain: 1, operands: [{ source: { kind: "immediate" }, dtype: "f32", value: 0n }] },
  ],
  label: "relu",
};
const roots = [new Uint8Array(32).fill(0xaa), new Uint8Array(32).fill(0xbb)];

describe("audit/encode", () => {
  it("writes the fields in the order of the specification", () => {
    const fields = [
      "00 20 01 02 00 02 01 00", // map add f32, rank 2 + 0, two operands, one step, no attributes
      "00000004 00000003", // extents
      "01 01 01 00000001", // weight, f32, one guard, index 1
      "bb".repeat(32), // its root
      "0000000c ffffffff 00000003 00000001", // numel, base, coefficients
      "000000007fc00000", // fill
      "ffffffff 00000002 00000005 fffffffc 00000000 00000001", // guard
      "03 01 00 000000003f800000", // immediate 1.0
      "25 01 01 01", // max f32, chain second, one operand
      "03 01 00 0000000000000000", // immediate 0
    ];
    expect(toHex(encodeNode(relu, roots))).to.equal("0x" + fields.join("").replaceAll(" ", ""));
  });

  it("writes gather and argkth attributes", () => {
    const index = { source: { kind: "immediate" }, dtype: "i64", value: 7n } as const;
    const data: View = { ...view, source: { kind: "node", index: 2 }, coef: [], guards: [], fill: 0n };
    const gather: AuditNode = {
      ...{ kind: "gather", fn: "gather", dtype: "f32", out: [], steps: [], label: "" },
      operands: [data, index],
      indices: [{ stride: -2, extent: 6 }],
    };
    expect(toHex(encodeNode(gather, []))).to.equal(
      "0x0260010000020008" + "fffffffe00000006" + "02010000000002" + "0000000cffffffff" + "0307000000000000000007",
    );
    const ranked: AuditNode = {
      ...{ kind: "reduce", fn: "argkth", dtype: "i64", out: [2], red: [9], steps: [], label: "" },
      operands: [{ ...data, coef: [0, 1] }],
      argkth: { kRank: 1, largest: true },
    };
    expect(toHex(encodeNode(ranked, []))).to.equal(
      "0x0149070101010002" + "0000000200000009" + "0101" + "02010000000002" + "0000000cffffffff" + "0000000000000001",
    );
  });

  it("refuses numbers that do not fit, missing roots and a wrong rank", () => {
    const bad = (change: Partial<View>) =>
      codeOf(() => encodeNode({ ...relu, operands: [{ ...view, ...change }] }, roots));
    expect(bad({ base: 2 ** 31 })).to.equal("NODE_FIELD");
    expect(bad({ coef: [0.5, 1] })).to.equal("NODE_FIELD");
    expect(bad({ coef: [1] })).to.equal("NODE_FIELD");
    expect(bad({ numel: -1 })).to.equal("NODE_FIELD");
    expect(bad({ fill: 1n << 64n })).to.equal("NODE_FIELD");
    expect(bad({ source: { kind: "weight", index: 2 } })).to.equal("NODE_FIELD");
    expect(
      codeOf(() => encodeNode({ ...relu, steps: new Array<never>(256).fill(relu.steps[0] as never) }, roots)),
    ).to.equal("NODE_FIELD");
  });
});

describe("audit/decode", () => {
  it("reads back any node", () => {
    assertProperty(
      fc.property(anyGraph(6), ({ graph }) => {
        const weightRoots = graph.weights.map((weight) => tensorRoot(weight));
        encodeNodes(graph, weightRoots).forEach((bytes, i) => {
          const decoded = decodeNode(bytes);
          expect(decoded.node).to.deep.equal(unlabelled(graph.nodes[i]!));
          expect(toHex(encodeNode(decoded.node, weightRoots))).to.equal(toHex(bytes));
          const operands = [decoded.node.operands, ...decoded.node.steps.map((step) => step.operands)].flat();
          operands.forEach(({ source }, number) => {
            const root = decoded.weightRoots.get(number);
            expect(root).to.deep.equal(source.kind === "weight" ? weightRoots[source.index] : undefined);
          });
        });
      }),
      300,
    );
  });

  it("refuses truncated and padded encodings by name", () => {
    const bytes = encodeNode(relu, roots);
    for (let n = 0; n < bytes.length; n++) {
      expect(codeOf(() => decodeNode(bytes.subarray(0, n)))).to.equal("NODE_ILL_FORMED");
    }
    expect(codeOf(() => decodeNode(new Uint8Array([...bytes, 0])))).to.equal("NODE_ILL_FORMED");
  });

  it("refuses unknown codes by name", () => {
    const bytes = encodeNode(relu, roots);
    const changed = (at: number, value: number) => codeOf(() => decodeNode(bytes.with(at, value)));
    expect(changed(0, 3)).to.equal("NODE_ILL_FORMED"); // kind
    expect(changed(0, 2)).to.equal("NODE_ILL_FORMED"); // gather of another function
    expect(changed(0, 1)).to.equal("NODE_ILL_FORMED"); // reduce of a map function
    expect(changed(1, 64)).to.equal("NODE_ILL_FORMED"); // map of a reduce function
    expect(changed(1, 0)).to.equal("NODE_ILL_FORMED");
    expect(changed(2, 8)).to.equal("NODE_ILL_FORMED"); // dtype
    expect(changed(4, 1)).to.equal("NODE_ILL_FORMED"); // map with reductions
    expect(changed(3, 17)).to.equal("NODE_ILL_FORMED"); // rank
    expect(changed(16, 4)).to.equal("NODE_ILL_FORMED"); // source
  });

  it("never answers random bytes with anything but a node or its named error", () => {
    assertProperty(
      fc.property(anyGraph(2), fc.nat(), fc.nat(), ({ graph }, at, value) => {
        const bytes = encodeNode(
          graph.nodes[0]!,
          graph.weights.map(() => noise(1, 32)),
        ).slice();
        bytes[at % bytes.length] = value;
        let node: AuditNode | undefined;
        const code = codeOf(() => (node = decodeNode(bytes).node));
        expect(code === undefined || code === "NODE_ILL_FORMED").to.equal(true);
        expect((code === undefined) === (node !== undefined)).to.equal(true);
      }),
      2000,
    );
  });
});
