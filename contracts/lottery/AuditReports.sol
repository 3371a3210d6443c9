// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IAuditLottery } from "../interfaces/IAuditLottery.sol";
import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { Audit, Seat, SeatStatus } from "../types/Audit.sol";
import { ChallengeStatus } from "../types/Challenge.sol";
import { Claim, ClaimStatus } from "../types/Claim.sol";
import { AuditDraws } from "./AuditDraws.sol";

/// @title Reports, and what the challenge manager asks about them
/// @dev A report's id binds the account that opens it, so that copying a commitment is worth nothing; and when the first root is
/// shown, nobody can commit any more. A seat keeps nothing of its report's dispute: whoever needs it reads it in the manager.
abstract contract AuditReports is AuditDraws {
    /// @inheritdoc IAuditLottery
    function commit(bytes32 jobId, address auditor, bytes32 report) external {
        require(msg.sender == auditor || msg.sender == PROFILES.workerOf(auditor), NotAuditor(msg.sender, auditor));
        Seat storage seat_ = _seats[seatIdOf(jobId, auditor)];
        SeatStatus status = seat_.status;
        require(status == SeatStatus.Picked, WrongSeatStatus(jobId, auditor, status, SeatStatus.Picked));
        uint48 deadline = _audits[jobId].commitDeadline;
        require(HUB.runningTime() <= deadline, CommitClosed(jobId, deadline));
        seat_.status = SeatStatus.Committed;
        seat_.report = report;
        emit ReportCommitted(jobId, auditor, report);
    }

    /// @inheritdoc IClaimSource
    /// @dev Who opens a challenge that is not the committed report only lends a bond.
    function challengeOpened(bytes32 claimId) external view {
        Seat storage seat_ = _seats[claimId];
        require(seat_.status == SeatStatus.Committed, ClaimNotOpen(claimId));
        Audit storage audit_ = _audits[seat_.jobId];
        uint48 time = HUB.time();
        require(time > audit_.commitDeadline, CommitOpen(seat_.jobId, audit_.commitDeadline));
        require(time <= audit_.reportDeadline, ReportClosed(seat_.jobId, audit_.reportDeadline));
    }

    /// @inheritdoc IClaimSource
    /// @dev A seat does not count what stands against it.
    // solhint-disable-next-line no-empty-blocks
    function challengeClosed(bytes32) external pure {}

    /// @inheritdoc IClaimSource
    /// @dev Verdicts about seats are right.
    function settleWrong(bytes32 claimId, address[] calldata) external pure {
        revert ClaimNotOpen(claimId);
    }

    /// @inheritdoc IClaimSource
    /// @dev Only in an emergency, which is a pause: else an auditor could void its seat by a second, true report, and with it
    /// the dispute about the first.
    function settleVoid(bytes32 claimId) external view {
        require(HUB.isPaused(), ClaimNotOpen(claimId));
    }

    /// @inheritdoc IClaimSource
    /// @dev Seats are claims without outputs. A report can't be closed before it is upheld or lost: until then its seat is open.
    function claim(bytes32 claimId) external view returns (Claim memory claim_) {
        Seat storage seat_ = _seats[claimId];
        if (seat_.status == SeatStatus.None) return claim_;
        claim_ = JOBS.claim(seat_.jobId);
        uint48 deadline = _audits[seat_.jobId].reportDeadline;
        bool open = HUB.time() <= deadline || CHALLENGES.challenge(seat_.report).status == ChallengeStatus.Open;
        claim_.status = open ? ClaimStatus.Answered : ClaimStatus.Final;
        claim_.outputsRoot = 0;
        claim_.lock = STAKING.lockOf(address(this), seat_.auditor, claimId).amount;
        claim_.challengeDeadline = deadline;
        claim_.openChallenges = 0;
    }

    /// @inheritdoc IClaimSource
    function challengeManager() external view returns (address) {
        return address(CHALLENGES);
    }

    /// @inheritdoc IClaimSource
    function challengeWindow() external view returns (uint32) {
        return JOBS.challengeWindow() / 2;
    }
}
