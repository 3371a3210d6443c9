// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { ClaimStatus } from "../types/Claim.sol";
import { JobNeeds, JobTerms } from "../types/Job.sol";
import { JobMoney } from "./JobMoney.sol";

/// @title Jobs whose operator is drawn
abstract contract JobDraws is JobMoney {
    /// @inheritdoc IJobEscrow
    function draw(JobTerms calldata terms) external returns (address operator) {
        (bytes32 jobId, Record storage record) = _jobIn(terms, ClaimStatus.Drawing);
        operator = BOOK.draw(jobId, _needs(terms));
        if (operator == address(0)) return operator;
        uint48 deadline = HUB.time() + terms.duration;
        record.operator = operator;
        record.due = uint40(deadline);
        record.status = ClaimStatus.Assigned;
        record.drawn = true;
        emit JobAssigned(jobId, operator, terms.modelId, deadline);
        STAKING.lockDrawn(operator, jobId, terms.lock);
    }

    /// @inheritdoc IJobEscrow
    function cancel(JobTerms calldata terms) external {
        (bytes32 jobId, Record storage record) = _jobIn(terms, ClaimStatus.Drawing);
        require(msg.sender == terms.consumer, NotConsumer(msg.sender, terms.consumer));
        record.status = ClaimStatus.Refunded;
        emit JobCancelled(jobId, terms.fee);
        _refund(terms);
        BOOK.cancel(jobId);
    }

    /// @inheritdoc IJobEscrow
    function redraw(JobTerms calldata terms) external {
        require(msg.sender == terms.consumer, NotConsumer(msg.sender, terms.consumer));
        (bytes32 jobId, Record storage record) = _miss(terms);
        // A name in the terms stands for whoever was asked first.
        record.status = ClaimStatus.Drawing;
        record.operator = address(0);
        record.due = 0;
        BOOK.place(jobId, terms.modelId);
    }

    /// Takes the job from an operator that missed its deadline.
    function _miss(JobTerms calldata terms) internal returns (bytes32 jobId, Record storage record) {
        (jobId, record) = _jobIn(terms, ClaimStatus.Assigned);
        require(HUB.time() > record.due, DeadlineNotPassed(jobId, record.due));
        BOOK.release(record.operator, terms.modelId, record.drawn);
        uint256 penalty = (uint256(terms.lock) * terms.missPenalty) / BASIS_POINTS;
        emit JobMissed(jobId, record.operator, penalty);
        STAKING.penalise(record.operator, jobId, uint96(penalty));
        STAKING.strike(record.operator);
    }

    function _needs(JobTerms memory terms) internal pure returns (JobNeeds memory) {
        return JobNeeds(terms.modelId, terms.currency, terms.fee, terms.lock, terms.duration);
    }
}
