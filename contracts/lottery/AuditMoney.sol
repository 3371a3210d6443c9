// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { IAuditLottery } from "../interfaces/IAuditLottery.sol";
import { IDelegatorFees } from "../interfaces/IDelegatorFees.sol";
import { Seat, SeatStatus } from "../types/Audit.sol";
import { Challenge, ChallengeStatus } from "../types/Challenge.sol";
import { ClaimStatus } from "../types/Claim.sol";
import { PaymentRefused } from "../types/Errors.sol";
import { Reward } from "../types/Reward.sol";
import { AuditReports } from "./AuditReports.sol";

/// @title What becomes of auditors: pay, strikes, lost stakes
/// @notice Earnings are claims on the pool, paid as far as it reaches: a run of luck for auditors makes them wait, and takes
/// nothing from anybody else. All that this contract holds is the pool.
abstract contract AuditMoney is AuditReports, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    address private constant NATIVE = address(0);

    mapping(address auditor => mapping(address currency => uint256)) private _earned;

    /// Only from the escrow, when the pool is collected.
    receive() external payable {
        require(msg.sender == address(JOBS), PaymentRefused(address(this), msg.value));
    }

    /// @inheritdoc IAuditLottery
    function settle(bytes32 jobId, address auditor) external {
        bytes32 seatId = seatIdOf(jobId, auditor);
        Seat storage seat_ = _seats[seatId];
        HUB.requireRunning();
        SeatStatus status = _outcome(seatId, seat_);
        require(status != SeatStatus.None, NotSettleable(jobId, auditor));
        seat_.status = status;
        uint96 pay = status == SeatStatus.Paid ? _audits[jobId].pay : 0;
        if (pay != 0) _earned[auditor][_audits[jobId].currency] += pay;
        emit SeatSettled(jobId, auditor, status, pay);
        if (status == SeatStatus.Slashed) STAKING.slash(auditor, seatId, new Reward[](0));
        else STAKING.unlock(auditor, seatId);
        if (status == SeatStatus.Missed) STAKING.strike(auditor);
    }

    /// @inheritdoc IAuditLottery
    function collect(address auditor, address currency) external nonReentrant {
        HUB.requireRunning();
        uint256 owed = _earned[auditor][currency];
        if (_pool(currency) < owed && JOBS.auditPool(currency) != 0) JOBS.collectAuditPool(currency);
        uint256 amount = Math.min(owed, _pool(currency));
        require(amount != 0, NothingToCollect(auditor, currency));
        _earned[auditor][currency] = owed - amount;
        (address payee, uint256 toDelegators) = PROFILES.feeSplit(auditor, amount);
        emit PayCollected(auditor, currency, payee, amount - toDelegators, toDelegators);
        if (toDelegators != 0) _payDelegators(auditor, currency, toDelegators);
        _send(currency, payee, amount - toDelegators);
    }

    /// @inheritdoc IAuditLottery
    function earned(address auditor, address currency) external view returns (uint256) {
        return _earned[auditor][currency];
    }

    /// How an auditor's part ends now; `None` where it can't yet.
    function _outcome(bytes32 seatId, Seat storage seat_) private view returns (SeatStatus) {
        bytes32 jobId = seat_.jobId;
        bool committed = seat_.status == SeatStatus.Committed;
        if (!committed && seat_.status != SeatStatus.Picked) return SeatStatus.None;
        ClaimStatus claim_ = JOBS.job(jobId).status;
        Challenge memory report;
        if (committed) report = CHALLENGES.challenge(seat_.report);
        bool agrees = report.source == address(this) && report.claimId == seatId;
        if (!agrees && !_objects(report, jobId, seat_.auditor)) {
            if (claim_ == ClaimStatus.Void) return SeatStatus.Released;
            return HUB.time() > _audits[jobId].reportDeadline ? SeatStatus.Missed : SeatStatus.None;
        }
        bool lost = report.status == ChallengeStatus.Refuted || report.status == ChallengeStatus.Unanswered;
        if (lost) return SeatStatus.Slashed;
        if (report.status == ChallengeStatus.Open || claim_ == ClaimStatus.Answered) return SeatStatus.None;
        if (agrees && claim_ == ClaimStatus.Wrong) return SeatStatus.Slashed;
        return
            claim_ == ClaimStatus.Final && report.status != ChallengeStatus.Refunded
                ? SeatStatus.Paid
                : SeatStatus.Released;
    }

    /// Whether a challenge is the auditor's own, against the job, and in time.
    function _objects(Challenge memory report, bytes32 jobId, address auditor) private view returns (bool) {
        if (report.source != address(JOBS) || report.claimId != jobId) return false;
        if (report.openedAt > _audits[jobId].reportDeadline) return false;
        return report.challenger == auditor || report.challenger == PROFILES.workerOf(auditor);
    }

    function _pool(address currency) private view returns (uint256) {
        return currency == NATIVE ? address(this).balance : IERC20(currency).balanceOf(address(this));
    }

    function _payDelegators(address auditor, address currency, uint256 amount) private {
        IDelegatorFees fees = STAKING.delegatorFees();
        if (currency == NATIVE) {
            fees.credit{ value: amount }(auditor, currency, amount);
        } else {
            IERC20(currency).forceApprove(address(fees), amount);
            fees.credit(auditor, currency, amount);
        }
    }

    function _send(address currency, address receiver, uint256 amount) private {
        if (currency == NATIVE) {
            require(LowLevelCall.callNoReturn(receiver, amount, ""), PaymentRefused(receiver, amount));
        } else {
            IERC20(currency).safeTransfer(receiver, amount);
        }
    }
}
