import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../src/audit/bytes.js";
import { type Assertion, type DemandMove, differingElement, type Move, nextMove } from "../../src/audit/dispute.js";
import { buildEvidence } from "../../src/audit/evidence.js";
import { type AuditGraph, DTYPE_BYTES, type MapNode, type Tensor, type View } from "../../src/audit/graph.js";
import { wasmKeccak } from "../../src/audit/keccak.js";
import {
  heightBelow,
  makeSupply,
  type Position,
  positionExists,
  ROOT_LIST,
  type Supply,
  supplyBytes,
  supplyFault,
  tailOf,
} from "../../src/audit/subtree.js";
import { type HashTree, listLeafRoot, listTree, listZeros, tensorRangeRoot, tensorTree } from "../../src/audit/tree.js";
import { type TensorTree, tensorZeros } from "../../src/audit/tree.js";
import { demandDepth } from "../../src/audit/wellformed.js";
import { codeOf } from "../support/codes.js";
import { noiseRun, type NoiseRun } from "../support/executions.js";
import { assertProperty } from "../support/fuzz.js";
import { dice } from "../support/graphs.js";
import { noise, noiseTensor } from "../support/tensors.js";

/** Each node copies a prefix of the one before it: only the shapes of the results matter here. */
function chain(sizes: readonly number[]): AuditGraph {
  const nodes = sizes.map((size, i): MapNode => {
    const source = { kind: i === 0 ? "input" : "node", index: Math.max(0, i - 1) } as const;
    const numel = i === 0 ? size : sizes[i - 1]!;
    const view: View = { source, dtype: "f32", numel, base: 0, coef: [numel >= size ? 1 : 0], guards: [], fill: 0n };
    return { kind: "map", fn: "copy", dtype: "f32", out: [size], operands: [view], steps: [], label: "" };
  });
  const inputs = [{ name: "x", dtype: "f32" as const, shape: [sizes[0]!], lo: 0n, hi: 0n }];
  return { inputs, weights: [], nodes, outputs: [], bound: [] };
}

/** A challenger: an asserted list tree and tensor trees, of which some subtrees have no preimage. */
interface Challenger {
  readonly list: HashTree;
  readonly tensors: readonly TensorTree[];
  knows(position: Position): boolean;
}

/** The tree of `tree` with one hash replaced by a random one, which nothing is known below. */
function withGarbage<T extends HashTree>(tree: T, height: number, index: number, seed: number): T {
  const hashAt = (h: number, i: number): Uint8Array => {
    if (h === height && i === index) return noise(seed, 32);
    if (h <= height || Math.floor(index / 2 ** (h - height)) !== i) return tree.hashAt(h, i);
    return wasmKeccak.hash(new Uint8Array([...hashAt(h - 1, 2 * i), ...hashAt(h - 1, 2 * i + 1)]));
  };
  return { ...tree, hashAt, root: () => hashAt(tree.depth, 0) };
}

function altered(tree: TensorTree, tensor: Tensor, element: number): TensorTree {
  const data = (tensor.data as Float32Array).slice();
  const bits = new Uint32Array(data.buffer);
  // Not the lowest bit: a NaN of any payload is the same NaN.
  bits[element]! ^= 0x00800000;
  expect(tree.numel).to.equal(data.length);
  return tensorTree({ ...tensor, data });
}

/** `DemandTree.climb`, written out: the root that a demanded subtree and its proof lead to. */
function climb(
  at: { hash: Uint8Array; height: number; index: number },
  to: number,
  count: number,
  list: boolean,
  proof: Uint8Array[],
) {
  let { hash, index } = at;
  const zeros = list ? listZeros() : tensorZeros();
  for (let height = at.height; height < to; height++, index >>= 1) {
    const width = Math.ceil(count / 2 ** height);
    const sibling = index % 2 === 0 && index + 1 === width ? zeros[height]! : proof.shift()!;
    hash = wasmKeccak.hash(new Uint8Array(index % 2 === 0 ? [...hash, ...sibling] : [...sibling, ...hash]));
  }
  return hash;
}

