import { expect } from "chai";
import { AbiCoder } from "ethers";
import fc from "fast-check";
import { elementBits, integerOf, sameBytes, toHex } from "../../src/audit/bytes.js";
import { listHash } from "../../src/audit/content.js";
import { evidenceBytes, rangeBytes } from "../../src/audit/evidence-size.js";
import {
  assertedTrace,
  buildEvidence,
  type Evidence,
  factsOf,
  illFormedEvidence,
  type Opening,
} from "../../src/audit/evidence.js";
import {
  type AuditGraph,
  type AuditNode,
  DTYPE_BYTES,
  type MapNode,
  resultSize,
  type View,
} from "../../src/audit/graph.js";
import {
  leafCount,
  listLeafRoot,
  listTree,
  tensorRangeRoot,
  tensorTree,
  tensorTreeOfBytes,
} from "../../src/audit/tree.js";
import { addressAt, unravel } from "../../src/audit/view.js";
import { allOperands } from "../../src/audit/wellformed.js";
import { codeOf } from "../support/codes.js";
import { noiseRun, type NoiseRun } from "../support/executions.js";
import { assertProperty } from "../support/fuzz.js";
import { anyGraph } from "../support/graphs.js";
import { noiseTensor } from "../support/tensors.js";

/** The structs of contracts/types/Evidence.sol. */
const EVIDENCE =
  "tuple(uint32 nodeIndex, uint32 element, bytes node, bytes32[] nodeProof, bytes32[] inputRoots, " +
  "tuple(bytes32 root, bytes32[] listProof, tuple(uint32 first, bytes leaves, bytes32[] proof)[] ranges)[] openings, " +
  "bytes operandOpenings, tuple(bytes32 root, bytes32[] listProof, bytes leaf, bytes32[] proof) result, " +
  "tuple(uint8 operand, bytes node, bytes32[] nodeProof)[] operandNodes)";
const FACTS =
  "tuple(bytes32 graphRoot, uint32 nodeCount, uint8 depth, bytes32 inputsRoot, bytes32 traceRoot, uint32[] inputSizes, bytes inputDtypes)";

function evidenceOf(run: NoiseRun, nodeIndex: number, element: number): Evidence {
  const { graph, commitment, memory, roots } = run;
  const node = graph.nodes[nodeIndex]!;
  const asserted = assertedTrace({ roots, result: memory.results[nodeIndex]!, node, element });
  return buildEvidence({ graph, commitment, memory, asserted, nodeIndex, element });
}

/** Every address that an operand reads, term by term, straight from the definition; undefined where it reads no memory. */
function addressesRead(
  node: AuditNode,
  number: number,
  element: number,
  read: (view: View, at: number) => bigint,
): number[] {
  const operand = allOperands(node)[number]!;
  if (!("guards" in operand)) return [];
  const o = unravel(element, node.out);
  const isOwn = number < node.operands.length;
  if (isOwn && node.fn === "pick") {
    const picked = node.operands.findIndex((other) => !("guards" in other) || addressAt(other, o) !== undefined);
    if (picked !== number) return [];
  }
  if (isOwn && node.kind === "gather" && number === 0) {
    let address = addressAt(operand, o)!;
    node.operands.slice(1).forEach((index, i) => {
      const at = "guards" in index ? addressAt(index, o) : undefined;
      const bits = !("guards" in index) ? index.value : at === undefined ? index.fill : read(index, at);
      const { stride, extent } = node.indices[i]!;
      let j = integerOf(bits, index.dtype);
      if (j < 0n) j += BigInt(extent);
      address += stride * Number(j < 0n ? 0n : j > BigInt(extent - 1) ? BigInt(extent - 1) : j);
    });
    return [address];
  }
  const red = isOwn && node.kind === "reduce" && !(node.fn === "dot" && number === 2) ? node.red : [];
  const terms = red.reduce((n, extent) => n * extent, 1);
  return Array.from({ length: terms }, (_, k) => addressAt(operand, [...o, ...unravel(k, red)])).filter(
    (address) => address !== undefined,
  );
}

