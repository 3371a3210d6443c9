import { hexlify, id } from "ethers";

import { tensorBytes } from "../../src/audit/bytes.js";
import { modelContent } from "../../src/audit/content.js";
import { type AuditGraph, DTYPE_BYTES } from "../../src/audit/graph.js";
import { listTree } from "../../src/audit/tree.js";
import { deployArbiter } from "./arbiter.js";
import { BOND, deploySuite, publish } from "./challenges.js";
import { openElement, presentJob, requestJob, submitJob } from "./jobs.js";
import type { Connection } from "./protocol.js";
import { caseOf, type Run } from "./runs.js";

/*
 * Disputes about real graphs, judged by the real Arbiter.
 */

/** -largest and largest: any finite number. */
const ANY_FLOAT = { lo: 0xff7fffffn, hi: 0x7f7fffffn };

/** A graph whose last node is its only output, with any finite inputs. */
export function withOutput(graph: AuditGraph): AuditGraph {
  const node = graph.nodes.length - 1;
  const last = graph.nodes[node]!;
  const shape = last.out.length > 0 ? last.out : [1];
  return {
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, ...ANY_FLOAT })),
    outputs: [{ name: "y", dtype: last.dtype, shape, node }],
  };
}

/** The suite with the real Arbiter and one model, whose bits are compared exactly. */
export async function deployReal(chain: Connection, { graph, commitment }: Run) {
  const arbiter = await deployArbiter(chain);
  const suite = await deploySuite(chain, arbiter);
  const content = modelContent(graph, commitment, {
    profile: "exact",
    tolerances: [{ atol: 0, rtol: 0 }],
    maxProofBytes: 60_000,
    maxProofGas: 8_000_000,
  });
  return { ...suite, arbiter, modelId: await publish(chain, suite, content) };
}

export type RealSuite = Awaited<ReturnType<typeof deployReal>>;

/** A job on the run's inputs, answered with the output of `answered`. */
export async function answerReal(chain: Connection, suite: RealSuite, answered: Run): Promise<string> {
  const inputs = answered.inputs.map((tensor) => tensorBytes(tensor));
  const jobId = await requestJob(chain, suite, { inputs });
  const output = answered.memory.results.at(-1)!;
  await submitJob(suite.jobs.connect(chain.worker), jobId, [bytesOf(output)]);
  await presentJob(suite.jobs, jobId);
  return jobId;
}

function bytesOf(tree: Run["memory"]["results"][number]): Uint8Array {
  const bytes = tree.leaves(0, tree.count);
  const width = DTYPE_BYTES[tree.dtype];
  return bytes.subarray(0, tree.numel * width);
}

/** Asserts `trace` against a claim that was answered with `answered`, at one element of the output. */
export async function accuseReal(
  chain: Connection,
  { manager, jobs }: RealSuite,
  dispute: { readonly claimId: string; readonly answered: Run; readonly trace: Run; readonly element: number },
): Promise<string> {
  const { claimId, answered, trace, element } = dispute;
  const roots = trace.memory.results.map((tree) => tree.root());
  const { evidence } = caseOf(trace, roots.length - 1, element);
  const output = answered.memory.results.at(-1)!;
  const claimed = openElement([bytesOf(output)], [output.dtype], 0, element);
  const traceRoot = hexlify(listTree(roots).root());
  const source = await jobs.getAddress();
  const salt = id("salt");
  const asChallenger = manager.connect(chain.challenger);
  const challengeId = await manager.challengeIdOf(chain.challenger, source, claimId, traceRoot, 0, element, salt);
  await asChallenger.commitChallenge(challengeId);
  const deviation = { claimed, traced: evidence.result };
  const given = roots.map((root) => hexlify(root));
  await asChallenger.openChallenge(source, claimId, traceRoot, deviation, given, salt, { value: BOND });
  return challengeId;
}
