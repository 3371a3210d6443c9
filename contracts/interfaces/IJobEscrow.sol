// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IClaimSource } from "./IClaimSource.sol";
import { IModelRegistry } from "./IModelRegistry.sol";
import { IOperatorStaking } from "./IOperatorStaking.sol";
import { ClaimStatus, ElementOpening } from "../types/Claim.sol";

/// @notice Immutable parameters of the job escrow.
/// @param challengeWindow Seconds from an answer until it can become final.
/// @param maxDuration Longest time that a request may give the operator; bounds how long a job can hold stake.
/// @param lockFloor Least stake behind a job, in stake tokens: it has to cover what a challenge costs.
struct JobParams {
    uint32 challengeWindow;
    uint32 maxDuration;
    uint96 lockFloor;
}

/// @notice What an operator asks and grants for jobs on one model.
struct Offer {
    /// Fee for one job, in native coin.
    uint80 price;
    /// Most stake that one job may lock.
    uint96 maxLock;
    /// Shortest time to answer that it accepts, in seconds.
    uint32 minDuration;
    /// Most jobs on this model that may wait for its answer at a time.
    uint16 concurrency;
    bool open;
}

/// @notice What a job is about; its hash, with chain and contract, is the job's id.
struct JobTerms {
    bytes32 modelId;
    address operator;
    address consumer;
    /// Counts the consumer's jobs, from 0.
    uint256 nonce;
    bytes32 inputsRoot;
    uint80 fee;
    uint96 lock;
    /// Seconds from the request until the answer is due.
    uint32 duration;
}

/// @notice A job.
struct Job {
    ClaimStatus status;
    address consumer;
    address operator;
    bytes32 modelId;
    bytes32 inputsRoot;
    bytes32 outputsRoot;
    uint80 fee;
    /// Stake tokens that back the job; zero once it is settled.
    uint96 lock;
    /// Last second in which the answer is accepted.
    uint48 deadline;
    /// Last second in which a challenge may be opened; zero before the answer.
    uint48 challengeDeadline;
    uint32 openChallenges;
}

