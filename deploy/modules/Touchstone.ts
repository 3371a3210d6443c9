import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import ArbiterModule from "./Arbiter.js";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const GWEI = 10n ** 9n;
const ETHER = 10n ** 18n;

/**
 * The whole suite. Every contract gets its peers as immutables, except that staking learns who may lock and slash from the hub,
 * which is sealed last: until then nothing can be staked on, so an interrupted deployment is inert and can be resumed.
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
  const hub = m.contract("Hub", [deployer]);
  const registry = m.contract("ModelRegistry", [
    [arbiter],
    {
      deposit: m.getParameter("registrationDeposit", ETHER / 100n),
      depositDelay: m.getParameter("depositDelay", 30 * DAY),
    },
  ]);
  const staking = m.contract("OperatorStaking", [
    token,
    hub,
    { unbonding: m.getParameter("unbonding", 21 * DAY), burnable: true },
  ]);
  const verifier = m.contract("TraceVerifier", [registry]);
  const challenges = m.contract("ChallengeManager", [
    staking,
    verifier,
    {
      inclusionDelay: m.getParameter("inclusionDelay", 6 * HOUR),
      refutationWindow: m.getParameter("refutationWindow", DAY),
      supplyWindow: m.getParameter("supplyWindow", 12 * HOUR),
      graceWindow: m.getParameter("graceWindow", 12 * HOUR),
      airGap: m.getParameter("airGap", 12 * HOUR),
      bondFloor: m.getParameter("bondFloor", ETHER / 10n),
      baseFeeFloor: m.getParameter("baseFeeFloor", GWEI),
      dataPrice: m.getParameter("dataPrice", 0n),
      priceMultiple: m.getParameter("priceMultiple", 4),
    },
  ]);
  const jobs = m.contract("JobEscrow", [
    registry,
    staking,
    challenges,
    {
      challengeWindow: m.getParameter("challengeWindow", DAY),
      maxDuration: m.getParameter("maxDuration", DAY),
      lockFloor: m.getParameter("lockFloor", 10n * ETHER),
    },
  ]);
  m.call(hub, "seal", [challenges, [jobs]]);
  return { token, hub, registry, staking, arbiter, verifier, challenges, jobs };
});
