import type { SuiteEvent } from "../chain/feed.js";
import type { Collection, State } from "../store/state.js";

/** What the chain published about one claim; bytes in hexadecimal, as emitted. */
export interface ClaimRecord {
  readonly claimId: string;
  readonly source: string;
  readonly modelId: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  /** Empty until answered. */
  readonly outputs: readonly string[];
  readonly block: number;
}

export const claimsOf = (state: State): Collection<ClaimRecord> => state.collection("claim");

/** Keeps claims from the events of the job escrow. Seeing an event twice changes nothing. */
export function recordClaim(state: State, source: string, event: SuiteEvent): ClaimRecord | undefined {
  if (event.contract !== "jobs") return undefined;
  const claims = claimsOf(state);
  const { args } = event;
  if (event.name === "JobRequested") {
    const claimId = args.getValue("jobId") as string;
    const known = claims.get(claimId);
    const record: ClaimRecord = {
      claimId,
      source,
      modelId: args.getValue("modelId") as string,
      operator: args.getValue("operator") as string,
      inputs: [...(args.getValue("inputs") as string[])],
      outputs: known?.outputs ?? [],
      block: event.block,
    };
    claims.put(claimId, record);
    return record;
  }
  if (event.name === "JobAnswered") {
    const known = claims.get(args.getValue("jobId") as string);
    if (known === undefined) return undefined;
    const record = { ...known, outputs: [...(args.getValue("outputs") as string[])] };
    claims.put(known.claimId, record);
    return record;
  }
  return undefined;
}
