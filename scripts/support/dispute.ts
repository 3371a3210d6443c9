import { elementBits, tensorBytes, toHex } from "../../src/audit/bytes.js";
import { createInlineSink } from "../../src/audit/roots.js";
import { commitRun } from "../../src/audit/run.js";
import { tensorTree } from "../../src/audit/tree.js";
import { compareWithAudit } from "../../src/dispute/examine.js";
import { traceOfRun } from "../../src/dispute/trace.js";
import { ratioToTolerance } from "../../src/dispute/verdict.js";
import { prepareModel } from "../../src/models/prepared.js";
import { readDigitModel } from "../../src/sim/digits.js";

const LOCK = 100;

const short = (hex: string): string => `${hex.slice(0, 10)}..${hex.slice(-6)}`;
const byte = (n: number | undefined): string => `0x${(n ?? 0).toString(16).padStart(2, "0")}`;

/** A liar's answer to a real digit, and everything that its challenger finds: on the trained model that comes with the repository. */
function measure(root: string) {
  const { bytes, manifest, digits } = readDigitModel(root);
  const model = prepareModel(bytes, manifest);
  const [asked, other] = digits;
  const inputs = [asked!.image];
  const run = commitRun(model.graph, inputs, createInlineSink());
  const trace = traceOfRun(model.graph, inputs, run);
  // The liar answers with what the model says about another image.
  const claimed = commitRun(model.graph, [other!.image], createInlineSink()).outputs;
  const finding = compareWithAudit(
    model,
    run.outputs,
    claimed.map((tensor) => toHex(tensorBytes(tensor))),
  );
  if (finding === undefined) throw new Error("The liar's answer is right: take another image.");
  const [ours, theirs] = [tensorBytes(run.outputs[finding.output]!), tensorBytes(claimed[finding.output]!)];
  const first = ours.findIndex((each, i) => each !== theirs[i]);
  const valueOf = (data: Uint8Array): number =>
    new DataView(data.buffer, data.byteOffset).getFloat32(4 * finding.element);
  const { atol, rtol } = manifest.outputs[finding.output]!;
  const [audit, claim] = [valueOf(ours), valueOf(theirs)];
  return {
    ...{ digit: asked!.digit, nodes: model.graph.nodes.length, finding, first, audit, claim, atol, rtol },
    bytes: { ours: ours[first], theirs: theirs[first] },
    bits: { ours: elementBits(ours, "f32", finding.element), theirs: elementBits(theirs, "f32", finding.element) },
    times: ratioToTolerance(audit, claim, atol, rtol),
    claimedRoot: toHex(tensorTree(claimed[finding.output]!).root()),
    auditRoot: toHex(tensorTree(run.outputs[finding.output]!).root()),
    traceRoot: trace.root,
    depth: model.content.depth,
    contentId: model.contentId,
  };
}

type Measured = ReturnType<typeof measure>;

const box = (x: number, y: number, width: number, lines: readonly string[], fill: string): string => {
  const text = lines.map((line, i) => `<text x="${x + width / 2}" y="${y + 22 + 18 * i}">${line}</text>`).join("");
  return `<rect x="${x}" y="${y}" width="${width}" height="${14 + 18 * lines.length}" rx="6" fill="${fill}" stroke="#555"/>${text}`;
};
const arrow = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#555" marker-end="url(#a)"/>`;

