import { fromHex } from "../audit/bytes.js";
import { buildEvidence } from "../audit/evidence.js";
import type { AuditGraph, Tensor } from "../audit/graph.js";
import type { RootSink } from "../audit/roots.js";
import { commitRun } from "../audit/run.js";
import { tensorTree, tensorTreeOfBytes, type TensorTree } from "../audit/tree.js";
import { allOperands } from "../audit/wellformed.js";
import type { Catalogue } from "../models/catalogue.js";
import { inputTensors, type PreparedModel } from "../models/prepared.js";
import type { Material } from "./accuse.js";
import type { ClaimRecord } from "./claims.js";
import type { Defence } from "./defend.js";
import { traceOfRun, type Trace } from "./trace.js";

export interface AuditRun {
  readonly model: PreparedModel;
  readonly inputs: readonly Tensor[];
  /** In graph order. */
  readonly outputs: readonly Tensor[];
  readonly trace: Trace;
}

/** Recomputes whatever a dispute about a claim needs, from the claim's published bytes. */
export interface Evidencer {
  /** The audit run of a claim's inputs. */
  auditOf(claim: ClaimRecord): Promise<AuditRun>;
  materialOf(claim: ClaimRecord): Promise<Material>;
  defenceOf(claim: ClaimRecord): Promise<Defence>;
}

/** Audit runs kept in memory: disputes come back to the same claim many times. */
const KEPT_RUNS = 8;

/** Results that a node reads, by their node's number. */
function resultsReadBy(graph: AuditGraph, node: number, trace: Trace): TensorTree[] {
  const read = allOperands(graph.nodes[node]!).flatMap(({ source }) => (source.kind === "node" ? [source.index] : []));
  const results: TensorTree[] = [];
  trace.trees(read).forEach((tree, i) => (results[read[i]!] = tree));
  return results;
}

/** @param sink what hashes the traces */
export function createEvidencer(catalogue: Catalogue, sink: RootSink): Evidencer {
  const runs = new Map<string, Promise<AuditRun>>();

  async function audit(claim: ClaimRecord): Promise<AuditRun> {
    const model = await catalogue.get(claim.modelId);
    const inputs = inputTensors(model, claim.inputs);
    const run = commitRun(model.graph, inputs, sink);
    return { model, inputs, outputs: run.outputs, trace: traceOfRun(model.graph, inputs, run) };
  }

  const auditOf: Evidencer["auditOf"] = (claim) => {
    const known = runs.get(claim.claimId);
    if (known !== undefined) return known;
    const fresh = audit(claim);
    runs.set(claim.claimId, fresh);
    fresh.catch(() => runs.delete(claim.claimId));
    const oldest = runs.keys().next().value;
    if (runs.size > KEPT_RUNS && oldest !== undefined) runs.delete(oldest);
    return fresh;
  };

  return {
    auditOf,
    materialOf: async (claim) => {
      const { model, trace } = await auditOf(claim);
      const claimed = claim.outputs.map((bytes, i) =>
        tensorTreeOfBytes(fromHex(bytes), model.graph.outputs[i]?.dtype ?? "u8"),
      );
      return { trace, claimed };
    },
    defenceOf: async (claim) => {
      const { model, inputs, trace } = await auditOf(claim);
      const { graph, commitment, weightTrees: weights } = model;
      const inputTrees = inputs.map((tensor) => tensorTree(tensor));
      return {
        trace,
        node: (index) => model.node(index),
        outputNodes: graph.outputs.map(({ node }) => node),
        evidence: ({ node, element, asserted }) => {
          const memory = { inputs: inputTrees, weights, results: resultsReadBy(graph, node, trace) };
          return buildEvidence({ graph, commitment, memory, asserted, nodeIndex: node, element });
        },
      };
    },
  };
}
