import { expect } from "chai";

import type { AuditNode, Operand } from "../../src/audit/graph.js";
import { listNodes, listingRows } from "../../src/inspect/listing.js";
import { extentsText, operandText, stepTexts } from "../../src/inspect/view-text.js";
import { printable } from "../../src/printable.js";
import { graphOf, input, nodeResult, rowMajor, view, weight } from "../support/graph-parts.js";
import { plainReport } from "../support/graph-report.js";

const names = graphOf([], [{ dtype: "f32", shape: [8], data: new Float32Array(8) }]);
const seven: Operand = { source: { kind: "immediate" }, dtype: "f32", value: 0x40e00000n };

const node = (more: Partial<AuditNode>): AuditNode =>
  ({ kind: "map", fn: "add", dtype: "f32", out: [2, 4], operands: [], steps: [], label: "", ...more }) as AuditNode;
const read = (operand: Operand, more: Partial<AuditNode> = {}): string => operandText(operand, node(more), names);

describe("inspect: nodes as text", () => {
  it("names dimensions by letters, outputs before reductions", () => {
    expect(extentsText(node({}))).to.equal("a2 b4");
    expect(extentsText(node({ out: [] }))).to.equal("1");
    expect(extentsText(node({ kind: "reduce", fn: "sum", red: [5, 6] }))).to.equal("a2 b4 | c5 d6");
    expect(extentsText(node({ kind: "reduce", fn: "sum", out: [], red: [] }))).to.equal("1 | 1");
  });

  it("says which element is read, and nothing of one that has the node's own number", () => {
    expect(read(seven)).to.equal("7");
    expect(read(rowMajor(nodeResult(3), [2, 4]))).to.equal("n3");
    expect(read(rowMajor(input(0), [2, 4]))).to.equal("x0");
    expect(read(view(weight(2), 8, [1, 2]))).to.equal("w2[a+2b]");
    expect(read(view(weight(2), 8, [-4, 1], { base: 4 }))).to.equal("w2[-4a+b+4]");
    expect(read(view(weight(2), 8, [0, -1], { base: 3 }))).to.equal("w2[-b+3]");
    expect(read(view(weight(2), 8, [0, 0]))).to.equal("w2[0]");
    expect(read(view(weight(2), 9, [4, 1]))).to.equal("w2[4a+b]");
  });

  it("says what holds the address together where guards do", () => {
    const guard = { base: -1, divisor: 1, extent: 5, stride: 7, coef: [1, 0] };
    const fill = 0x3f800000n;
    expect(read(view(nodeResult(0), 35, [0, 1], { guards: [guard], fill }))).to.equal("n0[b+7(a-1<5) else 1]");
    expect(read(view(nodeResult(0), 35, [0, 0], { guards: [guard], fill }))).to.equal("n0[7(a-1<5) else 1]");
    const half = { ...guard, divisor: 2, stride: -1 };
    expect(read(view(nodeResult(0), 35, [0, 1], { guards: [half] }))).to.equal("n0[b-(a-1/2<5) else 0]");
    const mask = { ...guard, stride: 0, coef: [1, -1], base: 0 };
    expect(read(view(nodeResult(0), 35, [4, 1], { guards: [mask] }))).to.equal("n0[4a+b if a-b<5 else 0]");
  });

  it("shows steps with their running value", () => {
    const steps = [
      { fn: "mul", dtype: "f32", chain: 0, operands: [seven] },
      { fn: "sub", dtype: "f32", chain: 1, operands: [seven] },
      { fn: "exp", dtype: "f32", chain: 0, operands: [] },
    ] as const;
    expect(stepTexts(node({ steps }), names)).to.deep.equal(["mul 7", "sub 7 _", "exp"]);
  });

  it("has one line a node and no control characters in it", () => {
    const label = "evil\u001b[2J\nname (Add)";
    const graph = graphOf([node({ label })], []);
    const rows = listingRows(listNodes(graph, plainReport(graph)));
    expect(rows).to.have.length(2);
    expect(rows[1]?.at(-1)).to.equal("evil\ufffd[2J\ufffdname (Add)");
    expect(printable("größe ✓")).to.equal("größe ✓");
    expect(printable("a\u202eb\u2028\ud800")).to.equal("a\ufffdb\ufffd\ufffd");
  });
});