/** Checks an evidence as the Arbiter does, and that everything it needs to read lies in its openings. */
function verify(run: NoiseRun, evidence: Evidence): void {
  const { graph, commitment, memory, roots } = run;
  const node = graph.nodes[evidence.nodeIndex]!;
  const count = graph.nodes.length;
  const trace = toHex(roots.root());
  const facts = factsOf({ graph, commitment, inputRoots: evidence.inputRoots, traceRoot: roots.root() });
  const encoded = commitment.encodings[evidence.nodeIndex]!;
  expect(sameBytes(evidence.node, encoded)).to.equal(true);
  const hashOf = listHash([encoded]);
  const atGraph = { count, index: evidence.nodeIndex, leaf: hashOf, proof: evidence.nodeProof };
  expect(toHex(listLeafRoot(atGraph))).to.equal(toHex(facts.graphRoot));
  expect(toHex(listHash(evidence.inputRoots))).to.equal(toHex(facts.inputsRoot));

  const resultTree = memory.results[evidence.nodeIndex]!;
  const { root, listProof, leaf: bytes, proof } = evidence.result;
  expect(toHex(listLeafRoot({ count, index: evidence.nodeIndex, leaf: root, proof: listProof }))).to.equal(trace);
  const perLeaf = 256 / DTYPE_BYTES[resultTree.dtype];
  const first = Math.floor(evidence.element / perLeaf);
  const opened = tensorRangeRoot({ count: resultTree.count, first, leaves: bytes, proof });
  expect(toHex(opened)).to.equal(toHex(root));
  expect(elementBits(bytes, resultTree.dtype, evidence.element % perLeaf)).to.equal(
    resultTree.element(evidence.element),
  );

  const treeOf = ({ source }: View) =>
    ({ input: memory.inputs, weight: memory.weights, node: memory.results })[source.kind][source.index]!;
  const used = new Map<Opening, Set<number>>();
  allOperands(node).forEach((operand, number) => {
    const addresses = addressesRead(node, number, evidence.element, (view, at) => treeOf(view).element(at));
    const named = evidence.operandOpenings[number]!;
    expect(named === 255).to.equal(addresses.length === 0);
    if (!("guards" in operand) || named === 255) return;
    const opening = evidence.openings[named]!;
    const leaves = used.get(opening) ?? new Set<number>();
    used.set(opening, leaves);
    const { source } = operand;
    const expectedRoot = source.kind === "input" ? evidence.inputRoots[source.index]! : treeOf(operand).root();
    expect(toHex(opening.root)).to.equal(toHex(expectedRoot));
    if (source.kind === "node") {
      const listed = { count, index: source.index, leaf: opening.root, proof: opening.listProof };
      expect(toHex(listLeafRoot(listed))).to.equal(trace);
    } else {
      expect(opening.listProof).to.deep.equal([]);
    }
    for (const address of addresses) {
      const at = address * DTYPE_BYTES[operand.dtype];
      leaves.add(Math.floor(at / 256));
      const range = opening.ranges.find((r) => at >= r.first * 256 && at < r.first * 256 + r.leaves.length)!;
      const within = range.leaves.subarray(at - range.first * 256);
      expect(elementBits(within, operand.dtype, 0)).to.equal(treeOf(operand).element(address));
    }
  });
  expect(used.size).to.equal(evidence.openings.length);
  for (const [opening, leaves] of used) {
    const view = allOperands(node)[evidence.operandOpenings.indexOf(evidence.openings.indexOf(opening))] as View;
    checkRanges(opening, leaves, leafCount(view.numel, view.dtype));
  }
}

