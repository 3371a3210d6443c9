// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IHub } from "../interfaces/IHub.sol";
import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { IModelRegistry, Model } from "../interfaces/IModelRegistry.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { LockSplit } from "../libraries/LockSplit.sol";
import { Challenge, ChallengeStatus } from "../types/Challenge.sol";
import { ClaimStatus } from "../types/Claim.sol";
import { NotAContract } from "../types/Errors.sol";
import { Job } from "../types/Job.sol";
import { INLINE_ROOTS, L_MAX } from "../types/Limits.sol";
import { ChallengeParams } from "../types/Parameters.sol";
import { ChallengeLife, ClaimLife, Deadline, Finality, Floor, Floors, IClaimLens, Market } from "./IClaimLens.sol";

/// @title Claims: their clocks, and whether the numbers hold them up
contract ClaimLens is IClaimLens {
    // Gas and bytes of whole transactions, compared with `snapshots/gas` in `test/contracts/lens/floors.test.ts`.
    /// Commit, open without roots, resolve, execute and withdraw.
    uint256 private constant CHALLENGE_GAS = 881_000;
    uint256 private constant CHALLENGE_BYTES = 2_200;
    /// For each root that rides along with an opening.
    uint256 private constant ROOT_GAS = 1_350;
    uint256 private constant ROOT_BYTES = 32;
    /// A refutation, beside what the model's largest proof takes.
    uint256 private constant REFUTE_GAS = 122_000;
    uint256 private constant REFUTE_BYTES = 400;

    uint256 private constant TOKEN_UNIT = 1e18;
    /// The challengers' part of what a slash rewards.
    uint256 private constant CHALLENGER_PERCENT = 70;
    uint256 private constant MILLION = 1_000_000;

    IJobEscrow private immutable JOBS;
    IChallengeManager private immutable CHALLENGES;
    IModelRegistry private immutable REGISTRY;
    IHub private immutable HUB;

    constructor(IJobEscrow jobs, IChallengeManager challenges) {
        require(address(jobs).code.length != 0, NotAContract(address(jobs)));
        require(address(challenges).code.length != 0, NotAContract(address(challenges)));
        IOperatorStaking staking = jobs.staking();
        require(address(challenges.staking()) == address(staking), ForeignPeer(address(challenges), address(staking)));
        JOBS = jobs;
        CHALLENGES = challenges;
        REGISTRY = jobs.registry();
        HUB = staking.hub();
    }

    /// @inheritdoc IClaimLens
    function claimLife(IClaimSource source, bytes32 claimId) external view returns (ClaimLife memory life) {
        life.known = HUB.isSource(address(source));
        if (!life.known) return life;
        life.claim = source.claim(claimId);
        life.presented = life.claim.status != ClaimStatus.None;
        life.contest = CHALLENGES.contest(address(source), claimId);
        if (address(source) == address(JOBS)) _addJob(life, claimId);
        life.challenge = _deadline(life.claim.challengeDeadline);
        if (life.claim.status != ClaimStatus.Answered) return life;

        life.depth = REGISTRY.exists(life.claim.modelId) ? REGISTRY.model(life.claim.modelId).depth : L_MAX;
        uint48 last = life.claim.challengeDeadline;
        life.earliest = _deadline(last + 1);
        life.worst = _deadline(last + HUB.worstCaseFinality(0, life.depth));
        life.undisputed = life.claim.openChallenges == 0 && HUB.time() > last;
    }

    /// @inheritdoc IClaimLens
    function challengeLife(bytes32 challengeId) external view returns (ChallengeLife memory life) {
        Challenge memory c = CHALLENGES.challenge(challengeId);
        life.challenge = c;
        life.firstDemands = _deadline(c.refutationDeadline);
        life.refutation = _deadline(c.lastDeadline);
        life.executable = _deadline(c.executableAt);
        uint48 time = HUB.time();
        bool running = !HUB.isPaused();
        if (c.status == ChallengeStatus.Open) {
            uint256 chain = uint256(REGISTRY.model(c.modelId).depth) * (uint256(c.supplyWindow) + c.graceWindow);
            life.worst = _deadline(uint48(c.refutationDeadline + chain + c.airGap));
            life.canRefute = time <= c.lastDeadline;
            life.canResolve = time > c.lastDeadline && c.outstanding == 0;
        } else if (c.status == ChallengeStatus.Upheld) {
            life.worst = life.executable;
            life.canExecute = running && time >= c.executableAt;
        }
    }

    /// @inheritdoc IClaimLens
    function finalityOf(bytes32 modelId) external view returns (bool known, uint8 depth, Finality[] memory perSource) {
        known = REGISTRY.exists(modelId);
        if (!known) return (known, depth, perSource);
        depth = REGISTRY.model(modelId).depth;
        address[] memory sources = HUB.sources();
        perSource = new Finality[](sources.length);
        for (uint256 i; i < sources.length; ++i) {
            uint32 window = IClaimSource(sources[i]).challengeWindow();
            perSource[i] = Finality(sources[i], window, HUB.worstCaseFinality(window, depth));
        }
    }

    /// @inheritdoc IClaimLens
    function floorsOf(
        bytes32 modelId,
        Market calldata market
    ) external view returns (bool known, Floors memory floors) {
        known = REGISTRY.exists(modelId);
        if (!known) return (known, floors);
        Model memory model = REGISTRY.model(modelId);
        ChallengeParams memory params = HUB.challengeParams();

        uint256 roots = model.nodeCount <= INLINE_ROOTS ? model.nodeCount : 0;
        uint256 cost = _cost(params, market, CHALLENGE_GAS + ROOT_GAS * roots, CHALLENGE_BYTES + ROOT_BYTES * roots);
        floors.lock = _lockFloor(HUB.jobParams().lockFloor, market.tokenPrice, cost);
        floors.reservation = _lockFloor(HUB.receiptParams().reservationFloor, market.tokenPrice, cost);

        uint256 bond = CHALLENGES.bondFor(modelId, market.baseFee);
        cost = _cost(params, market, REFUTE_GAS + model.maxProofGas, REFUTE_BYTES + model.maxProofBytes);
        floors.bond = Floor(bond, bond / 4, cost, bond / 4 >= cost);
    }

    /// @inheritdoc IClaimLens
    function neededProbability(
        uint128 gain,
        uint128 saving,
        uint96 lock,
        uint128 tokenPrice
    ) external pure returns (bool possible, uint32 probability) {
        uint256 burn = Math.mulDiv(lock - lock / 2, tokenPrice, TOKEN_UNIT);
        uint256 stolen = uint256(gain) + saving;
        if (burn <= stolen) return (false, 0);
        // The least that is more than the quotient: at most a million, because `stolen < burn`.
        return (true, uint32(Math.mulDiv(stolen, MILLION, burn) + 1));
    }

    /// What the escrow knows of a job by its id alone.
    function _addJob(ClaimLife memory life, bytes32 jobId) private view {
        Job memory job = JOBS.job(jobId);
        if (job.status == ClaimStatus.Assigned) life.answer = _deadline(job.deadline);
        if (life.presented) return;
        life.claim.status = job.status;
        life.claim.publicInputs = job.status != ClaimStatus.None;
        life.claim.operator = job.operator;
        life.claim.outputsRoot = job.outputsRoot;
        life.claim.lock = job.lock;
        life.claim.challengeDeadline = job.challengeDeadline;
        life.claim.openChallenges = job.openChallenges;
    }

    function _deadline(uint48 time) private view returns (Deadline memory) {
        uint48 present = HUB.time();
        if (time < present || time == 0) return Deadline(time, 0);
        uint48 base = uint48(block.timestamp);
        if (HUB.isPaused()) (, base) = HUB.lastPause();
        return Deadline(time, base + time - present);
    }

    function _lockFloor(uint256 floor, uint256 tokenPrice, uint256 cost) private pure returns (Floor memory) {
        // With four delegated tokens behind each of its own the operator backs the least part that it may.
        uint256 half = LockSplit.ownPart(floor, 1, 4) / 2;
        uint256 worth = Math.mulDiv((half * CHALLENGER_PERCENT) / 100, tokenPrice, TOKEN_UNIT);
        return Floor(floor, worth, cost, worth >= cost);
    }

    function _cost(
        ChallengeParams memory params,
        Market calldata market,
        uint256 gasUsed,
        uint256 size
    ) private pure returns (uint256) {
        return
            gasUsed * Math.max(market.baseFee, params.baseFeeFloor) +
            size * Math.max(market.dataPrice, params.dataPrice);
    }
}
