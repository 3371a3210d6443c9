// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { IAuthority } from "@openzeppelin/contracts/access/manager/IAuthority.sol";

import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IProtocolClock } from "../interfaces/IProtocolClock.sol";
import { Challenge, ChallengeStatus, Contest, Verdict } from "../types/Challenge.sol";
import { ClaimStatus } from "../types/Claim.sol";
import { SupplyDesk } from "./SupplyDesk.sol";

/// @title Settlement of claims by the challenges against them
/// @dev Wrong outranks void. Nobody can stand in the way for longer than a dispute can last: every challenge of a claim
/// was opened in its challenge window.
abstract contract ContestDesk is SupplyDesk {
    /// @notice Most challenges that share the reward for one claim.
    uint256 public constant MAX_SHARERS = 8;
    /// @notice Seconds after the first sharer's opening in which others join it.
    uint32 public constant SHARING_WINDOW = 1 hours;

    /// Challenges that `execute` itself looks at.
    uint256 private constant COUNT_STEPS = 64;

    /// @inheritdoc IChallengeManager
    function resolve(bytes32 challengeId) external {
        Challenge storage c = _require(challengeId, ChallengeStatus.Open);
        uint48 time = HUB.time();
        require(time > c.lastDeadline, DeadlinesRunning(challengeId, c.lastDeadline));
        require(c.outstanding == 0, DemandsUnanswered(challengeId, c.outstanding));
        uint48 executableAt = time + c.airGap;
        c.status = ChallengeStatus.Upheld;
        c.executableAt = executableAt;
        emit ChallengeUpheld(challengeId, c.verdict, executableAt);
    }

    /// @inheritdoc IChallengeManager
    function execute(bytes32 challengeId) external {
        Challenge storage c = _require(challengeId, ChallengeStatus.Upheld);
        uint48 time = HUB.runningTime();
        require(time >= c.executableAt, AirGapRunning(challengeId, c.executableAt));
        ContestState storage contest_ = _contests[c.source][c.claimId];
        IClaimSource source = IClaimSource(c.source);
        if (_isSettled(c)) {
            _settle(challengeId, c);
        } else if (c.verdict == Verdict.Wrong) {
            _fixSharers(challengeId, contest_, time);
            address[] memory sharers = contest_.sharers;
            contest_.summary.settled = true;
            contest_.summary.outcome = Verdict.Wrong;
            emit ContestExecuted(c.source, c.claimId, challengeId, Verdict.Wrong, sharers);
            _settle(challengeId, c);
            source.settleWrong(c.claimId, sharers);
        } else {
            uint48 deadline = contest_.summary.challengeDeadline;
            require(time > deadline, ChallengeWindowOpen(challengeId, deadline));
            _requireNoWrong(challengeId, contest_, time);
            emit ContestExecuted(c.source, c.claimId, challengeId, Verdict.Void, new address[](0));
            _settle(challengeId, c);
            _settleVoid(source, c.claimId);
        }
    }

    /// @inheritdoc IChallengeManager
    function countSharers(IClaimSource source, bytes32 claimId, uint256 steps) external {
        _count(_contests[address(source)][claimId], steps, HUB.time());
    }

    /// @inheritdoc IChallengeManager
    function settle(bytes32 challengeId) external {
        Challenge storage c = _challenges[challengeId];
        require(
            c.status == ChallengeStatus.Open || c.status == ChallengeStatus.Upheld,
            WrongChallengeStatus(challengeId, c.status, ChallengeStatus.Upheld)
        );
        require(_isSettled(c), ClaimNotSettled(c.source, c.claimId));
        _settle(challengeId, c);
    }

    /// @inheritdoc IChallengeManager
    function emergencyVoid(bytes32[] calldata challengeIds) external {
        // The hub's authority decides. What has a delay there is scheduled and executed by the authority itself.
        address authority = IAccessManaged(address(HUB)).authority();
        bool allowed = IAuthority(authority).canCall(msg.sender, address(this), msg.sig);
        require(allowed, IAccessManaged.AccessManagedUnauthorized(msg.sender));
        require(HUB.isPaused(), IProtocolClock.NotPaused());
        for (uint256 i; i < challengeIds.length; ++i) {
            Challenge storage c = _challenges[challengeIds[i]];
            if (c.status != ChallengeStatus.Open && c.status != ChallengeStatus.Upheld) continue;
            if (!_isSettled(c)) _settleVoid(IClaimSource(c.source), c.claimId);
            // What the bond has lent for answered demands goes back to who made them, with `refundDemand`.
            uint256 refund = c.bond - c.paid;
            emit ChallengeVoided(challengeIds[i], refund);
            _credit(c.challenger, refund);
            _close(c, ChallengeStatus.Refunded);
        }
    }

    /// @dev Adds a challenge that has just been opened.
    function _enter(bytes32 challengeId, Challenge memory c, uint48 challengeDeadline) internal {
        ContestState storage contest_ = _contests[c.source][c.claimId];
        contest_.summary.challengeDeadline = challengeDeadline;
        if (c.verdict != Verdict.Wrong) return;
        contest_.wrongs.push(challengeId);
    }

    function _settleVoid(IClaimSource source, bytes32 claimId) internal {
        Contest storage summary = _contests[address(source)][claimId].summary;
        summary.settled = true;
        summary.outcome = Verdict.Void;
        source.settleVoid(claimId);
    }

    function _settle(bytes32 challengeId, Challenge storage c) private {
        emit ChallengeSettled(challengeId, c.bond, c.held);
        _credit(c.challenger, uint256(c.bond) + c.held);
        _close(c, ChallengeStatus.Settled);
    }

    /// By a challenge to this claim, or with another claim that shared its stake.
    function _isSettled(Challenge storage c) private view returns (bool) {
        if (_contests[c.source][c.claimId].summary.settled) return true;
        return IClaimSource(c.source).claim(c.claimId).status != ClaimStatus.Answered;
    }

    function _fixSharers(bytes32 challengeId, ContestState storage contest_, uint48 time) private {
        _count(contest_, COUNT_STEPS, time);
        if (contest_.summary.sharersFixed) return;
        uint256 counted = contest_.summary.counted;
        bytes32 next = contest_.wrongs[counted];
        require(!_isUndecided(_challenges[next], time), SharerUndecided(challengeId, next));
        revert SharersNotCounted(challengeId, contest_.wrongs.length - counted);
    }

    function _requireNoWrong(bytes32 challengeId, ContestState storage contest_, uint48 time) private {
        _count(contest_, COUNT_STEPS, time);
        uint256 counted = contest_.summary.counted;
        require(contest_.summary.firstOpenedAt == 0, WrongsStand(challengeId, 0));
        if (counted == contest_.wrongs.length) return;
        bytes32 next = contest_.wrongs[counted];
        require(!_isUndecided(_challenges[next], time), WrongsStand(challengeId, next));
        revert SharersNotCounted(challengeId, contest_.wrongs.length - counted);
    }

    /// Looks at challenges in opening order: passes the lost ones, collects the upheld ones, stops at the first
    /// undecided.
    function _count(ContestState storage contest_, uint256 steps, uint48 time) private {
        Contest memory summary = contest_.summary;
        uint256 total = contest_.wrongs.length;
        for (; steps != 0 && !summary.sharersFixed && summary.counted < total; --steps) {
            Challenge storage c = _challenges[contest_.wrongs[summary.counted]];
            if (summary.firstOpenedAt != 0 && c.openedAt > summary.firstOpenedAt + SHARING_WINDOW) {
                summary.sharersFixed = true;
                break;
            }
            if (_isUndecided(c, time)) break;
            ++summary.counted;
            if (c.status == ChallengeStatus.Upheld) {
                if (summary.firstOpenedAt == 0) summary.firstOpenedAt = c.openedAt;
                contest_.sharers.push(c.challenger);
                summary.sharersFixed = contest_.sharers.length == MAX_SHARERS;
            }
        }
        // Whoever opens now is too late: the first sharer's refutation window alone is longer than the sharing window.
        if (summary.counted == total && summary.firstOpenedAt != 0) summary.sharersFixed = true;
        contest_.summary = summary;
    }

    /// Whether the challenge could still become a sharer, or cease to be one.
    function _isUndecided(Challenge storage c, uint48 time) private view returns (bool) {
        return c.status == ChallengeStatus.Open || (c.status == ChallengeStatus.Upheld && time < c.executableAt);
    }
}