/** Ranges are proven, ascend, begin and end with leaves that are read, and take no more bytes than any other choice of gaps. */
function checkRanges(opening: Opening, leaves: Set<number>, count: number): void {
  let end = 0;
  for (const { first, leaves: bytes, proof } of opening.ranges) {
    expect(toHex(tensorRangeRoot({ count, first, leaves: bytes, proof }))).to.equal(toHex(opening.root));
    expect(first).to.be.at.least(end);
    end = first + bytes.length / 256;
    expect(leaves.has(first) && leaves.has(end - 1)).to.equal(true);
  }
  const sorted = [...leaves].sort((a, b) => a - b);
  const gaps = sorted.slice(1).flatMap((leaf, i) => (leaf > sorted[i]! + 1 ? [i + 1] : []));
  if (gaps.length > 10) return;
  const size = (cuts: readonly number[]): number =>
    [0, ...cuts].reduce((bytes, from, i) => {
      const first = sorted[from]!;
      return bytes + rangeBytes(count, first, sorted[(cuts[i] ?? sorted.length) - 1]! + 1 - first);
    }, 0);
  let best = Infinity;
  for (let choice = 0; choice < 2 ** gaps.length; choice++) {
    best = Math.min(best, size(gaps.filter((_, g) => (choice >> g) & 1)));
  }
  const actual = opening.ranges.reduce(
    (n, { first, leaves: bytes }) => n + rangeBytes(count, first, bytes.length / 256),
    0,
  );
  expect(actual).to.equal(best);
}

const imm = { source: { kind: "immediate" }, dtype: "f32", value: 0n } as const;
const copyOf = (out: number[], operand: MapNode["operands"][0]): MapNode => ({
  ...{ kind: "map", fn: "copy", dtype: "f32", out, operands: [operand], steps: [], label: "" },
});

