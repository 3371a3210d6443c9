import type { AuditGraph, Tensor } from "../../audit/graph.js";
import type { ClaimRecord } from "../../dispute/claims.js";
import type { AuditRun } from "../../dispute/evidence.js";
import { compareWithAudit, type Finding } from "../../dispute/examine.js";
import type { Trace } from "../../dispute/trace.js";
import { TouchstoneError } from "../../errors.js";
import type { PreparedModel } from "../../models/prepared.js";
import { drawBelow } from "../random.js";

/** What a false challenger asserts about a claim. */
export interface Assertion {
  readonly trace: Trace;
  /** The output element in which the asserted trace differs from the claim. */
  readonly finding: Finding;
  /** The first node whose result is not the true one. */
  readonly node: number;
}

/** A way to accuse an honest claim falsely. The same random numbers give the same lie, also after a restart. */
export type Lie = (run: AuditRun, claim: ClaimRecord, random: () => number) => Assertion;

export const lieImpossible = (why: string): TouchstoneError =>
  new TouchstoneError("LIE_IMPOSSIBLE", `There is no such false challenge: ${why}.`);

/** A node inside the network, no output, of those that suit. */
export function drawInner(model: PreparedModel, random: () => number, suits: (node: number) => boolean): number {
  const outputs = new Set(model.graph.outputs.map(({ node }) => node));
  const inner = model.graph.nodes.flatMap((_, i) => (outputs.has(i) || !suits(i) ? [] : [i]));
  const node = inner[drawBelow(random, inner.length)];
  if (node === undefined) throw lieImpossible("no inner node suits");
  return node;
}

/** The outputs among the results of all nodes. */
export function outputsOf(graph: AuditGraph, results: readonly Tensor[]): Tensor[] {
  return graph.outputs.flatMap(({ node }) => results[node] ?? []);
}

/** The results with one output element far from what was claimed, and which one. */
export function deviatingResults(
  { model, inputs }: AuditRun,
  claim: ClaimRecord,
  random: () => number,
): { results: Tensor[]; finding: Finding } {
  const results = model.audit(inputs);
  const spec = model.graph.outputs[drawBelow(random, model.graph.outputs.length)];
  const result = spec && results[spec.node];
  if (spec === undefined || result === undefined) throw lieImpossible("the model has no outputs");
  const data = result.data.slice();
  const element = drawBelow(random, data.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[element] = (data[element] ?? 0n) ^ 1n;
  else if (result.dtype === "f32") data[element] = 2 * Math.abs(Number(data[element])) + 1e6;
  else data[element] = (data[element] ?? 0) ^ 1;
  const asserted = results.map((each, node) => (node === spec.node ? { ...result, data } : each));
  const finding = compareWithAudit(model, outputsOf(model.graph, asserted), claim.outputs);
  if (finding?.verdict !== "wrong") throw lieImpossible("the exact answer is not a number");
  return { results: asserted, finding };
}
