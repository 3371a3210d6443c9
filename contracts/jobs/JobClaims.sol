// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { SlashSplit } from "../libraries/SlashSplit.sol";
import { Claim, ClaimStatus } from "../types/Claim.sol";
import { JobTerms } from "../types/Job.sol";
import { Lock } from "../types/Stake.sol";
import { JobMoney } from "./JobMoney.sol";

/// @title Jobs as claims
/// @dev Few jobs are ever disputed, so what a dispute needs of the terms is stored only when somebody presents them.
abstract contract JobClaims is JobMoney {
    modifier onlyChallengeManager() {
        require(msg.sender == CHALLENGE_MANAGER, NotChallengeManager(msg.sender, CHALLENGE_MANAGER));
        _;
    }

    /// @inheritdoc IJobEscrow
    function present(JobTerms calldata terms) external {
        bytes32 jobId = _idOf(terms);
        require(_records[jobId].status != ClaimStatus.None, WrongStatus(jobId, ClaimStatus.None, ClaimStatus.Answered));
        if (_disputes[jobId].consumer != address(0)) return;
        _disputes[jobId] = Dispute({
            consumer: terms.consumer,
            fee: terms.fee,
            auditShare: terms.auditShare,
            currency: terms.currency,
            gasFees: uint96(terms.gasFee) + terms.callbackFee,
            modelId: terms.modelId,
            inputsRoot: terms.inputsRoot
        });
        emit JobPresented(jobId);
    }

    /// @inheritdoc IClaimSource
    function challengeOpened(bytes32 claimId) external onlyChallengeManager {
        (Record storage record, ) = _disputed(claimId);
        require(HUB.time() <= record.due, ChallengeWindowClosed(claimId, record.due));
        uint32 standing = ++record.openChallenges;
        emit ClaimChallenged(claimId, standing);
    }

    /// @inheritdoc IClaimSource
    function challengeClosed(bytes32 claimId) external onlyChallengeManager {
        Record storage record = _records[claimId];
        require(record.openChallenges != 0, NoOpenChallenge(claimId));
        uint32 standing = --record.openChallenges;
        emit ClaimChallengeClosed(claimId, standing);
    }

    /// @inheritdoc IClaimSource
    function settleWrong(bytes32 claimId, address[] calldata challengers) external onlyChallengeManager {
        (Record storage record, Dispute storage dispute) = _disputed(claimId);
        record.status = ClaimStatus.Wrong;
        Lock memory lock = _lockOf(claimId, record.operator);
        emit ClaimWrong(claimId, record.operator, lock.amount, _refundAnswered(dispute));
        STAKING.slash(record.operator, claimId, SlashSplit.rewards(lock.own, challengers, dispute.consumer));
    }

    /// @inheritdoc IClaimSource
    function settleVoid(bytes32 claimId) external onlyChallengeManager {
        (Record storage record, Dispute storage dispute) = _disputed(claimId);
        record.status = ClaimStatus.Void;
        emit ClaimVoid(claimId, record.operator, _refundAnswered(dispute));
        STAKING.unlock(record.operator, claimId);
    }

    /// @inheritdoc IClaimSource
    function claim(bytes32 claimId) external view returns (Claim memory claim_) {
        Dispute storage dispute = _disputes[claimId];
        // Without its terms a job is nothing that could be challenged.
        if (dispute.consumer == address(0)) return claim_;
        Record storage record = _records[claimId];
        bool answered = record.outputsRoot != 0;
        uint96 locked = _lockOf(claimId, record.operator).amount;
        return
            Claim({
                status: record.status,
                publicInputs: true,
                operator: record.operator,
                consumer: dispute.consumer,
                modelId: dispute.modelId,
                inputsRoot: dispute.inputsRoot,
                outputsRoot: record.outputsRoot,
                lock: locked,
                challengeDeadline: answered ? record.due : 0,
                openChallenges: record.openChallenges
            });
    }

    /// @inheritdoc IClaimSource
    function challengeManager() external view returns (address) {
        return CHALLENGE_MANAGER;
    }

    function _lockOf(bytes32 claimId, address operator) internal view returns (Lock memory) {
        return STAKING.lockOf(address(this), operator, claimId);
    }

    /// Gives the consumer back what it escrowed, but for the audit share.
    function _refundAnswered(Dispute storage dispute) private returns (uint256 fee) {
        fee = dispute.fee - _payAuditPool(dispute.currency, dispute.fee, dispute.auditShare);
        _refund(dispute.consumer, dispute.currency, fee, dispute.gasFees);
    }

    function _disputed(bytes32 claimId) private view returns (Record storage record, Dispute storage dispute) {
        record = _records[claimId];
        dispute = _disputes[claimId];
        require(record.status == ClaimStatus.Answered && dispute.consumer != address(0), ClaimNotOpen(claimId));
    }
}