describe("audit/evidence", () => {
  it("opens exactly what the evaluation reads, in the fewest bytes, for any node", () => {
    assertProperty(
      fc.property(anyGraph(8), fc.nat(), ({ graph, seed }, at) => {
        const run = noiseRun(graph, seed);
        graph.nodes.forEach((node, nodeIndex) => {
          for (const element of new Set([0, at % resultSize(node), resultSize(node) - 1])) {
            verify(run, evidenceOf(run, nodeIndex, element));
          }
        });
      }),
      150,
    );
  });

  it("has the size that ethers gives it", () => {
    assertProperty(
      fc.property(anyGraph(5), fc.nat(), ({ graph, seed }, at) => {
        const run = noiseRun(graph, seed);
        graph.nodes.forEach((node, nodeIndex) => {
          const evidence = evidenceOf(run, nodeIndex, at % resultSize(node));
          const operands = allOperands(node).flatMap(({ source }, i) => (source.kind === "node" ? [i] : []));
          for (const disputed of [[], operands]) {
            const operandNodes = disputed.map((operand) => ({
              ...{ operand, node: run.commitment.encodings[0]!, nodeProof: run.commitment.tree.prove(0, 1) },
            }));
            const full = { ...evidence, operandNodes };
            expect(evidenceBytes(full)).to.equal(AbiCoder.defaultAbiCoder().encode([EVIDENCE], [full]).length / 2 - 1);
          }
        });
      }),
      60,
    );
  });

  it("opens the asserted result where it differs, and the operands under the asserted trace", () => {
    const graph = twoNodes();
    const run = noiseRun(graph, 7);
    const result = tensorTree(noiseTensor("f32", [100], 1234));
    const roots = listTree([run.memory.results[0]!.root(), result.root()]);
    const element = 77;
    const asserted = assertedTrace({ roots, result, node: graph.nodes[1]!, element });
    const evidence = buildEvidence({ ...run, asserted, nodeIndex: 1, element });
    const shown = { ...run, roots, memory: { ...run.memory, results: [run.memory.results[0]!, result] } };
    verify(shown, evidence);
    expect(toHex(evidence.result.root)).to.equal(toHex(result.root()));
    expect(elementBits(evidence.result.leaf, "f32", element - 64)).to.equal(result.element(element));
  });

  it("takes input bytes as they were received, canonical or not", () => {
    const run = noiseRun(twoNodes(), 7);
    const bytes = new Uint8Array(400).fill(0xff);
    const received = { ...run, memory: { ...run.memory, inputs: [tensorTreeOfBytes(bytes, "f32")] } };
    const evidence = evidenceOf(received, 0, 99);
    verify(received, evidence);
    expect(evidence.openings[0]!.ranges[0]!.leaves.subarray(0, 144)).to.deep.equal(bytes.subarray(0, 144));
    expect(toHex(evidence.inputRoots[0]!)).to.not.equal(toHex(run.memory.inputs[0]!.root()));
    const facts = factsOf({ ...received, inputRoots: evidence.inputRoots, traceRoot: run.roots.root() });
    expect(facts.inputSizes).to.deep.equal([100]);
  });

  it("gives facts that ethers can encode", () => {
    const run = noiseRun(twoNodes(), 1);
    const inputRoots = run.memory.inputs.map((tree) => tree.root());
    const facts = factsOf({ ...run, inputRoots, traceRoot: run.roots.root() });
    const back = AbiCoder.defaultAbiCoder().decode([FACTS], AbiCoder.defaultAbiCoder().encode([FACTS], [facts]));
    expect((back[0] as { inputDtypes: string; depth: bigint; nodeCount: bigint }).inputDtypes).to.equal("0x01");
    expect(facts.depth).to.equal(2);
    expect(facts.nodeCount).to.equal(2);
  });

  it("shows an ill-formed node without opening anything", () => {
    const { commitment } = noiseRun(twoNodes(), 1);
    const encodings = commitment.encodings;
    const parts = { encodings, tree: commitment.tree, inputRoots: [new Uint8Array(32)], nodeIndex: 1, operands: 1 };
    const evidence = illFormedEvidence({ ...parts, disputed: { operand: 0, node: 0 } });
    expect(evidence.operandOpenings).to.deep.equal(new Uint8Array([255]));
    const shown = { count: 2, index: 0, leaf: listHash([encodings[0]!]), proof: evidence.operandNodes[0]!.nodeProof };
    expect(toHex(listLeafRoot(shown))).to.equal(toHex(commitment.tree.root()));
    const encoded = AbiCoder.defaultAbiCoder().encode([EVIDENCE], [evidence]);
    expect(evidenceBytes(evidence)).to.equal(encoded.length / 2 - 1);
  });

  it("refuses elements, memory and operands that are not there", () => {
    const run = noiseRun(twoNodes(), 1);
    const { graph, memory, roots } = run;
    const asserted = assertedTrace({ roots, result: memory.results[1]!, node: graph.nodes[1]!, element: 0 });
    const accuse = { ...run, asserted, nodeIndex: 1, element: 0 };
    expect(codeOf(() => buildEvidence({ ...accuse, nodeIndex: 2 }))).to.equal("EVIDENCE_ELEMENT");
    expect(codeOf(() => buildEvidence({ ...accuse, element: 100 }))).to.equal("EVIDENCE_ELEMENT");
    expect(codeOf(() => buildEvidence({ ...accuse, memory: { ...memory, results: [] } }))).to.equal("EVIDENCE_MEMORY");
    expect(codeOf(() => buildEvidence({ ...accuse, disputedOperands: [1] }))).to.equal("EVIDENCE_OPERAND");
    expect(buildEvidence({ ...accuse, disputedOperands: [0] }).operandNodes.length).to.equal(1);
  });
});

function twoNodes(): AuditGraph {
  const whole = (kind: "input" | "node"): View => ({
    ...{ source: { kind, index: 0 }, dtype: "f32", numel: 100, base: 0, coef: [1], guards: [], fill: 0n },
  });
  const second: MapNode = { ...copyOf([100], whole("node")), fn: "add", operands: [whole("node"), imm] };
  return {
    inputs: [{ name: "x", dtype: "f32", shape: [100], lo: 0n, hi: 1n }],
    ...{ weights: [], nodes: [copyOf([100], whole("input")), second], outputs: [], bound: [] },
  };
}
