import type { Result } from "ethers";

import type { JobTermsStruct } from "../../typechain-types/interfaces/IJobEscrow.js";
import { fromHex, toHex } from "../audit/bytes.js";
import type { SuiteEvent } from "../chain/feed.js";
import { logsOf } from "../chain/logs.js";
import type { Suite } from "../chain/suite.js";
import { internalError } from "../errors.js";
import { refusalOf, type SignedReceipt } from "../receipts/present.js";
import { createRound } from "../store/round.js";
import type { Collection, State } from "../store/state.js";
import type { Endings } from "./endings.js";
import { ClaimStatus } from "./protocol.js";

/** What is known about one claim; bytes in hexadecimal, as emitted. A job's are published, a receipt's its parties have. */
interface ClaimBase {
  readonly claimId: string;
  readonly source: string;
  readonly modelId: string;
  /** Zero while none is drawn. */
  readonly operator: string;
  readonly inputs: readonly string[];
  /** Empty until answered. */
  readonly outputs: readonly string[];
  readonly block: number;
}

/** A job, with the bytes that its events published. */
export interface JobClaim extends ClaimBase {
  /** What a job is about: calls about it bring this along. */
  readonly terms: JobTermsStruct;
  readonly receipt?: undefined;
}

/** An answer by receipt, with the bytes that its two parties have. */
export interface ReceiptClaim extends ClaimBase {
  /** What makes it a claim when presented. */
  readonly receipt: SignedReceipt;
  readonly terms?: undefined;
}

export type ClaimRecord = JobClaim | ReceiptClaim;

/** Claims that came by jobs. */
export const claimsOf = (state: State): Collection<JobClaim> => state.collection("claim");

/** Where receipts are kept: a role's file, or a memory that keeps no bytes apart. */
type ReceiptState = Pick<State, "collection"> & Partial<Pick<State, "bytes" | "atomically">>;

/** A receipt as whoever answers has it: with bytes. */
export interface FreshReceipt extends Omit<ReceiptClaim, "inputs" | "outputs"> {
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}

/** As it is stored: numbers stand for bytes that lie apart. Hexadecimal digits are there where no bytes are kept apart, and from version 1. */
interface StoredReceipt extends Omit<ReceiptClaim, "inputs" | "outputs"> {
  readonly inputs: readonly (string | number)[];
  readonly outputs: readonly (string | number)[];
}

/** Receipts by claim id. Those of `entries` read their bytes when these are asked for: there may be more than fit into memory. */
interface Receipts extends Collection<ReceiptClaim> {
  /** Keeps a receipt that is not kept yet. */
  add(receipt: FreshReceipt): void;
}

/** Claims that came by receipts, presented or not. */
export function receiptsOf(state: ReceiptState): Receipts {
  const kept = state.collection<StoredReceipt>("receipt");
  const { bytes } = state;
  const atomically: State["atomically"] = state.atomically ?? ((work) => work());

  const hexOf = (stored: string | number): string => {
    if (typeof stored === "string") return stored;
    const found = bytes?.get(stored);
    if (found === undefined) throw internalError(`a receipt's bytes ${stored} are not in the state file`);
    return toHex(found);
  };
  const open = (stored: StoredReceipt): ReceiptClaim => ({
    ...stored,
    get inputs() {
      return stored.inputs.map(hexOf);
    },
    get outputs() {
      return stored.outputs.map(hexOf);
    },
  });
  const store = (each: Uint8Array): string | number => bytes?.add(each) ?? toHex(each);
  const remove = (key: string): void => {
    const { inputs = [], outputs = [] } = kept.get(key) ?? {};
    for (const each of [...inputs, ...outputs]) if (typeof each === "number") bytes?.delete(each);
    kept.delete(key);
  };
  const add = (receipt: FreshReceipt): void =>
    atomically(() => {
      const stored = { inputs: receipt.inputs.map(store), outputs: receipt.outputs.map(store) };
      kept.put(receipt.claimId, { ...receipt, ...stored });
    });

  return {
    add,
    get: (key) => {
      const stored = kept.get(key);
      return stored && { ...open(stored) };
    },
    put: (key, claim) =>
      atomically(() => {
        remove(key);
        add({ ...claim, inputs: claim.inputs.map(fromHex), outputs: claim.outputs.map(fromHex) });
      }),
    delete: (key) => atomically(() => remove(key)),
    entries: () => kept.entries().map(({ key, value }) => ({ key, value: open(value) })),
    after: (key, count) => kept.after(key, count).map((each) => ({ key: each.key, value: open(each.value) })),
  };
}