/** Plays a dispute to its end and checks every move as the chain would. */
function play(run: NoiseRun, challenger: Challenger, shown?: Assertion["shown"]): { end: Move; demands: number } {
  const { graph, memory, roots: list } = run;
  const own = { list, tensor: (node: number) => memory.results[node]! };
  const count = graph.nodes.length;
  const supplies = new Map<string, Supply>();
  const demanded = new Map<string, Uint8Array>();
  const key = (position: Position): string => JSON.stringify([position.node, position.height, position.index]);
  const traceRoot = challenger.list.root();
  const roots = count <= 2048 ? challenger.tensors.map((tree) => tree.root()) : undefined;
  const assertion: Assertion = {
    traceRoot,
    roots,
    supplied: (position) => supplies.get(key(position)),
    ...(shown ? { shown } : {}),
  };
  for (let demands = 0; ; demands++) {
    const move = nextMove(own, assertion);
    if (move.kind !== "demand") return { end: move, demands };
    checkDemand(move, { count, traceRoot, demanded: (position) => demanded.get(key(position)), own: memory.results });
    const { position } = move;
    demanded.set(key(position), move.root);
    if (!challenger.knows(position)) return { end: move, demands: demands + 1 };
    const tree = position.node === ROOT_LIST ? challenger.list : challenger.tensors[position.node]!;
    const supply = makeSupply(tree, position);
    const shape = position.node === ROOT_LIST ? { count, tail: 0 } : shapeOf(memory.results[position.node]!);
    expect(supplyFault({ tree: shape, position, root: move.root }, supply)).to.equal(undefined);
    const revealed = "leaf" in supply ? supply.leaf.length : 32 * supply.hashes.length;
    expect(revealed).to.equal(move.payload);
    supplies.set(key(position), supply);
  }
}

function shapeOf(tree: TensorTree) {
  return { count: tree.count, tail: tailOf(tree.numel * DTYPE_BYTES[tree.dtype]) };
}

function checkDemand(
  { position, around, root, proof }: DemandMove,
  chain: {
    count: number;
    traceRoot: Uint8Array;
    demanded: (position: Position) => Uint8Array | undefined;
    own: readonly TensorTree[];
  },
): void {
  const inList = position.node === ROOT_LIST;
  const leaves = inList ? chain.count : chain.own[position.node]!.count;
  expect(positionExists(position, leaves)).to.equal(true);
  expect(chain.demanded(position)).to.equal(undefined);
  const left = [...proof];
  let reached: Uint8Array;
  if (around === undefined) {
    const depth = Math.ceil(Math.log2(leaves));
    reached = climb({ hash: root, ...position }, depth, leaves, inList, left);
    if (!inList) {
      const top = { hash: reached, height: 0, index: position.node };
      reached = climb(top, Math.ceil(Math.log2(chain.count)), chain.count, true, left);
    }
  } else if (around.node === ROOT_LIST && !inList) {
    expect(position.index).to.equal(0);
    const start = { hash: root, height: 0, index: position.node };
    reached = climb(start, around.height, chain.count, true, left);
  } else {
    expect(position.node).to.equal(around.node);
    expect(position.index >> (around.height - position.height)).to.equal(around.index);
    reached = climb({ hash: root, ...position }, around.height, leaves, inList, left);
  }
  expect(left).to.deep.equal([]);
  expect(toHex(reached)).to.equal(toHex(around === undefined ? chain.traceRoot : chain.demanded(around)!));
}

/** The refutation's evidence opens everything under the asserted trace root, at an element that differs. */
function checkRefutation(run: NoiseRun, challenger: Challenger, end: Move): void {
  if (end.kind !== "refute") throw new TypeError(`the dispute ended with ${end.kind}`);
  const { node: nodeIndex, element, asserted } = end;
  const { result, openings } = buildEvidence({ ...run, asserted, nodeIndex, element });
  const count = run.graph.nodes.length;
  const own = run.memory.results[nodeIndex]!;
  const trace = toHex(challenger.list.root());
  expect(toHex(listLeafRoot({ count, index: nodeIndex, leaf: result.root, proof: result.listProof }))).to.equal(trace);
  const first = Math.floor((element * DTYPE_BYTES[own.dtype]) / 256);
  const opened = tensorRangeRoot({ count: own.count, first, leaves: result.leaf, proof: result.proof });
  expect(toHex(opened)).to.equal(toHex(result.root));
  expect(challenger.tensors[nodeIndex]!.element(element)).to.not.equal(own.element(element));
  for (const { root, listProof } of openings) {
    if (nodeIndex === 0) continue;
    expect(toHex(listLeafRoot({ count, index: nodeIndex - 1, leaf: root, proof: listProof }))).to.equal(trace);
  }
}

/** Tensors of one leaf, of exactly one supply, and beyond; odd sizes throughout. */
const SIZES = [1, 64, 65, 300, 64 * 255 + 3, 64 * 256, 64 * 257 + 1, 64 * 1500 + 7];
const runs = SIZES.map((size, i) => noiseRun(chain([50, size, 70]), i));
const long = noiseRun(chain(Array.from({ length: 2500 }, (_, i) => (i % 50 === 7 ? 5000 : 3))), 9);

/** Whether one of the two subtrees lies in the other. */
function overlaps(position: Position, height: number, index: number): boolean {
  const up = position.height - height;
  return up >= 0 ? Math.floor(index / 2 ** up) === position.index : Math.floor(position.index / 2 ** -up) === index;
}

