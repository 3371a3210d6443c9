import { buildModule } from "@nomicfoundation/ignition-core";

import ArbiterModule from "./Arbiter.js";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const GWEI = 10n ** 9n;
const ETHER = 10n ** 18n;
const ZERO = "0x0000000000000000000000000000000000000000";

/**
 * The whole suite. Every contract gets its peers as immutables, except that staking learns who may lock and slash from the hub,
 * which is sealed last: until then nothing can be staked on, so an interrupted deployment is inert and can be resumed. Then
 * the deployer hands the roles of governance over.
 *
 * Parameters and their bounds: docs/contracts/. The stake token is the test token with a faucet.
 */
export default buildModule("Touchstone", (m) => {
  const deployer = m.getAccount(0);
  const { arbiter } = m.useModule(ArbiterModule);
  const token = m.contract("TestToken", [
    deployer,
    m.getParameter("tokenSupply", 1_000_000n * ETHER),
    m.getParameter("faucetDrip", 10_000n * ETHER),
    m.getParameter("faucetPeriod", DAY),
  ]);
  const authority = m.contract("Governance", [deployer]);
  const hub = m.contract("Hub", [
    deployer,
    authority,
    m.getParameter("inclusionDelay", 6 * HOUR),
    m.getParameter("epoch", DAY),
    {
      staking: {
        unbonding: m.getParameter("unbonding", 21 * DAY),
        commissionDelay: m.getParameter("commissionDelay", 7 * DAY),
        jailTime: m.getParameter("jailTime", DAY),
        strikesToJail: m.getParameter("strikesToJail", 3),
        releaseFee: m.getParameter("releaseFee", ETHER),
        minDelegation: m.getParameter("minDelegation", ETHER),
      },
      jobs: {
        challengeWindow: m.getParameter("challengeWindow", DAY),
        maxDuration: m.getParameter("maxDuration", DAY),
        lockFloor: m.getParameter("lockFloor", 10n * ETHER),
        auditShare: m.getParameter("auditShare", 500),
        missPenalty: m.getParameter("missPenalty", 100),
        maxCallbackGas: m.getParameter("maxCallbackGas", 2_000_000),
      },
      receipts: {
        challengeWindow: m.getParameter("receiptWindow", 3 * DAY),
        maxReservation: m.getParameter("maxReservation", 30 * DAY),
        payerThaw: m.getParameter("payerThaw", 14 * DAY),
        reservationFloor: m.getParameter("reservationFloor", 10n * ETHER),
      },
      challenges: {
        refutationWindow: m.getParameter("refutationWindow", DAY),
        supplyWindow: m.getParameter("supplyWindow", 12 * HOUR),
        graceWindow: m.getParameter("graceWindow", 12 * HOUR),
        airGap: m.getParameter("airGap", 12 * HOUR),
        bondFloor: m.getParameter("bondFloor", ETHER / 10n),
        baseFeeFloor: m.getParameter("baseFeeFloor", GWEI),
        dataPrice: m.getParameter("dataPrice", 0n),
        priceMultiple: m.getParameter("priceMultiple", 4),
        feeOracle: m.getParameter("feeOracle", ZERO),
      },
      lottery: {
        probability: m.getParameter("auditProbability", 10_000),
        auditors: m.getParameter("auditors", 3),
        auditStake: m.getParameter("auditStake", 100n * ETHER),
      },
    },
  ]);
  const registry = m.contract("ModelRegistry", [
    hub,
    [ZERO, arbiter],
    {
      deposit: m.getParameter("registrationDeposit", ETHER / 100n),
      depositDelay: m.getParameter("depositDelay", 30 * DAY),
      royaltyDelay: m.getParameter("royaltyDelay", 7 * DAY),
    },
  ]);
  const staking = m.contract("OperatorStaking", [token, hub, m.getParameter("burnable", true)]);
  // The staking contract deploys these two itself.
  const profiles = m.contractAt("OperatorProfiles", m.staticCall(staking, "profiles"));
  const fees = m.contractAt("DelegatorFees", m.staticCall(staking, "delegatorFees"));
  const verifier = m.contract("TraceVerifier", [registry]);
  const challenges = m.contract("ChallengeManager", [staking, verifier]);
  const offers = m.contract("OfferBook", [registry, staking]);
  const jobs = m.contract("JobEscrow", [offers, verifier, challenges]);
  const receipts = m.contract("ReceiptEscrow", [registry, staking, challenges]);
  const lottery = m.contract("AuditLottery", [jobs, challenges]);
  const accountLens = m.contract("AccountLens", [jobs, receipts, challenges, lottery]);
  const claimLens = m.contract("ClaimLens", [jobs, challenges]);
  const sealed = m.call(hub, "seal", [challenges, [jobs, receipts], [lottery]]);
  const seats = {
    governor: m.getParameter("governor", ZERO),
    guardian: m.getParameter("guardian", ZERO),
    adminDelay: m.getParameter("adminDelay", 30 * DAY),
    emergencyDelay: m.getParameter("emergencyDelay", 2 * DAY),
  };
  m.call(authority, "handOver", [hub, registry, seats], { after: [sealed] });
  return {
    ...{ token, authority, hub, registry, staking, profiles, fees },
    ...{ arbiter, verifier, challenges, offers, jobs, receipts, lottery, accountLens, claimLens },
  };
});
