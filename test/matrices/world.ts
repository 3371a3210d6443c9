import { type BaseContract, Signature, ZeroAddress } from "ethers";

import {
  DelegatorFees__factory,
  Governance__factory,
  OperatorProfiles__factory,
  type WeirdToken,
} from "../../typechain-types/index.js";
import { type AnsweredClaim, claimOf, FALSE_OUTPUT, openChallenge, play } from "../support/challenges.js";
import { traceOf } from "../support/alphabet.js";
import { DRAW_TERMS, nextEpoch } from "../support/draws.js";
import { HOUR } from "../support/hub.js";
import { termsOf } from "../support/jobs.js";
import { agree, type Audits, deployAudits, finalise } from "../support/lottery.js";
import { type Connection, DAY, OFFER, TOKEN } from "../support/protocol.js";
import { delegate } from "../support/staking.js";

/** Accounts and contracts that may call something. */
export const PARTIES = [
  "governor",
  "guardian",
  "deployer",
  "publisher",
  "operator",
  "worker",
  "delegator",
  "consumer",
  "challenger",
  "auditor",
  "stranger",
  "JobEscrow",
  "ReceiptEscrow",
  "AuditLottery",
  "ChallengeManager",
  "OperatorStaking",
  "Governance",
] as const;
export type Party = (typeof PARTIES)[number];

/** Contracts with calls that change state. What a testnet gives away to try the others with is not among them. */
export const CONTRACTS = [
  "Hub",
  "Governance",
  "ModelRegistry",
  "OperatorStaking",
  "OperatorProfiles",
  "DelegatorFees",
  "OfferBook",
  "JobEscrow",
  "ReceiptEscrow",
  "ChallengeManager",
  "AuditLottery",
] as const;
export type ContractName = (typeof CONTRACTS)[number];

export const ADMIN_DELAY = 30 * DAY;

/**
 * The whole suite, sealed and handed over to a governor and a guardian. The operator has stake of its own and of a delegator, is
 * enlisted for draws, and asked for its work in the native coin and in a token that is listed beside it.
 */
export async function deployWorld(chain: Connection) {
  const suite: Audits = await deployAudits(chain);
  const { hub, registry, staking, offers, receipts, jobs, lottery, manager, modelId, auditors } = suite;
  const { deployer, publisher, owner, worker, consumer, challenger, stranger } = chain;
  const [delegator, governor, guardian] = (await chain.ethers.getSigners()).slice(12, 15);
  const coin: WeirdToken = await chain.ethers.deployContract("WeirdToken");
  await hub.addCurrency(coin);
  const governance = Governance__factory.connect(await hub.authority(), deployer);
  await governance.handOver(hub, registry, {
    governor: governor!.address,
    guardian: guardian!.address,
    adminDelay: ADMIN_DELAY,
    emergencyDelay: 0,
  });
  await delegate(chain, suite, delegator!, 1000n * TOKEN);
  await staking.connect(owner).setDrawStake(1000n * TOKEN);
  await offers.connect(owner).enlist(modelId, DRAW_TERMS);
  await receipts.connect(owner).setReservationCap(1000n * TOKEN);
  await coin.mint(consumer, 1000n * TOKEN);
  for (const spender of [jobs, receipts]) await coin.connect(consumer).approve(spender, 1000n * TOKEN);
  await nextEpoch(chain);

  const contracts: Readonly<Record<ContractName, BaseContract>> = {
    Hub: hub,
    Governance: governance,
    ModelRegistry: registry,
    OperatorStaking: staking,
    OperatorProfiles: OperatorProfiles__factory.connect(await staking.profiles(), deployer),
    DelegatorFees: DelegatorFees__factory.connect(await staking.delegatorFees(), deployer),
    OfferBook: offers,
    JobEscrow: jobs,
    ReceiptEscrow: receipts,
    ChallengeManager: manager,
    AuditLottery: lottery,
  };
  const addressOf = async (name: ContractName) => contracts[name].getAddress();
  const addresses: Readonly<Record<Party, string>> = {
    governor: governor!.address,
    guardian: guardian!.address,
    deployer: deployer.address,
    publisher: publisher.address,
    operator: owner.address,
    worker: worker.address,
    delegator: delegator!.address,
    consumer: consumer.address,
    challenger: challenger.address,
    auditor: auditors[0]!.address,
    stranger: stranger.address,
    JobEscrow: await addressOf("JobEscrow"),
    ReceiptEscrow: await addressOf("ReceiptEscrow"),
    AuditLottery: await addressOf("AuditLottery"),
    ChallengeManager: await addressOf("ChallengeManager"),
    OperatorStaking: await addressOf("OperatorStaking"),
    Governance: await addressOf("Governance"),
  };
  return {
    ...suite,
    chain,
    governance,
    profiles: OperatorProfiles__factory.connect(await staking.profiles(), deployer),
    fees: DelegatorFees__factory.connect(await staking.delegatorFees(), deployer),
    coin,
    delegator: delegator!,
    governor: governor!,
    guardian: guardian!,
    contracts,
    addresses,
  };
}

