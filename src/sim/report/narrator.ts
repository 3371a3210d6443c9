import type { LogDescription } from "ethers";

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

/** Calls that make one line together with the one that ends it, by key of the line. */
const GATHERED = new Set(["drip", "approve", "deposit", "proposeWorker", "acceptWorker", "setDrawStake"]);
const GATHERED_ENDS = new Set(["setOffer", "enlist"]);

const eventOf = (step: Step, name: string): LogDescription | undefined =>
  step.events.find((event) => event.name === name);

/** @param nameOf name of an address; unknown ones are shortened. */
export function createNarrator(nameOf: (address: string) => string): Narrator {
  const known: Known = { jobs: new Map(), challenges: new Map(), nameOf };
  const highest = new Map<string, number>();
  const gathered = new Map<string, number>();
  let deployment = { contracts: 0, gas: 0 };

  function remember(step: Step): void {
    const requested = eventOf(step, "JobRequested");
    if (requested) {
      const jobId = requested.args.getValue("jobId") as string;
      const operator = requested.args.getValue("operator") as string;
      known.jobs.set(jobId, { number: known.jobs.size + 1, operator });
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
      if (GATHERED.has(call)) {
        gathered.set(person, (gathered.get(person) ?? 0) + step.gas);
        return undefined;
      }
      const before = GATHERED_ENDS.has(call) ? (gathered.get(person) ?? 0) : 0;
      if (GATHERED_ENDS.has(call)) gathered.delete(person);
      return { time: step.time, actor: person, call, meaning: meaningOf(step, known), gas: step.gas + before };
    },
  };
}
