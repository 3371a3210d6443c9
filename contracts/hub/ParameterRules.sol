// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { IGovernedParameters } from "../interfaces/IGovernedParameters.sol";
import { ParameterOutOfBounds } from "../types/Errors.sol";
import { L_MAX, UNBONDING_BUFFER } from "../types/Limits.sol";
import {
    ChallengeParams,
    JobParams,
    LotteryParams,
    Parameters,
    ReceiptParams,
    StakingParams
} from "../types/Parameters.sol";

/// @title What parameters may be
/// @notice All bounds in one place, and what must hold between parameters of different contracts. The reasons are in
/// `docs/contracts/governance.md`.
library ParameterRules {
    /// Least time to notice a wrong answer and open a challenge.
    uint32 private constant DETECTION = 6 hours;
    /// Time to notice a challenge and recompute a model.
    uint32 private constant RECOMPUTE = 6 hours;
    /// Time to answer somebody else's transaction.
    uint32 private constant REACTION = 6 hours;
    uint32 private constant MAX_WINDOW = 30 days;
    uint32 private constant MAX_DISPUTE_WINDOW = 14 days;
    /// Below it a lock's own part has no half to reward anybody with.
    uint96 private constant MIN_LOCK = 10;

    function requireValid(Parameters memory p, uint32 inclusionDelay) internal pure {
        _staking(p.staking);
        _challenges(p.challenges, inclusionDelay);
        _jobs(p.jobs, inclusionDelay);
        _receipts(p.receipts, inclusionDelay);
        _lottery(p.lottery);
        uint256 window = Math.max(p.jobs.challengeWindow, p.receipts.challengeWindow);
        uint32 least = worstCaseFinality(p.challenges, uint32(window), L_MAX) + UNBONDING_BUFFER;
        require(p.staking.unbonding > least, IGovernedParameters.UnbondingTooShort(p.staking.unbonding, least));
    }

    function worstCaseFinality(
        ChallengeParams memory p,
        uint32 challengeWindow,
        uint8 depth
    ) internal pure returns (uint32) {
        uint256 sum = uint256(challengeWindow) + p.refutationWindow + p.airGap;
        sum += uint256(depth) * (uint256(p.supplyWindow) + p.graceWindow);
        return uint32(Math.min(sum, type(uint32).max));
    }

    function _staking(StakingParams memory p) private pure {
        _bound("unbonding", p.unbonding, 1 days, 365 days);
        _bound("commissionDelay", p.commissionDelay, 1 days, 90 days);
        _bound("jailTime", p.jailTime, 1 hours, 30 days);
        _bound("strikesToJail", p.strikesToJail, 1, type(uint8).max);
        _bound("minDelegation", p.minDelegation, 1, type(uint96).max);
    }

    function _jobs(JobParams memory p, uint32 inclusionDelay) private pure {
        _window("jobs.challengeWindow", p.challengeWindow, 2 * inclusionDelay + DETECTION, MAX_WINDOW);
        _bound("maxDuration", p.maxDuration, 1 minutes, 30 days);
        _bound("lockFloor", p.lockFloor, MIN_LOCK, type(uint96).max);
        _bound("auditShare", p.auditShare, 0, 2_000);
        _bound("missPenalty", p.missPenalty, 0, 1_000);
        _bound("maxCallbackGas", p.maxCallbackGas, 0, 5_000_000);
    }

    function _receipts(ReceiptParams memory p, uint32 inclusionDelay) private pure {
        _window("receipts.challengeWindow", p.challengeWindow, 2 * inclusionDelay + DETECTION, MAX_WINDOW);
        _bound("maxReservation", p.maxReservation, 1 hours, 30 days);
        _bound("payerThaw", p.payerThaw, 1 days, 90 days);
        _bound("reservationFloor", p.reservationFloor, MIN_LOCK, type(uint96).max);
    }

    function _challenges(ChallengeParams memory p, uint32 inclusionDelay) private pure {
        _window("refutationWindow", p.refutationWindow, 2 * inclusionDelay + RECOMPUTE, MAX_DISPUTE_WINDOW);
        _window("supplyWindow", p.supplyWindow, inclusionDelay + REACTION, MAX_DISPUTE_WINDOW);
        _window("graceWindow", p.graceWindow, inclusionDelay + REACTION, MAX_DISPUTE_WINDOW);
        _window("airGap", p.airGap, inclusionDelay, MAX_DISPUTE_WINDOW);
        _bound("bondFloor", p.bondFloor, 1 gwei, 1_000 ether);
        _bound("baseFeeFloor", p.baseFeeFloor, 1, 10_000 gwei);
        _bound("dataPrice", p.dataPrice, 0, 10_000 gwei);
        _bound("priceMultiple", p.priceMultiple, 4, 64);
    }

    function _lottery(LotteryParams memory p) private pure {
        _bound("probability", p.probability, 0, 1_000_000);
        _bound("auditors", p.auditors, 1, 8);
        _bound("auditStake", p.auditStake, MIN_LOCK, type(uint96).max);
    }

    function _window(bytes32 name, uint32 value, uint32 min, uint32 max) private pure {
        require(value >= min, IGovernedParameters.WindowTooShort(name, value, min));
        _bound(name, value, min, max);
    }

    function _bound(bytes32 name, uint256 value, uint256 min, uint256 max) private pure {
        require(value >= min && value <= max, ParameterOutOfBounds(name, value, min, max));
    }
}
