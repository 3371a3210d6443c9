import type { Evidence } from "../../src/audit/evidence.js";
import type { Dice } from "./graphs.js";

/** Ways to spoil evidence. Each changes a copy in place, or leaves it alone where it does not apply. */
type Tampering = (evidence: Evidence, other: Evidence, dice: Dice) => void;

function flip(bytes: Uint8Array, dice: Dice): Uint8Array {
  return bytes.length === 0 ? bytes : bytes.with(dice.roll(bytes.length), dice.roll(256));
}

function spoilList<T>(items: T[], other: readonly T[], dice: Dice, spoil: (item: T) => T): T[] {
  const at = dice.roll(items.length || 1);
  const kinds = [
    () => items.filter((_, i) => i !== at),
    () => [...items, ...items.slice(at, at + 1)],
    () => items.map((item, i) => (i === at ? spoil(item) : item)),
    () => items.toReversed(),
    () => [...other],
    () => [],
  ];
  return dice.of(kinds)();
}

const TAMPERINGS: readonly Tampering[] = [
  (e, o, d) => (e.nodeIndex = d.chance(50) ? o.nodeIndex : d.roll(7)),
  (e, o, d) => (e.element = d.chance(50) ? o.element : d.of([0, 1, e.element + 1, d.roll(2 ** 31), 2 ** 32 - 1])),
  (e, o, d) => (e.node = d.chance(30) ? o.node : flip(e.node, d)),
  (e, o, d) => (e.nodeProof = spoilList(e.nodeProof, o.nodeProof, d, (hash) => flip(hash, d))),
  (e, o, d) => {
    [e.node, e.nodeProof, e.nodeIndex] = [o.node, o.nodeProof, o.nodeIndex];
    if (d.chance(50)) e.operandOpenings = o.operandOpenings;
    if (d.chance(50)) e.result = o.result;
  },
  (e, o, d) => (e.inputRoots = spoilList(e.inputRoots, o.inputRoots, d, (root) => flip(root, d))),
  (e, o, d) =>
    (e.openings = spoilList(e.openings, o.openings, d, (opening) => ({ ...opening, root: flip(opening.root, d) }))),
  (e, _, d) => {
    e.openings = e.openings.map((opening) => ({
      ...opening,
      listProof: d.chance(50) ? opening.listProof : spoilList(opening.listProof, [], d, (hash) => flip(hash, d)),
    }));
  },
  (e, o, d) => {
    const others = o.openings[0]?.ranges ?? [];
    e.openings = e.openings.map((opening) => ({
      ...opening,
      ranges: spoilList(opening.ranges, others, d, (range) => {
        const kinds = [
          { ...range, first: d.of([range.first + 1, Math.max(0, range.first - 1), d.roll(2 ** 32 - 1)]) },
          { ...range, leaves: flip(range.leaves, d) },
          { ...range, leaves: range.leaves.subarray(256) },
          { ...range, leaves: new Uint8Array([...range.leaves, ...range.leaves.subarray(0, 256)]) },
          { ...range, leaves: range.leaves.subarray(1) },
          { ...range, proof: spoilList(range.proof, [], d, (hash) => flip(hash, d)) },
        ];
        return d.of(kinds);
      }),
    }));
  },
  (e, o, d) => (e.operandOpenings = d.chance(30) ? o.operandOpenings : flip(e.operandOpenings, d)),
  (e, _, d) => (e.operandOpenings = e.operandOpenings.map(() => d.of([0, 1, 2, 255]))),
  (e, o, d) => (e.result = { ...e.result, leaf: d.chance(30) ? o.result.leaf : flip(e.result.leaf, d) }),
  (e, o, d) => (e.result = { ...e.result, root: d.chance(30) ? o.result.root : flip(e.result.root, d) }),
  (e, o, d) => {
    e.result = { ...e.result, proof: spoilList(e.result.proof, o.result.proof, d, (hash) => flip(hash, d)) };
  },
  (e, o, d) => {
    e.result = {
      ...e.result,
      listProof: spoilList(e.result.listProof, o.result.listProof, d, (hash) => flip(hash, d)),
    };
  },
  (e, o, d) => {
    const shown = d.of([e, o]);
    e.operandNodes = [
      { operand: d.roll(4), node: d.chance(50) ? shown.node : flip(o.node, d), nodeProof: shown.nodeProof },
    ];
  },
];

/** A copy of `evidence` with one to three things spoilt, some of them by parts of the evidence `other`. */
export function tamper(evidence: Evidence, other: Evidence, dice: Dice): Evidence {
  const copy = { ...evidence };
  do dice.of(TAMPERINGS)(copy, other, dice);
  while (dice.chance(30));
  return copy;
}