/// @title Paid inference with the bytes on-chain
/// @notice A consumer names an operator that offers the model, escrows the fee and posts the input bytes; stake is locked at
/// once. The operator's worker posts the output bytes; after an undisputed challenge window the fee is the operator's.
/// Every job pays the operator or refunds the consumer, exactly once.
/// @dev All payments are credits to be withdrawn, so nobody's wallet can stand in the way of a settlement. A deadline's
/// own second still belongs to whoever has to keep it.
interface IJobEscrow is IClaimSource {
    event OfferChanged(
        address indexed operator,
        bytes32 indexed modelId,
        uint256 price,
        uint256 maxLock,
        uint32 minDuration,
        uint16 concurrency,
        bool open
    );
    event JobRequested(
        bytes32 indexed jobId,
        address indexed operator,
        bytes32 indexed modelId,
        JobTerms terms,
        uint48 deadline,
        bytes[] inputs
    );
    /// @notice The answer is in, and provisional until the challenge deadline has passed without a standing challenge.
    event JobAnswered(
        bytes32 indexed jobId,
        address indexed operator,
        bytes32 indexed modelId,
        uint48 challengeDeadline,
        bytes32 outputsRoot,
        bytes[] outputs
    );
    event JobExpired(bytes32 indexed jobId, address indexed operator, uint256 refund);
    event JobDeclined(bytes32 indexed jobId, address indexed operator, uint256 refund, uint32 input, uint32 element);
    event JobFinalised(bytes32 indexed jobId, address indexed operator, address indexed payee, uint256 fee);
    event Credited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, address receiver, uint256 amount);

    /// @dev The challenge window leaves no time to detect, or the unbonding does not outlast the worst-case finality.
    error WindowTooShort(uint32 value, uint32 min);
    error UnbondingTooShort(uint32 unbonding, uint32 min);
    error ForeignHub(address stakingHub, address managerHub);

    /// @dev The job is not in the state that the call needs.
    error WrongStatus(bytes32 jobId, ClaimStatus status, ClaimStatus needed);
    error ModelClosed(bytes32 modelId);
    error OfferClosed(address operator, bytes32 modelId);
    error OfferBusy(address operator, bytes32 modelId, uint16 concurrency);
    error PriceAbovePayment(uint256 price, uint256 payment);
    error LockOutOfRange(uint256 lock, uint256 min, uint256 max);
    error DurationOutOfRange(uint32 duration, uint32 min, uint32 max);
    error TensorCount(uint256 given, uint256 needed);
    error TensorBytes(uint256 index, uint256 given, uint256 needed);
    error NotOperator(address caller, address operator);
    error DeadlinePassed(bytes32 jobId, uint48 deadline);
    error DeadlineNotPassed(bytes32 jobId, uint48 deadline);
    error WindowOpen(bytes32 jobId, uint48 challengeDeadline);
    error Challenged(bytes32 jobId, uint32 openChallenges);
    /// @dev The opened element lies inside the domain, so there is no reason to decline.
    error InsideDomain(uint32 input, uint32 element, uint64 bits);
    error NothingToWithdraw(address account);

    /// @notice Posts or changes the caller's terms for a model. Running jobs keep theirs.
    /// @dev Caller: an owner; its worker can't change terms.
    function setOffer(bytes32 modelId, Offer calldata offer) external;

    /// @notice Asks `operator` to run a model. The value sent is the most the caller pays: what the offer does not ask is
    /// credited back.
    /// @dev Requires: the model accepts claims; the offer is open with room for a job; every input has exactly the bytes of
    /// its spec; `lock` lies between the floor and the offer's maximum, and the operator has it free; `duration` between the
    /// offer's minimum and the maximum. Effects: stake locked, fee escrowed, inputs emitted.
    /// @param inputs Elements of every unbound input, row-major and big-endian, in graph order.
    /// @param duration Seconds until the answer is due.
    /// @return jobId See `jobIdOf`.
    function request(
        bytes32 modelId,
        address operator,
        bytes[] calldata inputs,
        uint96 lock,
        uint32 duration
    ) external payable returns (bytes32 jobId);

    /// @notice Answers a job.
    /// @dev Worker of the job's operator only; until the deadline. The outputs root is computed here, from these bytes.
    function submit(bytes32 jobId, bytes[] calldata outputs) external;

    /// @notice Refuses a job by showing one input element outside the model's domain: fee back, stake free, no penalty.
    /// @dev Worker or owner of the job's operator only; until the deadline.
    function decline(bytes32 jobId, ElementOpening calldata opening) external;

    /// @notice Refunds a job whose deadline passed without an answer. Anybody may call.
    function expire(bytes32 jobId) external;

    /// @notice Pays the operator when the challenge window has passed and no challenge stands. Anybody may call.
    function finalise(bytes32 jobId) external;

    /// @notice Pays what is credited to `account`, to that account. Anybody may call.
    function withdraw(address payable account) external;

    /// @notice Pays what is credited to the caller to `receiver`.
    function withdrawTo(address payable receiver) external;

    /// @notice A job; never reverts, an unknown id has status `None`.
    function job(bytes32 jobId) external view returns (Job memory);

    /// @notice The terms of `operator` for a model, and how many jobs wait for its answer.
    function offerOf(address operator, bytes32 modelId) external view returns (Offer memory offer, uint16 waiting);

    /// @notice The id of a job on this chain and contract: a hash of all that matters, so that a reorganisation can't swap two.
    function jobIdOf(JobTerms memory terms) external view returns (bytes32);

    /// @notice Number of jobs that `consumer` has requested; the next request's nonce.
    function nonceOf(address consumer) external view returns (uint256);

    function creditOf(address account) external view returns (uint256);

    function registry() external view returns (IModelRegistry);

    function staking() external view returns (IOperatorStaking);

    function parameters() external view returns (JobParams memory);
}
