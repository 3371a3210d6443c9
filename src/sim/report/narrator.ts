import { AbiCoder, keccak256, type LogDescription, type Result } from "ethers";

import type { Step } from "../driver/observer.js";
import { meaningOf, type Known } from "./meanings.js";

/** What one or more transactions meant. */
export interface Line {
  /** Chain time, seconds. */
  readonly time: number;
  readonly actor: string;
  /** The contract function, or `deploy`. */
  readonly call: string;
  readonly meaning: string;
  readonly gas: number;
}

/** Turns transactions into lines for people, and remembers what numbers and names stand for. */
export interface Narrator {
  /** Undefined while transactions are gathered that make one line together. */
  tell(step: Step): Line | undefined;
  readonly known: Known;
  /** Largest gas of each function that was called with success. */
  gas(): Readonly<Record<string, number>>;
}

/** Calls that make one line together with the one that ends it: an offer, a place on a list for draws, or a delegation. */
const GATHERED = new Set(["drip", "approve", "deposit", "proposeWorker", "acceptWorker", "setDrawStake"]);
const GATHERED_END = new Set(["setOffer", "enlist", "join", "deposit"]);

/** Whether a transaction is a part of what makes one line later; a delegation is a line of its own. */
function isGathered({ call, events }: Step): boolean {
  if (call === undefined || !GATHERED.has(call.name)) return false;
  if (call.name !== "deposit") return true;
  const held = events.map(({ args }) => args.toObject() as { operator?: string; holder?: string });
  return held.some(({ operator, holder }) => operator !== undefined && operator === holder);
}

const eventOf = (step: Step, name: string): LogDescription | undefined =>
  step.events.find((event) => event.name === name);

/** As `AuditLottery.seatIdOf`. */
const seatIdOf = (jobId: string, auditor: string): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "address"], [jobId, auditor]));

/** @param nameOf name of an address; unknown ones are shortened. */
export function createNarrator(nameOf: (address: string) => string): Narrator {
  const known: Known = { jobs: new Map(), receipts: new Map(), seats: new Map(), challenges: new Map(), nameOf };
  const highest = new Map<string, number>();
  const gathered = new Map<string, number>();
  let deployment = { contracts: 0, gas: 0 };

  function remember(step: Step): void {
    const requested = eventOf(step, "JobRequested");
    if (requested) {
      const jobId = requested.args.getValue("jobId") as string;
      const operator = requested.args.getValue("operator") as string;
      const { currency } = (requested.args.getValue("terms") as Result).toObject() as { currency: string };
      known.jobs.set(jobId, { number: known.jobs.size + 1, operator, currency });
    }
    const presented = eventOf(step, "ReceiptPresented");
    if (presented) {
      const operator = presented.args.getValue("operator") as string;
      const claimId = presented.args.getValue("claimId") as string;
      known.receipts.set(claimId, { number: known.receipts.size + 1, operator });
    }
    const drawn = eventOf(step, "AuditDrawn");
    if (drawn) {
      const jobId = drawn.args.getValue("jobId") as string;
      for (const auditor of drawn.args.getValue("auditors") as string[])
        known.seats.set(seatIdOf(jobId, auditor), jobId);
    }
    const opened = eventOf(step, "ChallengeOpened");
    if (opened) {
      const claimId = opened.args.getValue("claimId") as string;
      const challenger = opened.args.getValue("challenger") as string;
      known.challenges.set(opened.args.getValue("challengeId") as string, { claimId, challenger });
    }
  }

  function measure(call: string, gas: number): void {
    highest.set(call, Math.max(highest.get(call) ?? 0, gas));
  }

  function tellDeployment(step: Step): Line | undefined {
    deployment.gas += step.gas;
    if (step.creates !== undefined) deployment.contracts++;
    if (step.call?.name !== "seal") return undefined;
    const { contracts, gas } = deployment;
    deployment = { contracts: 0, gas: 0 };
    measure("deploy", gas);
    const meaning = `deploys ${contracts} contracts and seals the wiring for ever`;
    return { time: step.time, actor: "deployer", call: "deploy", meaning, gas };
  }

  return {
    known,
    gas: () => Object.fromEntries([...highest].sort(([a], [b]) => (a < b ? -1 : 1))),
    tell: (step) => {
      remember(step);
      const call = step.call?.name;
      if (step.creates !== undefined || call === "seal") return tellDeployment(step);
      if (call === undefined) return undefined;
      // An operator's worker key is the same person.
      const person = nameOf(step.from).replace(/'s worker$/, "");
      if (step.reverted) {
        return { time: step.time, actor: person, call, meaning: `${call}: comes too late`, gas: step.gas };
      }
      measure(call, step.gas);
      if (isGathered(step)) {
        gathered.set(person, (gathered.get(person) ?? 0) + step.gas);
        return undefined;
      }
      const ends = GATHERED_END.has(call);
      const before = ends ? (gathered.get(person) ?? 0) : 0;
      if (ends) gathered.delete(person);
      return { time: step.time, actor: person, call, meaning: meaningOf(step, known), gas: step.gas + before };
    },
  };
}
