// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import { SafeCast } from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IFinality } from "../interfaces/IFinality.sol";
import { IJobCallback } from "../interfaces/IJobCallback.sol";
import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { IOfferBook } from "../interfaces/IOfferBook.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { ITraceVerifier } from "../interfaces/ITraceVerifier.sol";
import { CappedCall } from "../libraries/CappedCall.sol";
import { TensorTree } from "../libraries/TensorTree.sol";
import { ClaimStatus, ElementOpening } from "../types/Claim.sol";
import { Job, JobRequest, JobTerms, Permit } from "../types/Job.sol";
import { JobParams } from "../types/Parameters.sol";
import { JobClaims } from "./JobClaims.sol";
import { JobDraws } from "./JobDraws.sol";
import { JobStore } from "./JobStore.sol";

/// @title JobEscrow
/// @notice See `IJobEscrow`. The way from request to final answer is here; draws, money and disputes in the contracts it
/// inherits.
contract JobEscrow is JobDraws, JobClaims {
    /// Gas is paid for at this multiple of the base fee of the request's block, because it is spent later.
    uint256 private constant GAS_MARGIN = 2;

    constructor(
        IOfferBook offerBook_,
        ITraceVerifier verifier_,
        IFinality challengeManager_
    ) JobStore(offerBook_, verifier_, challengeManager_) {}

    // ----------------------------------------------------------- offer to answer

    /// @inheritdoc IJobEscrow
    function request(
        JobRequest calldata request_,
        bytes[] calldata inputs
    ) external payable nonReentrant returns (bytes32 jobId) {
        return _request(request_, inputs);
    }

    /// @inheritdoc IJobEscrow
    function requestWithPermit(
        JobRequest calldata request_,
        bytes[] calldata inputs,
        Permit calldata permit
    ) external payable nonReentrant returns (bytes32 jobId) {
        _usePermit(request_.currency, request_.maxFee, permit);
        return _request(request_, inputs);
    }

    /// @inheritdoc IJobEscrow
    function submit(JobTerms calldata terms, bytes[] calldata outputs) external {
        (bytes32 jobId, Record storage record) = _jobIn(terms, ClaimStatus.Assigned);
        address operator = record.operator;
        require(msg.sender == PROFILES.workerOf(operator), NotOperator(msg.sender, operator));
        (uint48 time, JobParams memory params) = HUB.jobClock();
        require(time <= record.due, DeadlinePassed(jobId, record.due));

        bytes32 outputsRoot = _listHash(terms.modelId, true, outputs);
        uint48 challengeDeadline = time + params.challengeWindow;
        record.outputsRoot = outputsRoot;
        record.due = uint40(challengeDeadline);
        record.answeredIn = uint16(block.number);
        record.status = ClaimStatus.Answered;
        BOOK.release(operator, terms.modelId, record.drawn);
        emit JobAnswered(jobId, operator, terms.modelId, challengeDeadline, outputsRoot, outputs);
    }

    /// @inheritdoc IJobEscrow
    function decline(JobTerms calldata terms, ElementOpening calldata opening) external {
        (bytes32 jobId, Record storage record) = _jobIn(terms, ClaimStatus.Assigned);
        address operator = record.operator;
        require(msg.sender == operator || msg.sender == PROFILES.workerOf(operator), NotOperator(msg.sender, operator));

        VERIFIER.outsideDomain(terms.modelId, terms.inputsRoot, opening);
        record.status = ClaimStatus.Refunded;
        BOOK.release(operator, terms.modelId, record.drawn);
        emit JobDeclined(jobId, operator, terms.fee, opening.tensor, opening.element);
        _refund(terms);
        STAKING.unlock(operator, jobId);
    }

    /// @inheritdoc IJobEscrow
    function expire(JobTerms calldata terms) external {
        (bytes32 jobId, Record storage record) = _miss(terms);
        record.status = ClaimStatus.Refunded;
        emit JobExpired(jobId, record.operator, terms.fee);
        _refund(terms);
    }

    // ---------------------------------------------------------------- settlement

    /// @inheritdoc IJobEscrow
    function finalise(JobTerms calldata terms, bytes[] calldata outputs) external {
        (bytes32 jobId, Record storage record) = _jobIn(terms, ClaimStatus.Answered);
        require(HUB.runningTime() > record.due, WindowOpen(jobId, record.due));
        require(record.openChallenges == 0, Challenged(jobId, record.openChallenges));
        bool wanted = terms.callback != address(0);
        if (wanted) _requireAnswered(terms.modelId, outputs, record.outputsRoot);
        else require(outputs.length == 0, OutputsMismatch(0, record.outputsRoot));

        record.status = ClaimStatus.Final;
        _payOut(jobId, record.operator, terms);
        STAKING.unlock(record.operator, jobId);
        if (!wanted) return;
        _credit(NATIVE, msg.sender, terms.callbackFee);
        // The last act, so that whatever the callback calls finds the job settled.
        if (CappedCall.attempt(terms.callback, terms.callbackGas, _message(jobId, outputs))) {
            emit AnswerDelivered(jobId, terms.callback);
        } else {
            _undelivered[jobId] = true;
            emit DeliveryFailed(jobId, terms.callback);
        }
    }

    /// @inheritdoc IJobEscrow
    function deliver(JobTerms calldata terms, bytes[] calldata outputs) external {
        (bytes32 jobId, Record storage record) = _jobIn(terms, ClaimStatus.Final);
        require(_undelivered[jobId], NothingToDeliver(jobId));
        _requireAnswered(terms.modelId, outputs, record.outputsRoot);
        _undelivered[jobId] = false;
        emit AnswerDelivered(jobId, terms.callback);
        require(
            LowLevelCall.callNoReturn(terms.callback, _message(jobId, outputs)),
            DeliveryRefused(jobId, terms.callback)
        );
    }

    // --------------------------------------------------------------------- views

    /// @inheritdoc IJobEscrow
    function job(bytes32 jobId) external view returns (Job memory) {
        Record storage record = _records[jobId];
        bool answered = record.outputsRoot != 0;
        uint96 locked = _lockOf(jobId, record.operator).amount;
        return
            Job({
                status: record.status,
                operator: record.operator,
                drawn: record.drawn,
                deadline: answered ? 0 : record.due,
                challengeDeadline: answered ? record.due : 0,
                openChallenges: record.openChallenges,
                answeredIn: record.answeredIn,
                outputsRoot: record.outputsRoot,
                lock: locked,
                undelivered: _undelivered[jobId]
            });
    }

    /// @inheritdoc IJobEscrow
    function nonceOf(address consumer) external view returns (uint64) {
        return _nonces[consumer];
    }

    /// @inheritdoc IJobEscrow
    function offerBook() external view returns (IOfferBook) {
        return BOOK;
    }

    /// @inheritdoc IJobEscrow
    function registry() external view returns (IModelRegistry) {
        return REGISTRY;
    }

    /// @inheritdoc IJobEscrow
    function staking() external view returns (IOperatorStaking) {
        return STAKING;
    }

    /// @inheritdoc IClaimSource
    function challengeWindow() external view returns (uint32) {
        return HUB.jobParams().challengeWindow;
    }

    /// @inheritdoc IJobEscrow
    function jobIdOf(JobTerms calldata terms) external view returns (bytes32) {
        return _idOf(terms);
    }

    /// @inheritdoc IJobEscrow
    function gasFee(uint256 gas, uint256 baseFee) public pure returns (uint256) {
        return gas * baseFee * GAS_MARGIN;
    }

    // ------------------------------------------------------------------ internal

    function _request(JobRequest calldata request_, bytes[] calldata inputs) private returns (bytes32 jobId) {
        (JobTerms memory terms, uint48 time) = _terms(request_, inputs);
        jobId = _idOf(terms);
        bool named = terms.operator != address(0);
        uint48 deadline = named ? time + terms.duration : 0;
        Record storage record = _records[jobId];
        record.operator = terms.operator;
        record.due = uint40(deadline);
        record.status = named ? ClaimStatus.Assigned : ClaimStatus.Drawing;
        emit JobRequested(jobId, terms.operator, terms.modelId, terms, deadline, inputs);
        if (named) STAKING.lock(terms.operator, jobId, terms.lock);
        else BOOK.place(jobId, terms.modelId);
        _collect(terms);
    }

    function _terms(
        JobRequest calldata request_,
        bytes[] calldata inputs
    ) private returns (JobTerms memory terms, uint48 time) {
        bytes32 modelId = request_.modelId;
        bool open;
        (open, terms.publisher, terms.royalty) = REGISTRY.claimTerms(modelId);
        require(open, ModelClosed(modelId));
        terms.modelId = modelId;
        terms.operator = request_.operator;
        terms.consumer = msg.sender;
        terms.nonce = _nonces[msg.sender]++;
        terms.inputsRoot = _listHash(modelId, false, inputs);
        terms.currency = request_.currency;
        terms.fee = request_.maxFee;
        terms.lock = request_.lock;
        terms.duration = request_.duration;
        time = _applyParameters(terms, request_.callbackGas);
        if (request_.callback != address(0)) {
            terms.callback = request_.callback;
            terms.callbackGas = request_.callbackGas;
            terms.callbackFee = SafeCast.toUint80(gasFee(request_.callbackGas, block.basefee));
        }
        if (terms.operator == address(0)) {
            require(HUB.isCurrency(terms.currency), CurrencyNotListed(terms.currency));
        } else {
            uint32 answerGas;
            (terms.fee, answerGas) = BOOK.take(terms.operator, _needs(terms));
            terms.gasFee = SafeCast.toUint80(gasFee(answerGas, block.basefee));
        }
    }

    /// Judges what is asked by the parameters in force, and takes down those that the job keeps.
    function _applyParameters(JobTerms memory terms, uint32 callbackGas) private view returns (uint48 time) {
        JobParams memory params;
        (time, params) = HUB.jobClock();
        require(terms.lock >= params.lockFloor, LockTooSmall(terms.lock, params.lockFloor));
        require(terms.duration <= params.maxDuration, DurationTooLong(terms.duration, params.maxDuration));
        require(callbackGas <= params.maxCallbackGas, CallbackGasTooHigh(callbackGas, params.maxCallbackGas));
        terms.auditShare = params.auditShare;
        terms.missPenalty = params.missPenalty;
    }

    function _message(bytes32 jobId, bytes[] calldata outputs) private pure returns (bytes memory) {
        return abi.encodeCall(IJobCallback.onAnswer, (jobId, outputs));
    }

    function _requireAnswered(bytes32 modelId, bytes[] calldata outputs, bytes32 answered) private view {
        bytes32 given = _listHash(modelId, true, outputs);
        require(given == answered, OutputsMismatch(given, answered));
    }

    /// Inputs root or outputs root of exactly the model's tensors.
    function _listHash(bytes32 modelId, bool output, bytes[] calldata tensors) private view returns (bytes32) {
        uint256[] memory sizes = REGISTRY.tensorBytes(modelId, output);
        uint256 count = sizes.length;
        require(tensors.length == count, TensorCount(tensors.length, count));
        bytes32[] memory roots = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            bytes calldata data = tensors[i];
            require(data.length == sizes[i], TensorBytes(i, data.length, sizes[i]));
            roots[i] = TensorTree.rootOf(data);
        }
        return keccak256(abi.encodePacked(roots));
    }
}
