// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { IAuditLottery } from "../interfaces/IAuditLottery.sol";
import { BlockSeed } from "../libraries/BlockSeed.sol";
import { Roster } from "../libraries/Roster.sol";
import { Audit, Lot, Seat, SeatStatus } from "../types/Audit.sol";
import { ClaimStatus } from "../types/Claim.sol";
import { Job, JobTerms } from "../types/Job.sol";
import { LotteryParams } from "../types/Parameters.sol";
import { AuditStore } from "./AuditStore.sol";

/// @title Which jobs are audited, and by whom
/// @dev All of it follows from one block hash, fixed when the answer was accepted, and from weights that were fixed before: it is
/// the same whoever calls, and whenever. A job whose block is forgotten is not drawn again, because whoever likes could
/// wait for that.
abstract contract AuditDraws is AuditStore {
    using Roster for Roster.List;

    /// Seconds from an answer in which its audit can be started. Not more than the shortest epoch, whose weights are known until
    /// the next one ends; and so short that the 16 bits of the answer's block are enough where blocks take a sixteenth of a
    /// second or longer.
    uint32 private constant DRAW_WINDOW = 1 hours;
    /// Most picks for one audit, those that can't be used included.
    uint256 private constant PICKS = 24;
    uint256 private constant MILLION = 1_000_000;
    uint256 private constant BASIS_POINTS = 10_000;

    struct Ticket {
        Lot lot;
        uint48 answeredAt;
        bytes32 seed;
    }

    mapping(bytes32 modelId => Roster.List) private _rosters;

    /// @inheritdoc IAuditLottery
    function join(bytes32 modelId) external {
        uint32 next = HUB.epoch() + 1;
        uint256 weight = _weigh(modelId, msg.sender, STAKING.drawStakeOf(msg.sender, next), next);
        require(weight != 0, NoDrawStake(msg.sender, next));
    }

    /// @inheritdoc IAuditLottery
    function quit(bytes32 modelId) external {
        _requireListed(modelId, msg.sender);
        _weigh(modelId, msg.sender, 0, HUB.epoch() + 1);
    }

    /// @inheritdoc IAuditLottery
    function refresh(bytes32 modelId, address auditor) external {
        _requireListed(modelId, auditor);
        uint32 next = HUB.epoch() + 1;
        _weigh(modelId, auditor, STAKING.drawStakeOf(auditor, next), next);
    }

    /// @inheritdoc IAuditLottery
    function draw(JobTerms calldata terms) external returns (bytes32 jobId) {
        HUB.requireRunning();
        jobId = JOBS.jobIdOf(terms);
        Job memory job = JOBS.job(jobId);
        LotteryParams memory params = HUB.lotteryParams();
        Ticket memory ticket = _ticketOf(jobId, job, params.probability);
        require(ticket.lot == Lot.Drawn, NotDrawn(jobId, ticket.lot));

        uint48 window = JOBS.challengeWindow();
        Audit memory audit_ = Audit({
            currency: terms.currency,
            pay: _payOf(terms, params),
            commitDeadline: job.challengeDeadline - (3 * window) / 4,
            reportDeadline: job.challengeDeadline - window / 2,
            stake: params.auditStake
        });
        _audits[jobId] = audit_;
        uint32 epoch = uint32(ticket.answeredAt / HUB.EPOCH());
        address[] memory auditors = _seatAuditors(jobId, terms.modelId, job.operator, epoch, ticket.seed, params);
        emit AuditDrawn(jobId, terms.modelId, audit_, auditors);
        JOBS.present(terms);
    }

    /// @inheritdoc IAuditLottery
    function lotOf(bytes32 jobId) external view returns (Lot) {
        return _ticketOf(jobId, JOBS.job(jobId), HUB.lotteryParams().probability).lot;
    }

    /// @inheritdoc IAuditLottery
    function weightOf(bytes32 modelId, address auditor, uint32 epoch) external view returns (uint256) {
        return _rosters[modelId].weightOf(auditor, epoch);
    }

    /// @inheritdoc IAuditLottery
    function totalWeight(bytes32 modelId, uint32 epoch) external view returns (uint256) {
        return _rosters[modelId].total(epoch);
    }

    function _weigh(bytes32 modelId, address auditor, uint96 stake, uint32 from) private returns (uint256 weight) {
        weight = _rosters[modelId].set(auditor, stake, from);
        emit AuditorWeighed(auditor, modelId, from, weight);
    }

    function _seatAuditors(
        bytes32 jobId,
        bytes32 modelId,
        address operator,
        uint32 epoch,
        bytes32 seed,
        LotteryParams memory params
    ) private returns (address[] memory auditors) {
        Roster.List storage roster = _rosters[modelId];
        uint256 total = roster.total(epoch);
        address[] memory found = new address[](params.auditors);
        uint256 count;
        for (uint256 turn; total != 0 && turn < PICKS && count < found.length; ++turn) {
            address auditor = roster.at(epoch, uint256(keccak256(abi.encode(seed, turn))) % total);
            if (auditor == operator) continue;
            bytes32 seatId = seatIdOf(jobId, auditor);
            if (_seats[seatId].status != SeatStatus.None) continue;
            if (STAKING.freeDrawStake(auditor) < params.auditStake) continue;
            found[count++] = auditor;
            Seat storage seat_ = _seats[seatId];
            seat_.jobId = jobId;
            seat_.auditor = auditor;
            seat_.status = SeatStatus.Picked;
            STAKING.lockDrawn(auditor, seatId, params.auditStake);
        }
        require(count != 0, NobodyToAudit(jobId));
        auditors = new address[](count);
        for (uint256 i; i < count; ++i) auditors[i] = found[i];
    }

    function _requireListed(bytes32 modelId, address auditor) private view {
        require(_rosters[modelId].seats[auditor] != 0, NotListed(auditor, modelId));
    }

    function _ticketOf(bytes32 jobId, Job memory job, uint32 probability) private view returns (Ticket memory ticket) {
        if (_audits[jobId].commitDeadline != 0) return Ticket(Lot.Audited, 0, 0);
        if (job.status != ClaimStatus.Answered) return ticket;
        ticket.answeredAt = uint48(Math.saturatingSub(job.challengeDeadline, JOBS.challengeWindow()));
        uint256 seedBlock = BlockSeed.blockOf(job.answeredIn) + BlockSeed.DELAY;
        bytes32 blockHash = BlockSeed.hashOf(seedBlock);
        if (HUB.time() > ticket.answeredAt + DRAW_WINDOW) {
            ticket.lot = Lot.Lapsed;
        } else if (blockHash == 0) {
            ticket.lot = block.number > seedBlock ? Lot.Lapsed : Lot.Pending;
        } else {
            ticket.seed = keccak256(abi.encode(blockHash, address(this), jobId));
            ticket.lot = uint256(ticket.seed) % MILLION < probability ? Lot.Drawn : Lot.Blank;
        }
    }

    /// The expected pay of all auditors together is what the fee brings the pool, so that a fee can't be washed through it.
    function _payOf(JobTerms calldata terms, LotteryParams memory params) private pure returns (uint96) {
        uint256 share = (uint256(terms.fee) * terms.auditShare) / BASIS_POINTS;
        uint256 pay = (share * MILLION) / (uint256(params.probability) * params.auditors);
        return uint96(Math.min(pay, type(uint96).max));
    }
}