/** Whether a supply for this position shows nothing below `height`. */
function staysAbove(position: Position, height: number): boolean {
  return position.height > height && heightBelow(position.height) >= height;
}

function tensorsWith(run: NoiseRun, node: number, tree: TensorTree): Challenger {
  const tensors = run.memory.results.map((own, i) => (i === node ? tree : own));
  return { list: listTree(tensors.map((each) => each.root())), tensors, knows: () => true };
}

describe("audit/dispute", () => {
  it("leaves a truthful challenge alone", () => {
    for (const run of [runs[3]!, long]) {
      const { end } = play(run, { list: run.roots, tensors: run.memory.results, knows: () => true });
      expect(end).to.deep.equal({ kind: "none" });
    }
  });

  it("refutes an altered element anywhere, in at most L demands", () => {
    assertProperty(
      fc.property(fc.nat(), fc.nat(), fc.boolean(), (seed, at, inLong) => {
        const { roll, of } = dice(seed);
        const run = inLong ? long : of(runs);
        const node = roll(run.graph.nodes.length);
        const own = run.memory.results[node]!;
        const tensor = noiseTensor("f32", [own.numel], (inLong ? 9 : runs.indexOf(run)) - node);
        const challenger = tensorsWith(run, node, altered(own, tensor, at % own.numel));
        const { end, demands } = play(run, challenger);
        checkRefutation(run, challenger, end);
        expect(end).to.include({ node, element: at % own.numel });
        expect(demands).to.equal(demandDepth(own, run.graph.nodes.length));
        expect(demands).to.be.at.most(run.commitment.depth);
      }),
      60,
    );
  });

  it("refutes several altered tensors at the first of them", () => {
    const run = runs[6]!;
    const other = run.memory.results.map((own, i) => tensorTree(noiseTensor("f32", [own.numel], 1000 + i)));
    const tensors = [run.memory.results[0]!, other[1]!, other[2]!];
    const challenger = { list: listTree(tensors.map((each) => each.root())), tensors, knows: () => true };
    const { end } = play(run, challenger);
    expect(end).to.include({ kind: "refute", node: 1, element: 0 });
    checkRefutation(run, challenger, end);
  });

  it("ends at a demand that nobody can answer, where a hash has no preimage", () => {
    assertProperty(
      fc.property(fc.nat(), fc.boolean(), (seed, inLong) => {
        const { roll, of } = dice(seed);
        const run = inLong ? long : of(runs);
        const node = roll(run.graph.nodes.length);
        const own = run.memory.results[node]!;
        const height = roll(own.depth + 1);
        const index = roll(Math.ceil(own.count / 2 ** height));
        const bad = withGarbage(own, height, index, seed + 1);
        const knows = (position: Position): boolean =>
          position.node !== node || !overlaps(position, height, index) || staysAbove(position, height);
        const challenger = { ...tensorsWith(run, node, bad), knows };
        const { end, demands } = play(run, challenger);
        expect(end.kind).to.equal("demand");
        expect(demands).to.be.at.most(run.commitment.depth);
        const { position } = end as DemandMove;
        expect(position.node).to.equal(node);
        expect(overlaps(position, height, index)).to.equal(true);
      }),
      60,
    );
  });

  it("ends at a demand in the list, where the list itself is garbage", () => {
    const garbage = (height: number, index: number): Move => {
      const list = withGarbage(long.roots, height, index, 5);
      const knows = (position: Position): boolean => position.node === ROOT_LIST && staysAbove(position, height);
      return play(long, { list, tensors: long.memory.results, knows }).end;
    };
    expect(garbage(9, 3)).to.deep.include({ kind: "demand", position: { node: ROOT_LIST, height: 12, index: 0 } });
    expect(garbage(4, 96)).to.deep.include({ kind: "demand", position: { node: ROOT_LIST, height: 4, index: 96 } });
    // A root without preimage is demanded as the root of its tensor.
    expect(garbage(0, 1234)).to.deep.include({ kind: "demand", position: { node: 1234, height: 0, index: 0 } });
  });

  it("uses the leaf that the challenge showed, unless it differs in nothing but padding", () => {
    const run = runs[2]!;
    const own = run.memory.results[1]!;
    const padded = own.leaves(1, 1);
    padded[255] = 1;
    expect(differingElement(own, 1, padded)).to.equal(undefined);
    const hash = wasmKeccak.hash(padded);
    const proof = [own.hashAt(0, 0)];
    const hidden: TensorTree = {
      ...own,
      hashAt: (height, index) =>
        height === 0 && index === 1 ? hash : height === 0 ? own.hashAt(0, index) : hidden.root(),
      root: () => wasmKeccak.hash(new Uint8Array([...own.hashAt(0, 0), ...hash])),
    };
    const challenger = { ...tensorsWith(run, 1, hidden), knows: (position: Position) => position.height > 0 };
    const shown = { node: 1, root: hidden.root(), index: 1, leaf: padded, proof };
    const { end, demands } = play(run, challenger, shown);
    expect(end).to.include({ kind: "demand" });
    expect((end as DemandMove).position).to.deep.equal({ node: 1, height: 0, index: 1 });
    expect(demands).to.equal(2);
    const demand = { tree: shapeOf(own), position: { node: 1, height: 0, index: 1 }, root: hash };
    expect(supplyFault(demand, { leaf: padded })).to.equal("the padding is not zero");

    const tensor = noiseTensor("f32", [own.numel], 1);
    const wrong = altered(own, tensor, 64);
    const honest = { node: 1, root: wrong.root(), index: 1, leaf: wrong.leaves(1, 1), proof: wrong.prove(1, 1) };
    const outcome = play(run, tensorsWith(run, 1, wrong), honest);
    expect(outcome.end).to.include({ kind: "refute", node: 1, element: 64 });
    expect(outcome.demands).to.equal(0);
  });

  it("names contradictions", () => {
    const run = runs[3]!;
    const own = { list: run.roots, tensor: (node: number) => run.memory.results[node]! };
    const roots = run.memory.results.map((tree) => tree.root());
    const lie = { traceRoot: noise(1, 32), roots, supplied: () => undefined };
    expect(codeOf(() => nextMove(own, lie))).to.equal("DISPUTE_CONTRADICTION");
    const wrongKind = {
      ...lie,
      roots: [roots[0]!, noise(2, 32), roots[2]!],
      supplied: () => ({ leaf: new Uint8Array(256) }),
    };
    expect(codeOf(() => nextMove(own, wrongKind))).to.equal("DISPUTE_CONTRADICTION");
  });
});