/** Two rows: what is committed to, from the wrong byte upwards, and the life of the challenge below it. */
function pictureOf(m: Measured): string {
  const [red, green, grey] = ["#f8d0d0", "#d2f0d2", "#eeeeee"];
  const value = (x: number): string => x.toPrecision(7);
  const life = ["answer", "commit", "open", "refutations", "resolve", "air gap", "execute"];
  const parts = [
    box(20, 20, 200, [`claimed byte ${m.first}: ${byte(m.bytes.theirs)}`], red),
    box(20, 90, 200, [`claimed element ${m.finding.element}`, value(m.claim)], red),
    box(20, 180, 200, ["root of the answer", short(m.claimedRoot)], red),
    box(300, 20, 200, [`audit byte ${m.first}: ${byte(m.bytes.ours)}`], green),
    box(300, 90, 200, [`audit element ${m.finding.element}`, value(m.audit)], green),
    box(300, 180, 200, [`root of node ${m.finding.node}`, short(m.auditRoot)], green),
    box(560, 180, 220, [`trace root of ${m.nodes} nodes`, short(m.traceRoot)], green),
    ...[120, 400].flatMap((x) => [arrow(x, 52, x, 88), arrow(x, 140, x, 178)]),
    arrow(500, 205, 558, 205),
    `<text x="260" y="118">${Math.round(m.times).toLocaleString("en")} x</text>`,
    `<text x="260" y="134" font-size="11">the tolerance</text>`,
    ...life.flatMap((name, i) => [
      box(20 + 110 * i, 280, 96, [name], name === "execute" ? red : grey),
      ...(i === 0 ? [] : [arrow(6 + 110 * i, 296, 18 + 110 * i, 296)]),
    ]),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 330" font-family="sans-serif" font-size="13" text-anchor="middle">
<defs><marker id="a" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>
<rect width="800" height="330" fill="white"/>
${parts.join("\n")}
</svg>
`;
}

function pageOf(m: Measured): string {
  const burnt = LOCK / 2;
  const hex = (bits: bigint): string => `0x${bits.toString(16).padStart(8, "0")}`;
  return `# A dispute, from the first wrong byte to the slash

Made by \`tsx scripts/generate/dispute.ts\` from the trained digit model in \`assets/models/mnist-8-cntk\` (content id \`${short(m.contentId)}\`); a test makes it
again and compares. \`npm run demo\` plays such disputes with real transactions, and tells what each of them takes.

![From a wrong byte to the slash](dispute.svg)

**The lie.** A consumer asks what a handwritten ${m.digit} shows, with a lock of ${LOCK} stake tokens behind the answer. The operator saves itself the work and sends the scores of
another image. They differ from the model's exact answer from byte ${m.first} on: ${byte(m.bytes.theirs)} instead of ${byte(m.bytes.ours)}.

**Found.** A watcher runs the model natively and sees scores further apart than honest hardware is. It runs the audit machine, whose result is the same bit
pattern everywhere:

| element ${m.finding.element} of output ${m.finding.output} | value | binary32 |
| --- | ---: | --- |
| claimed | ${m.claim} | \`${hex(m.bits.theirs)}\` |
| exact | ${m.audit} | \`${hex(m.bits.ours)}\` |

The model's tolerance is \`atol\` ${m.atol} and \`rtol\` ${m.rtol}: allowed are ${(m.atol + m.rtol * Math.abs(m.audit)).toPrecision(4)}, the claim is off by ${Math.abs(m.claim - m.audit).toPrecision(4)}, ${Math.round(m.times).toLocaleString("en")} times as
much. The verdict is **${m.finding.verdict}**.

**Committed.** The watcher hashes what it asserts: the trace of all ${m.nodes} nodes (root \`${short(m.traceRoot)}\`), the deviating element, a salt and its own address. Only the hash goes out
(\`commitChallenge\`), so nobody can copy the work.

**Opened.** At least one block later it shows both sides (\`openChallenge\`, with the bond): element ${m.finding.element} under the root of the answer \`${short(m.claimedRoot)}\`, which the operator
committed to, and the same element under node ${m.finding.node}'s root \`${short(m.auditRoot)}\`, which is in the asserted trace. The contract compares the two with the tolerance. It does not run
the model.

**Nobody can refute it.** Whoever holds the image could now point at any element of any of the ${m.nodes} nodes, and the Arbiter would recompute it from its operands: one differing bit would end the
challenge and its bond. There is none. Data could be demanded, at most ${m.depth} times in a chain, and the watcher would supply it. A false accuser meets the
same rules: its trace is wrong somewhere, and a single transaction shows where.

**Slashed.** After the refutation window the challenge is upheld (\`resolve\`), and after the air gap \`execute\` acts. Of ${LOCK} tokens, all of them the operator's own:

| | tokens |
| --- | ---: |
| burnt | ${burnt} |
| the challenger, 70% of the rest | ${(burnt * 70) / 100} |
| the consumer, 30% of it | ${(burnt * 30) / 100} |

The bond goes back to the challenger, the job's fee, but for its audit share, to the consumer.
`;
}

/** The page and its picture. */
export function workedDispute(root: string): { page: string; picture: string } {
  const measured = measure(root);
  return { page: pageOf(measured), picture: pictureOf(measured) };
}