export type World = Awaited<ReturnType<typeof deployWorld>>;

/** Sends from an account that has no key here: a contract, or one that was given code. */
export async function sendAs(world: World, from: string, to: string, data: string, value = 0n) {
  const { networkHelpers } = world.chain;
  await networkHelpers.setBalance(from, (await world.chain.ethers.provider.getBalance(from)) + 10n ** 18n + value);
  await networkHelpers.impersonateAccount(from);
  const signer = await world.chain.ethers.getSigner(from);
  const sent = await signer.sendTransaction({ to, data, value });
  await networkHelpers.stopImpersonatingAccount(from);
  return sent;
}

/** Lets `spender` take stake tokens of an account that has not signed such before. */
export async function signPermit({ chain, token }: World, owner: World["delegator"], spender: string, value: bigint) {
  const { chainId } = await chain.ethers.provider.getNetwork();
  const domain = { name: await token.name(), version: "1", chainId, verifyingContract: await token.getAddress() };
  const fields = ["address owner", "address spender", "uint256 value", "uint256 nonce", "uint256 deadline"];
  const Permit = fields.map((field) => ({ type: field.split(" ")[0]!, name: field.split(" ")[1]! }));
  const deadline = 10n ** 12n;
  const message = { owner: owner.address, spender, value, nonce: 0, deadline };
  const { v, r, s } = Signature.from(await owner.signTypedData(domain, { Permit }, message));
  return { deadline, v, r, s };
}

// States that several rows start from.

/** A request that nobody is named in. */
export const UNNAMED = { operator: ZeroAddress, lock: 100n * TOKEN } as const;

export const wait = ({ chain }: World, seconds: number | bigint) => chain.networkHelpers.time.increase(seconds);
export const waitUntil = ({ chain }: World, time: number | bigint) => chain.networkHelpers.time.increaseTo(time);
export const deadlineOf = async ({ jobs }: World, jobId: string) => (await jobs.job(jobId)).deadline;
export const windowOf = async ({ jobs }: World, jobId: string) => (await jobs.job(jobId)).challengeDeadline;
export const terms = ({ jobs }: World, jobId: string) => termsOf(jobs, jobId);

/** A right answer, and a false challenge against it. */
export async function disputed(world: World) {
  const claim = await claimOf(world.chain, world);
  return { claim, ...(await challenged(world, claim)) };
}

export async function challenged(world: World, claim: AnsweredClaim) {
  const trace = traceOf(world.model, claim.inputsRoot, FALSE_OUTPUT);
  const challengeId = await openChallenge(world.chain, world, claim, { trace });
  return { trace, challengeId, game: play(world.chain, world, challengeId, trace) };
}

/** An auditor agrees with a right answer; both become final, and its pay can be settled. */
export async function audited(world: World, claim: Pick<AnsweredClaim, "id" | "truth">, auditor: World["delegator"]) {
  const report = await agree(world.chain, world, claim.id, auditor, claim.truth);
  await finalise(world.chain, world, claim.id);
  const { lastDeadline } = await report.state();
  if (BigInt(await world.chain.networkHelpers.time.latest()) <= lastDeadline) await waitUntil(world, lastDeadline + 1n);
  await report.resolve();
  await world.lottery.settle(claim.id, auditor);
}

export const DURATION = 2 * HOUR;
export const PRICE = OFFER.price;
