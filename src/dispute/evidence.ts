import { fromHex } from "../audit/bytes.js";
import { buildEvidence } from "../audit/evidence.js";
import type { Tensor } from "../audit/graph.js";
import { tensorTree, tensorTreeOfBytes } from "../audit/tree.js";
import type { Catalogue } from "../models/catalogue.js";
import { inputTensors, type PreparedModel } from "../models/prepared.js";
import type { Material } from "./accuse.js";
import type { ClaimRecord } from "./claims.js";
import type { Defence } from "./defend.js";
import { commitTrace, type Trace } from "./trace.js";

export interface AuditRun {
  readonly model: PreparedModel;
  readonly inputs: readonly Tensor[];
  /** Results of all nodes. */
  readonly results: readonly Tensor[];
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

export function createEvidencer(catalogue: Catalogue): Evidencer {
  const runs = new Map<string, Promise<AuditRun>>();

  async function run(claim: ClaimRecord): Promise<AuditRun> {
    const model = await catalogue.get(claim.modelId);
    const inputs = inputTensors(model, claim.inputs);
    const results = model.audit(inputs);
    return { model, inputs, results, trace: commitTrace(results) };
  }

  const auditOf: Evidencer["auditOf"] = (claim) => {
    const known = runs.get(claim.claimId);
    if (known !== undefined) return known;
    const fresh = run(claim);
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
      const memory = { inputs: inputs.map((tensor) => tensorTree(tensor)), weights, results: trace.trees };
      return {
        trace,
        node: (index) => model.node(index),
        outputNodes: graph.outputs.map(({ node }) => node),
        evidence: ({ node, element, asserted }) =>
          buildEvidence({ graph, commitment, memory, asserted, nodeIndex: node, element }),
      };
    },
  };
}
