// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { Challenge, ChallengeStatus, Contest, Verdict } from "../types/Challenge.sol";
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
        require(block.timestamp > c.lastDeadline, DeadlinesRunning(challengeId, c.lastDeadline));
        require(c.outstanding == 0, DemandsUnanswered(challengeId, c.outstanding));
        uint48 executableAt = uint48(block.timestamp) + c.airGap;
        c.status = ChallengeStatus.Upheld;
        c.executableAt = executableAt;
        emit ChallengeUpheld(challengeId, c.verdict, executableAt);
    }

    /// @inheritdoc IChallengeManager
    function execute(bytes32 challengeId) external {
        Challenge storage c = _require(challengeId, ChallengeStatus.Upheld);
        require(block.timestamp >= c.executableAt, AirGapRunning(challengeId, c.executableAt));
        ContestState storage contest_ = _contests[c.source][c.claimId];
        IClaimSource source = IClaimSource(c.source);
        if (contest_.summary.settled) {
            _settle(challengeId, c);
        } else if (c.verdict == Verdict.Wrong) {
            _fixSharers(challengeId, contest_);
            address[] memory sharers = contest_.sharers;
            contest_.summary.settled = true;
            contest_.summary.outcome = Verdict.Wrong;
            emit ContestExecuted(c.source, c.claimId, challengeId, Verdict.Wrong, sharers);
            _settle(challengeId, c);
            source.settleWrong(c.claimId, sharers);
        } else {
            uint48 deadline = contest_.summary.challengeDeadline;
            require(block.timestamp > deadline, ChallengeWindowOpen(challengeId, deadline));
            _requireNoWrong(challengeId, contest_);
            emit ContestExecuted(c.source, c.claimId, challengeId, Verdict.Void, new address[](0));
            _settle(challengeId, c);
            _settleVoid(source, c.claimId);
        }
    }

    /// @inheritdoc IChallengeManager
    function countSharers(IClaimSource source, bytes32 claimId, uint256 steps) external {
        _count(_contests[address(source)][claimId], steps);
    }

    /// @inheritdoc IChallengeManager
    function settle(bytes32 challengeId) external {
        Challenge storage c = _challenges[challengeId];
        require(
            c.status == ChallengeStatus.Open || c.status == ChallengeStatus.Upheld,
            WrongChallengeStatus(challengeId, c.status, ChallengeStatus.Upheld)
        );
        require(_contests[c.source][c.claimId].summary.settled, ClaimNotSettled(c.source, c.claimId));
        _settle(challengeId, c);
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

    function _fixSharers(bytes32 challengeId, ContestState storage contest_) private {
        _count(contest_, COUNT_STEPS);
        if (contest_.summary.sharersFixed) return;
        uint256 counted = contest_.summary.counted;
        bytes32 next = contest_.wrongs[counted];
        require(!_isUndecided(_challenges[next]), SharerUndecided(challengeId, next));
        revert SharersNotCounted(challengeId, contest_.wrongs.length - counted);
    }

    function _requireNoWrong(bytes32 challengeId, ContestState storage contest_) private {
        _count(contest_, COUNT_STEPS);
        uint256 counted = contest_.summary.counted;
        require(contest_.summary.firstOpenedAt == 0, WrongsStand(challengeId, 0));
        if (counted == contest_.wrongs.length) return;
        bytes32 next = contest_.wrongs[counted];
        require(!_isUndecided(_challenges[next]), WrongsStand(challengeId, next));
        revert SharersNotCounted(challengeId, contest_.wrongs.length - counted);
    }

    /// Looks at challenges in opening order: passes the lost ones, collects the upheld ones, stops at the first
    /// undecided.
    function _count(ContestState storage contest_, uint256 steps) private {
        Contest memory summary = contest_.summary;
        uint256 total = contest_.wrongs.length;
        for (; steps != 0 && !summary.sharersFixed && summary.counted < total; --steps) {
            Challenge storage c = _challenges[contest_.wrongs[summary.counted]];
            if (summary.firstOpenedAt != 0 && c.openedAt > summary.firstOpenedAt + SHARING_WINDOW) {
                summary.sharersFixed = true;
                break;
            }
            if (_isUndecided(c)) break;
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
    function _isUndecided(Challenge storage c) private view returns (bool) {
        return
            c.status == ChallengeStatus.Open ||
            (c.status == ChallengeStatus.Upheld && block.timestamp < c.executableAt);
    }
}
