import { fromHex, tensorBytes, tensorFromBytes, toHex } from "../../audit/bytes.js";
import type { Suite } from "../../chain/suite.js";
import { fetchClaim } from "../../dispute/claims.js";
import { internalError, TouchstoneError } from "../../errors.js";
import type { Answerer } from "../../worker/worker.js";

/** Answers with the output of somebody else's job on the same model that had other inputs; computes nothing. */
export function copiedAnswer(suite: Suite): Answerer {
  const { jobs, deployment, provider, abi } = suite;
  const { topicHash } = jobs.interface.getEvent("JobAnswered");
  return async (model, inputs, claimId) => {
    const asked = inputs.map((tensor) => toHex(tensorBytes(tensor)));
    const own = await fetchClaim(suite, claimId);
    if (own === undefined) throw internalError(`job ${claimId} has no event`);
    const logs = await provider.getLogs({
      address: deployment.jobs,
      topics: [topicHash, null, null, own.modelId],
      fromBlock: deployment.block,
      toBlock: "latest",
    });
    for (const log of logs) {
      const answered = abi.parseLog(log)?.args.getValue("jobId") as string | undefined;
      if (answered === undefined || answered === claimId) continue;
      const other = await fetchClaim(suite, answered);
      if (other === undefined || other.inputs.every((bytes, i) => bytes === asked[i])) continue;
      return model.graph.outputs.map((spec, i) =>
        tensorFromBytes(fromHex(other.outputs[i] ?? "0x"), spec.dtype, spec.shape),
      );
    }
    throw new TouchstoneError("NOTHING_TO_COPY", "No other job on this model has been answered yet.", {
      next: "Request a job with other inputs first.",
      retryable: true,
    });
  };
}
