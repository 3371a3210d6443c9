import { hexlify, id, ZeroHash } from "ethers";

import type { DeviationStruct } from "../../typechain-types/challenges/ChallengeManager.js";
import type { Trace } from "./alphabet.js";
import {
  type AnsweredClaim,
  at,
  BOND,
  claimOf,
  deployDisputes,
  type Deployment,
  type Disputes,
  openingOf,
  play,
  type Play,
} from "./challenges.js";
import { DAY } from "./hub.js";
import { finaliseJob, termsOf } from "./jobs.js";
import { type Connection, TOKEN } from "./protocol.js";

type Signer = Connection["stranger"];

export const LOT = { none: 0n, pending: 1n, blank: 2n, drawn: 3n, lapsed: 4n, audited: 5n } as const;
export const SEAT = { none: 0n, picked: 1n, committed: 2n, paid: 3n, released: 4n, missed: 5n, slashed: 6n } as const;

export const AUDIT_STAKE = 100n * TOKEN;
/** Blocks from an answer to the one that decides. */
export const SEED_DELAY = 4;
export const DRAW_WINDOW = 3600;

/** What a report shows of a deviation where it finds none. */
export const NO_DEVIATION: DeviationStruct = {
  claimed: { tensor: 0, element: 0, roots: [], leaf: "0x", proof: [] },
  traced: { root: ZeroHash, listProof: [], leaf: "0x", proof: [] },
};

/** Stakes for an account, sets a part aside for draws and joins; it counts from the next epoch on. */
export async function enrol(
  chain: Connection,
  suite: Pick<Disputes, "token" | "staking" | "lottery" | "modelId">,
  auditor: Signer,
  drawStake = 500n * TOKEN,
) {
  const { token, staking, lottery, modelId } = suite;
  await token.connect(chain.deployer).transfer(auditor, 2n * drawStake);
  await token.connect(auditor).approve(staking, 2n * drawStake);
  await staking.connect(auditor).deposit(auditor, 2n * drawStake);
  await staking.connect(auditor).setDrawStake(drawStake);
  await lottery.connect(auditor).join(modelId);
}

export interface AuditDeployment extends Deployment {
  readonly auditors?: number;
}

/** The suite with auditors who may be drawn; every answer is, unless the chance is changed. */
export async function deployAudits(chain: Connection, { auditors: count = 5, ...change }: AuditDeployment = {}) {
  const disputes = await deployDisputes(chain, { ...change, lottery: { probability: 1_000_000, ...change.lottery } });
  const auditors = (await chain.ethers.getSigners()).slice(7, 7 + count);
  for (const auditor of auditors) await enrol(chain, disputes, auditor);
  await chain.networkHelpers.time.increase(DAY);
  return { ...disputes, auditors };
}

export type Audits = Awaited<ReturnType<typeof deployAudits>>;

/** Lets the block pass whose hash decides about answers until now. */
export const passSeed = (chain: Connection): Promise<void> => chain.networkHelpers.mine(SEED_DELAY + 1);

export const drawJob = async ({ lottery, jobs }: Disputes, jobId: string, by?: Signer) =>
  (by === undefined ? lottery : lottery.connect(by)).draw(await termsOf(jobs, jobId));

export interface DrawnAudit {
  readonly claim: AnsweredClaim;
  readonly auditors: readonly Signer[];
}

/** Has a claim answered and its audit drawn. */
export async function drawnAudit(
  chain: Connection,
  suite: Audits,
  answer?: (outputs: Uint8Array[]) => void,
): Promise<DrawnAudit> {
  const claim = await claimOf(chain, suite, answer);
  await passSeed(chain);
  await drawJob(suite, claim.id);
  return { claim, auditors: await drawnAuditors(suite, claim.id) };
}

/** The auditors of an audit, in the order in which they were picked. */
export async function drawnAuditors({ lottery, auditors }: Audits, jobId: string): Promise<Signer[]> {
  const [event] = await lottery.queryFilter(lottery.filters.AuditDrawn(jobId));
  return event!.args.auditors.map((address) => auditors.find((auditor) => auditor.address === address)!);
}

/** A report that finds nothing wrong: how it is committed to and opened. */
export async function agreementOf(suite: Audits, jobId: string, auditor: Signer, trace: Trace, by = auditor) {
  const { manager, lottery } = suite;
  const seatId = await lottery.seatIdOf(jobId, auditor);
  const [traceRoot, salt] = [hexlify(trace.list.root()), id("report")];
  const report = await manager.challengeIdOf(by, lottery, seatId, traceRoot, 0, 0, salt);
  return {
    seatId,
    report,
    commit: () => lottery.connect(by).commit(jobId, auditor, report),
    announce: () => manager.connect(by).commitChallenge(report),
    open: () =>
      manager
        .connect(by)
        .openChallenge(lottery, seatId, traceRoot, NO_DEVIATION, [...trace.roots], salt, { value: BOND }),
  };
}

/** Commits and opens a report that finds nothing wrong; time passes until after the commit deadline. */
export async function agree(
  chain: Connection,
  suite: Audits,
  jobId: string,
  auditor: Signer,
  trace: Trace,
): Promise<Play> {
  const report = await agreementOf(suite, jobId, auditor, trace);
  await report.commit();
  await at(chain, (await suite.lottery.audit(jobId)).commitDeadline);
  await report.announce();
  await report.open();
  return play(chain, suite, report.report, trace);
}

/** An auditor's challenge against the job, committed to as its report. */
export async function object(
  chain: Connection,
  suite: Audits,
  claim: AnsweredClaim,
  challenger: Signer,
  trace = claim.truth,
): Promise<Play> {
  const { challengeId, args } = await openingOf(chain, suite, claim, { trace, challenger, salt: id("objection") });
  await suite.lottery.connect(challenger).commit(claim.id, challenger, challengeId);
  await suite.manager.connect(challenger).commitChallenge(challengeId);
  await suite.manager.connect(challenger).openChallenge(...args, { value: BOND });
  return play(chain, suite, challengeId, trace);
}

/** Makes a claim final, at the end of its challenge window if that is still to come. */
export async function finalise(chain: Connection, { jobs }: Disputes, jobId: string): Promise<void> {
  const { challengeDeadline } = await jobs.job(jobId);
  if (BigInt(await chain.networkHelpers.time.latest()) < challengeDeadline) await at(chain, challengeDeadline + 1n);
  await finaliseJob(jobs, jobId);
}
