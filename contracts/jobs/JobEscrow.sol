// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import { IFinality } from "../interfaces/IFinality.sol";
import { IHub } from "../interfaces/IHub.sol";
import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IJobEscrow, Job, JobParams, JobTerms, Offer } from "../interfaces/IJobEscrow.sol";
import { IModelRegistry, InputTensor, OutputTensor } from "../interfaces/IModelRegistry.sol";
import { IOperatorProfiles } from "../interfaces/IOperatorProfiles.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { ClaimTensors } from "../libraries/ClaimTensors.sol";
import { Domain } from "../libraries/Domain.sol";
import { SlashSplit } from "../libraries/SlashSplit.sol";
import { TensorTree } from "../libraries/TensorTree.sol";
import { Claim, ClaimStatus, ElementOpening } from "../types/Claim.sol";
import { DType } from "../types/DType.sol";
import { NotAContract, ParameterOutOfBounds, PaymentRefused, ZeroAddress } from "../types/Errors.sol";
import { L_MAX, UNBONDING_BUFFER } from "../types/Limits.sol";
import { Lock } from "../types/Stake.sol";

/// @title JobEscrow
/// @notice See `IJobEscrow`.
/// @dev Invariants: the coin balance is at least the fees of all jobs that are assigned or answered, plus all credits; a job
/// has a standing lock exactly while it is assigned or answered.
contract JobEscrow is IJobEscrow {
    /// Least time to notice a wrong answer and open a challenge, beside two inclusion delays.
    uint32 private constant MIN_DETECTION = 6 hours;
    uint32 private constant MAX_WINDOW = 30 days;
    uint32 private constant MIN_DURATION = 1 minutes;
    uint32 private constant MAX_DURATION = 30 days;

    /// Terms and the number of jobs that wait for an answer, in one slot.
    struct OfferRecord {
        uint80 price;
        uint96 maxLock;
        uint32 minDuration;
        uint16 concurrency;
        uint16 waiting;
        bool open;
    }

    /// Five slots, the last written by the answer. The lock is kept by the staking contract under the job's id.
    struct JobRecord {
        address consumer;
        uint48 deadline;
        uint48 challengeDeadline;
        address operator;
        uint80 fee;
        ClaimStatus status;
        bytes32 modelId;
        bytes32 inputsRoot;
        bytes32 outputsRoot;
    }

    IModelRegistry private immutable REGISTRY;
    IOperatorStaking private immutable STAKING;
    IOperatorProfiles private immutable PROFILES;
    address private immutable CHALLENGE_MANAGER;
    uint32 private immutable CHALLENGE_WINDOW;
    uint32 private immutable LONGEST_DURATION;
    uint96 private immutable LOCK_FLOOR;

    mapping(address operator => mapping(bytes32 modelId => OfferRecord)) private _offers;
    mapping(bytes32 jobId => JobRecord) private _jobs;
    /// Apart from the job, because most jobs are never challenged, and no small number may cap the challenges.
    mapping(bytes32 jobId => uint32) private _openChallenges;
    mapping(address consumer => uint256) private _nonces;
    mapping(address account => uint256) private _credits;

    modifier onlyChallengeManager() {
        require(msg.sender == CHALLENGE_MANAGER, NotChallengeManager(msg.sender, CHALLENGE_MANAGER));
        _;
    }

    constructor(
        IModelRegistry registry_,
        IOperatorStaking staking_,
        IFinality challengeManager_,
        JobParams memory params
    ) {
        require(address(registry_).code.length != 0, NotAContract(address(registry_)));
        require(address(staking_).code.length != 0, NotAContract(address(staking_)));
        require(address(challengeManager_).code.length != 0, NotAContract(address(challengeManager_)));
        IHub hub = staking_.hub();
        IHub managerHub = challengeManager_.hub();
        require(address(hub) == address(managerHub), ForeignHub(address(hub), address(managerHub)));

        uint32 window = params.challengeWindow;
        require(window <= MAX_WINDOW, ParameterOutOfBounds("challengeWindow", window, 0, MAX_WINDOW));
        uint32 leastWindow = 2 * challengeManager_.inclusionDelay() + MIN_DETECTION;
        require(window >= leastWindow, WindowTooShort(window, leastWindow));
        uint32 leastUnbonding = challengeManager_.worstCaseFinality(window, L_MAX) + UNBONDING_BUFFER;
        uint32 unbonding = hub.stakingParams().unbonding;
        require(unbonding > leastUnbonding, UnbondingTooShort(unbonding, leastUnbonding));
        require(
            params.maxDuration >= MIN_DURATION && params.maxDuration <= MAX_DURATION,
            ParameterOutOfBounds("maxDuration", params.maxDuration, MIN_DURATION, MAX_DURATION)
        );
        // Below it a lock's own part has no half to reward anybody with.
        require(params.lockFloor >= 10, ParameterOutOfBounds("lockFloor", params.lockFloor, 10, type(uint96).max));

        REGISTRY = registry_;
        STAKING = staking_;
        PROFILES = staking_.profiles();
        CHALLENGE_MANAGER = address(challengeManager_);
        CHALLENGE_WINDOW = window;
        LONGEST_DURATION = params.maxDuration;
        LOCK_FLOOR = params.lockFloor;
    }

    // ----------------------------------------------------------- offer to answer

    /// @inheritdoc IJobEscrow
    function setOffer(bytes32 modelId, Offer calldata offer) external {
        if (offer.open) {
            require(REGISTRY.acceptsClaims(modelId), ModelClosed(modelId));
            require(offer.concurrency != 0, OfferBusy(msg.sender, modelId, 0));
            require(offer.maxLock >= LOCK_FLOOR, LockOutOfRange(offer.maxLock, LOCK_FLOOR, type(uint96).max));
            require(offer.minDuration <= LONGEST_DURATION, DurationOutOfRange(offer.minDuration, 0, LONGEST_DURATION));
        }
        OfferRecord storage record = _offers[msg.sender][modelId];
        record.price = offer.price;
        record.maxLock = offer.maxLock;
        record.minDuration = offer.minDuration;
        record.concurrency = offer.concurrency;
        record.open = offer.open;
        emit OfferChanged(
            msg.sender,
            modelId,
            offer.price,
            offer.maxLock,
            offer.minDuration,
            offer.concurrency,
            offer.open
        );
    }

    /// @inheritdoc IJobEscrow
    function request(
        bytes32 modelId,
        address operator,
        bytes[] calldata inputs,
        uint96 lock,
        uint32 duration
    ) external payable returns (bytes32 jobId) {
        require(REGISTRY.acceptsClaims(modelId), ModelClosed(modelId));
        JobTerms memory terms = JobTerms({
            modelId: modelId,
            operator: operator,
            consumer: msg.sender,
            nonce: _nonces[msg.sender]++,
            inputsRoot: _inputsRoot(modelId, inputs),
            fee: _takeOffer(operator, modelId, lock, duration),
            lock: lock,
            duration: duration
        });
        jobId = jobIdOf(terms);
        uint48 deadline = uint48(block.timestamp) + duration;

        JobRecord storage record = _jobs[jobId];
        record.consumer = msg.sender;
        record.deadline = deadline;
        record.operator = operator;
        record.fee = terms.fee;
        record.status = ClaimStatus.Assigned;
        record.modelId = modelId;
        record.inputsRoot = terms.inputsRoot;
        _credit(msg.sender, msg.value - terms.fee);
        STAKING.lock(operator, jobId, lock);
        emit JobRequested(jobId, operator, modelId, terms, deadline, inputs);
    }

    /// @inheritdoc IJobEscrow
    function submit(bytes32 jobId, bytes[] calldata outputs) external {
        JobRecord storage record = _waiting(jobId);
        address operator = record.operator;
        require(msg.sender == PROFILES.workerOf(operator), NotOperator(msg.sender, operator));
        require(block.timestamp <= record.deadline, DeadlinePassed(jobId, record.deadline));

        bytes32 modelId = record.modelId;
        bytes32 outputsRoot = _outputsRoot(modelId, outputs);
        uint48 challengeDeadline = uint48(block.timestamp) + CHALLENGE_WINDOW;
        record.outputsRoot = outputsRoot;
        record.challengeDeadline = challengeDeadline;
        record.status = ClaimStatus.Answered;
        --_offers[operator][modelId].waiting;
        emit JobAnswered(jobId, operator, modelId, challengeDeadline, outputsRoot, outputs);
    }

    /// @inheritdoc IJobEscrow
    function decline(bytes32 jobId, ElementOpening calldata opening) external {
        JobRecord storage record = _waiting(jobId);
        address operator = record.operator;
        require(msg.sender == operator || msg.sender == PROFILES.workerOf(operator), NotOperator(msg.sender, operator));
        require(block.timestamp <= record.deadline, DeadlinePassed(jobId, record.deadline));

        InputTensor[] memory specs = REGISTRY.inputs(record.modelId);
        ClaimTensors.requireTensor(opening, specs.length);
        InputTensor memory spec = specs[opening.tensor];
        uint64 bits = ClaimTensors.read(opening, record.inputsRoot, spec.size, DType.size(spec.dtype));
        require(
            !Domain.contains(spec.dtype, spec.lo, spec.hi, bits),
            InsideDomain(opening.tensor, opening.element, bits)
        );
        uint256 refund = _refund(record);
        emit JobDeclined(jobId, operator, refund, opening.tensor, opening.element);
        STAKING.unlock(operator, jobId);
    }

    /// @inheritdoc IJobEscrow
    function expire(bytes32 jobId) external {
        JobRecord storage record = _waiting(jobId);
        require(block.timestamp > record.deadline, DeadlineNotPassed(jobId, record.deadline));
        uint256 refund = _refund(record);
        emit JobExpired(jobId, record.operator, refund);
        STAKING.unlock(record.operator, jobId);
    }

    // ---------------------------------------------------------------- settlement

    /// @inheritdoc IJobEscrow
    function finalise(bytes32 jobId) external {
        JobRecord storage record = _jobs[jobId];
        require(record.status == ClaimStatus.Answered, WrongStatus(jobId, record.status, ClaimStatus.Answered));
        require(block.timestamp > record.challengeDeadline, WindowOpen(jobId, record.challengeDeadline));
        uint32 standing = _openChallenges[jobId];
        require(standing == 0, Challenged(jobId, standing));

        record.status = ClaimStatus.Final;
        address operator = record.operator;
        uint256 fee = record.fee;
        address payee = PROFILES.payoutOf(operator);
        _credit(payee, fee);
        emit JobFinalised(jobId, operator, payee, fee);
        STAKING.unlock(operator, jobId);
    }

    /// @inheritdoc IClaimSource
    function challengeOpened(bytes32 claimId) external onlyChallengeManager {
        JobRecord storage record = _answered(claimId);
        require(block.timestamp <= record.challengeDeadline, ChallengeWindowClosed(claimId, record.challengeDeadline));
        uint32 standing = ++_openChallenges[claimId];
        emit ClaimChallenged(claimId, standing);
    }

    /// @inheritdoc IClaimSource
    function challengeClosed(bytes32 claimId) external onlyChallengeManager {
        uint32 standing = _openChallenges[claimId];
        require(standing != 0, NoOpenChallenge(claimId));
        _openChallenges[claimId] = --standing;
        emit ClaimChallengeClosed(claimId, standing);
    }

    /// @inheritdoc IClaimSource
    function settleWrong(bytes32 claimId, address[] calldata challengers) external onlyChallengeManager {
        JobRecord storage record = _answered(claimId);
        record.status = ClaimStatus.Wrong;
        address consumer = record.consumer;
        _credit(consumer, record.fee);
        address operator = record.operator;
        Lock memory lock = STAKING.lockOf(address(this), operator, claimId);
        emit ClaimWrong(claimId, operator, lock.amount, record.fee);
        STAKING.slash(operator, claimId, SlashSplit.rewards(lock.own, challengers, consumer));
    }

    /// @inheritdoc IClaimSource
    function settleVoid(bytes32 claimId) external onlyChallengeManager {
        JobRecord storage record = _answered(claimId);
        record.status = ClaimStatus.Void;
        _credit(record.consumer, record.fee);
        emit ClaimVoid(claimId, record.operator, record.fee);
        STAKING.unlock(record.operator, claimId);
    }

    // ------------------------------------------------------------------ payments

    /// @inheritdoc IJobEscrow
    function withdraw(address payable account) external {
        _withdraw(account, account);
    }

    /// @inheritdoc IJobEscrow
    function withdrawTo(address payable receiver) external {
        require(receiver != address(0), ZeroAddress());
        _withdraw(msg.sender, receiver);
    }

    // --------------------------------------------------------------------- views

    /// @inheritdoc IClaimSource
    function claim(bytes32 claimId) external view returns (Claim memory) {
        JobRecord storage record = _jobs[claimId];
        uint96 locked = STAKING.lockOf(address(this), record.operator, claimId).amount;
        return
            Claim({
                status: record.status,
                publicInputs: record.status != ClaimStatus.None,
                operator: record.operator,
                consumer: record.consumer,
                modelId: record.modelId,
                inputsRoot: record.inputsRoot,
                outputsRoot: record.outputsRoot,
                lock: locked,
                challengeDeadline: record.challengeDeadline,
                openChallenges: _openChallenges[claimId]
            });
    }

    /// @inheritdoc IJobEscrow
    function job(bytes32 jobId) external view returns (Job memory) {
        JobRecord storage record = _jobs[jobId];
        uint96 locked = STAKING.lockOf(address(this), record.operator, jobId).amount;
        return
            Job({
                status: record.status,
                consumer: record.consumer,
                operator: record.operator,
                modelId: record.modelId,
                inputsRoot: record.inputsRoot,
                outputsRoot: record.outputsRoot,
                fee: record.fee,
                lock: locked,
                deadline: record.deadline,
                challengeDeadline: record.challengeDeadline,
                openChallenges: _openChallenges[jobId]
            });
    }

    /// @inheritdoc IJobEscrow
    function offerOf(address operator, bytes32 modelId) external view returns (Offer memory offer, uint16 waiting) {
        OfferRecord storage record = _offers[operator][modelId];
        offer = Offer({
            price: record.price,
            maxLock: record.maxLock,
            minDuration: record.minDuration,
            concurrency: record.concurrency,
            open: record.open
        });
        waiting = record.waiting;
    }

    /// @inheritdoc IJobEscrow
    function nonceOf(address consumer) external view returns (uint256) {
        return _nonces[consumer];
    }

    /// @inheritdoc IJobEscrow
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
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
    function challengeManager() external view returns (address) {
        return CHALLENGE_MANAGER;
    }

    /// @inheritdoc IClaimSource
    function challengeWindow() external view returns (uint32) {
        return CHALLENGE_WINDOW;
    }

    /// @inheritdoc IJobEscrow
    function parameters() external view returns (JobParams memory) {
        return JobParams({ challengeWindow: CHALLENGE_WINDOW, maxDuration: LONGEST_DURATION, lockFloor: LOCK_FLOOR });
    }

    /// @inheritdoc IJobEscrow
    function jobIdOf(JobTerms memory terms) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), terms));
    }

    // ------------------------------------------------------------------ internal

    function _takeOffer(address operator, bytes32 modelId, uint96 lock, uint32 duration) private returns (uint80 fee) {
        OfferRecord storage offer = _offers[operator][modelId];
        require(offer.open, OfferClosed(operator, modelId));
        require(offer.waiting < offer.concurrency, OfferBusy(operator, modelId, offer.concurrency));
        require(lock >= LOCK_FLOOR && lock <= offer.maxLock, LockOutOfRange(lock, LOCK_FLOOR, offer.maxLock));
        require(
            duration >= offer.minDuration && duration <= LONGEST_DURATION,
            DurationOutOfRange(duration, offer.minDuration, LONGEST_DURATION)
        );
        fee = offer.price;
        require(fee <= msg.value, PriceAbovePayment(fee, msg.value));
        ++offer.waiting;
    }

    function _refund(JobRecord storage record) private returns (uint256 refund) {
        record.status = ClaimStatus.Refunded;
        --_offers[record.operator][record.modelId].waiting;
        refund = record.fee;
        _credit(record.consumer, refund);
    }

    function _credit(address account, uint256 amount) private {
        if (amount == 0) return;
        _credits[account] += amount;
        emit Credited(account, amount);
    }

    function _withdraw(address account, address payable receiver) private {
        uint256 amount = _credits[account];
        require(amount != 0, NothingToWithdraw(account));
        _credits[account] = 0;
        emit Withdrawn(account, receiver, amount);
        require(LowLevelCall.callNoReturn(receiver, amount, ""), PaymentRefused(receiver, amount));
    }

    function _waiting(bytes32 jobId) private view returns (JobRecord storage record) {
        record = _jobs[jobId];
        require(record.status == ClaimStatus.Assigned, WrongStatus(jobId, record.status, ClaimStatus.Assigned));
    }

    function _answered(bytes32 claimId) private view returns (JobRecord storage record) {
        record = _jobs[claimId];
        require(record.status == ClaimStatus.Answered, ClaimNotOpen(claimId));
    }

    function _inputsRoot(bytes32 modelId, bytes[] calldata inputs) private view returns (bytes32) {
        InputTensor[] memory specs = REGISTRY.inputs(modelId);
        require(inputs.length == specs.length, TensorCount(inputs.length, specs.length));
        bytes32[] memory roots = new bytes32[](specs.length);
        for (uint256 i; i < specs.length; ++i) {
            roots[i] = _tensorRoot(inputs[i], i, specs[i].size, specs[i].dtype);
        }
        return keccak256(abi.encodePacked(roots));
    }

    function _outputsRoot(bytes32 modelId, bytes[] calldata outputs) private view returns (bytes32) {
        OutputTensor[] memory specs = REGISTRY.outputs(modelId);
        require(outputs.length == specs.length, TensorCount(outputs.length, specs.length));
        bytes32[] memory roots = new bytes32[](specs.length);
        for (uint256 i; i < specs.length; ++i) {
            roots[i] = _tensorRoot(outputs[i], i, specs[i].size, specs[i].dtype);
        }
        return keccak256(abi.encodePacked(roots));
    }

    function _tensorRoot(bytes calldata data, uint256 index, uint256 size, uint8 dtype) private pure returns (bytes32) {
        uint256 needed = size * DType.size(dtype);
        require(data.length == needed, TensorBytes(index, data.length, needed));
        return TensorTree.rootOf(data);
    }
}