/** A claim of either kind. */
export const findClaim = (state: State, claimId: string): ClaimRecord | undefined =>
  claimsOf(state).get(claimId) ?? receiptsOf(state).get(claimId);

/** States from which a claim can still move. */
const OPEN: readonly number[] = [ClaimStatus.Drawing, ClaimStatus.Assigned, ClaimStatus.Answered];

/** Whether nothing can be asked of a claim any more: it is settled, or a receipt that can't be presented again. */
export async function isOver(suite: Suite, { claimId, receipt }: ClaimRecord): Promise<boolean> {
  const { status } = receipt === undefined ? await suite.jobs.job(claimId) : await suite.receipts.claim(claimId);
  if (Number(status) !== ClaimStatus.None) return !OPEN.includes(Number(status));
  return receipt !== undefined && (await refusalOf(suite, receipt)) !== undefined;
}

/** Claims of which it is asked in one pass whether they are over: there may be thousands, and nothing hurries less. */
export const LOOKS = 100;

/** Forgets claims that are over for good, but none of those that something of ours still needs; looks at some at a time. */
export function createForgetting(
  suite: Suite,
  claims: Collection<ClaimRecord>,
  endings: Endings,
): (needed: ReadonlySet<string>, head: number) => Promise<void> {
  const next = createRound(claims, LOOKS);
  return async (needed, head) => {
    for (const { key, value } of next()) {
      if (needed.has(key)) continue;
      if (!(await isOver(suite, value))) endings.goesOn(key);
      else if (endings.isFinal(key, head)) claims.delete(key);
    }
  };
}

/** What tells of a job's bytes and its operator. */
const EVENTS = ["JobRequested", "JobAssigned", "JobAnswered"] as const;

/** The record after one event of the job escrow; the same record where the event says nothing new. */
function applyEvent(
  known: JobClaim | undefined,
  source: string,
  event: Pick<SuiteEvent, "name" | "args" | "block">,
): JobClaim | undefined {
  const { name, args, block } = event;
  if (name === "JobAnswered") {
    return known && { ...known, outputs: [...(args.getValue("outputs") as string[])] };
  }
  if (name === "JobAssigned") {
    return known && { ...known, operator: args.getValue("operator") as string };
  }
  if (name !== "JobRequested") return known;
  return {
    claimId: args.getValue("jobId") as string,
    source,
    modelId: args.getValue("modelId") as string,
    operator: args.getValue("operator") as string,
    inputs: [...(args.getValue("inputs") as string[])],
    outputs: known?.outputs ?? [],
    block,
    terms: (args.getValue("terms") as Result).toObject() as JobTermsStruct,
  };
}

/** Keeps claims from the events of the job escrow. Seeing an event twice changes nothing. */
export function recordClaim(state: State, source: string, event: SuiteEvent): JobClaim | undefined {
  if (!EVENTS.some((name) => name === event.name)) return undefined;
  const claims = claimsOf(state);
  const record = applyEvent(claims.get(event.args.getValue("jobId") as string), source, event);
  if (record !== undefined) claims.put(record.claimId, record);
  return record;
}

/**
 * Reads a claim's published bytes from the chain, for commands that look at one claim.
 * @returns undefined where no such job was requested.
 */
export async function fetchClaim(suite: Suite, claimId: string): Promise<JobClaim | undefined> {
  const { jobs, provider, deployment, abi } = suite;
  const topics = EVENTS.map((name) => jobs.interface.getEvent(name).topicHash);
  const filter = { address: deployment.jobs, topics: [topics, claimId] };
  const logs = await logsOf(provider, filter, deployment.block, await provider.getBlockNumber());
  let record: JobClaim | undefined;
  for (const log of logs) {
    const event = abi.parseLog(log);
    if (event === null) continue;
    record = applyEvent(record, deployment.jobs, { name: event.name, args: event.args, block: log.blockNumber });
  }
  return record;
}