describe("audit/subtree", () => {
  it("knows the grid of positions", () => {
    const heights = (count: number, node: number) =>
      [...Array(30).keys()].filter((height) => positionExists({ node, height, index: 0 }, count));
    expect(heights(1, 0)).to.deep.equal([0]);
    expect(heights(256, 0)).to.deep.equal([0, 8]);
    expect(heights(1500, 0)).to.deep.equal([0, 3, 11]);
    expect(heights(2 ** 20, 0)).to.deep.equal([0, 4, 12, 20]);
    expect(heights(2500, ROOT_LIST)).to.deep.equal([4, 12]);
    expect(positionExists({ node: 0, height: 3, index: 187 }, 1500)).to.equal(true);
    expect(positionExists({ node: 0, height: 3, index: 188 }, 1500)).to.equal(false);
    expect(tailOf(256)).to.equal(256);
    expect(tailOf(257)).to.equal(1);
  });

  it("accepts one supply for every position and nothing else", () => {
    for (const run of runs) {
      const tree = run.memory.results[1]!;
      for (let height = tree.depth; height >= 0; height--) {
        for (const index of new Set([0, Math.ceil(tree.count / 2 ** height) - 1])) {
          const position = { node: 1, height, index };
          if (!positionExists(position, tree.count)) {
            expect(codeOf(() => makeSupply(tree, position))).to.equal("SUPPLY_POSITION");
            continue;
          }
          const demand = { tree: shapeOf(tree), position, root: tree.hashAt(height, index) };
          const supply = makeSupply(tree, position);
          expect(supplyFault(demand, supply)).to.equal(undefined);
          expect(supplyBytes(tree.count, position)).to.equal("leaf" in supply ? 256 : 32 * supply.hashes.length);
          if ("leaf" in supply) {
            expect(supplyFault(demand, { leaf: supply.leaf.with(0, supply.leaf[0]! ^ 1) })).to.match(/another hash/);
            expect(supplyFault(demand, { leaf: supply.leaf.slice(1) })).to.match(/another hash/);
            expect(supplyFault(demand, { hashes: [] })).to.match(/a leaf is asked for/);
          } else {
            const { hashes } = supply;
            expect(supplyFault(demand, { hashes: hashes.slice(1) })).to.match(/instead of/);
            expect(supplyFault(demand, { hashes: [...hashes, tensorZeros()[0]!] })).to.match(/instead of/);
            expect(supplyFault(demand, { hashes: [noise(1, 32), ...hashes.slice(1)] })).to.match(/another root/);
            expect(supplyFault(demand, { hashes: [noise(1, 31), ...hashes.slice(1)] })).to.match(/32 bytes/);
            expect(supplyFault(demand, { leaf: new Uint8Array(256) })).to.match(/hashes are asked for/);
          }
        }
      }
    }
  });
});
