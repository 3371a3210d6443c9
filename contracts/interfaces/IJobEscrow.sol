// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IClaimSource } from "./IClaimSource.sol";
import { IModelRegistry } from "./IModelRegistry.sol";
import { IOfferBook } from "./IOfferBook.sol";
import { IOperatorStaking } from "./IOperatorStaking.sol";
import { ClaimStatus, ElementOpening } from "../types/Claim.sol";
import { Job, JobRequest, JobTerms, Permit } from "../types/Job.sol";

/// @title Paid inference with the bytes on-chain
/// @notice A consumer names an operator that offers the model or has one drawn, escrows the fee and posts the input bytes. The
/// operator's stake is locked when the job is assigned, and its worker posts the output bytes; after an undisputed challenge
/// window the fee is split and the answer delivered. Every job pays the operator or refunds the consumer, exactly once.
/// @dev Of a job's terms only the hash is kept, which is its id: calls about a job bring its terms along, from its
/// `JobRequested` event. All payments are credits to be withdrawn, so nobody's wallet can stand in the way of a
/// settlement. Times are the protocol's; a deadline's own second still belongs to whoever has to keep it.
interface IJobEscrow is IClaimSource {
    /// @notice `operator` and `deadline` are zero where an operator is to be drawn: the offer book places a draw under the job's id.
    event JobRequested(
        bytes32 indexed jobId,
        address indexed operator,
        bytes32 indexed modelId,
        JobTerms terms,
        uint48 deadline,
        bytes[] inputs
    );
    /// @notice An operator was drawn.
    event JobAssigned(bytes32 indexed jobId, address indexed operator, bytes32 indexed modelId, uint48 deadline);
    /// @notice The answer is in, and provisional until the challenge deadline has passed without a standing challenge.
    event JobAnswered(
        bytes32 indexed jobId,
        address indexed operator,
        bytes32 indexed modelId,
        uint48 challengeDeadline,
        bytes32 outputsRoot,
        bytes[] outputs
    );
    /// @notice The operator missed the deadline: `penalty` stake tokens burn, and it has a strike.
    event JobMissed(bytes32 indexed jobId, address indexed operator, uint256 penalty);
    event JobExpired(bytes32 indexed jobId, address indexed operator, uint256 refund);
    event JobCancelled(bytes32 indexed jobId, uint256 refund);
    event JobDeclined(bytes32 indexed jobId, address indexed operator, uint256 refund, uint32 input, uint32 element);
    /// @notice The fee is credited in these parts: to the operator's payout account, its delegators, the publisher and the audit pool.
    event JobFinalised(
        bytes32 indexed jobId,
        address indexed operator,
        address indexed payee,
        uint256 fee,
        uint256 toDelegators,
        uint256 royalty,
        uint256 auditShare
    );
    event AnswerDelivered(bytes32 indexed jobId, address indexed callback);
    /// @notice The callback failed. The answer stays final; `deliver` tries again.
    event DeliveryFailed(bytes32 indexed jobId, address indexed callback);
    /// @notice Disputes know the job from now on.
    event JobPresented(bytes32 indexed jobId);
    event Credited(address indexed account, address indexed currency, uint256 amount);
    event Withdrawn(address indexed account, address indexed currency, address receiver, uint256 amount);
    event AuditPoolCollected(address indexed currency, address indexed collector, uint256 amount);

    /// @dev The contracts that were given belong to different deployments.
    error ForeignHub(address expected, address found);
    /// @dev The job is not in the state that the call needs. An unknown id has none; check the terms.
    error WrongStatus(bytes32 jobId, ClaimStatus status, ClaimStatus needed);
    error ModelClosed(bytes32 modelId);
    error CurrencyNotListed(address currency);
    /// @dev Less native coin was sent than fee, gas and delivery cost together.
    error PaymentTooSmall(uint256 payment, uint256 needed);
    error LockTooSmall(uint256 lock, uint256 min);
    error DurationTooLong(uint32 duration, uint32 max);
    error CallbackGasTooHigh(uint32 callbackGas, uint32 max);
    /// @dev The token delivered another amount than was sent.
    error TransferMismatch(uint256 expected, uint256 received);
    /// @dev The token refused the permit, and no allowance was there.
    error PermitRefused(address consumer);
    error TensorCount(uint256 given, uint256 needed);
    error TensorBytes(uint256 index, uint256 given, uint256 needed);
    error NotOperator(address caller, address operator);
    error NotConsumer(address caller, address consumer);
    error DeadlinePassed(bytes32 jobId, uint48 deadline);
    error DeadlineNotPassed(bytes32 jobId, uint48 deadline);
    error WindowOpen(bytes32 jobId, uint48 challengeDeadline);
    error Challenged(bytes32 jobId, uint32 openChallenges);
    /// @dev The outputs given are not the ones that were answered, or given where no callback wants them.
    error OutputsMismatch(bytes32 given, bytes32 answered);
    error NothingToDeliver(bytes32 jobId);
    error DeliveryRefused(bytes32 jobId, address callback);
    error NothingToWithdraw(address account, address currency);
    error NotAuditPool(address caller);

    /// @notice Asks for an answer. Native coin that is sent beyond what the job costs is credited back.
    /// @dev Requires: the model accepts claims; every input has exactly the bytes of its spec; the lock is at least the floor.
    /// With an operator named: its offer fits (`IOfferBook.take`), and it has the stake free. Without: somebody is enlisted to be
    /// drawn. Refusals of the offer book and of staking pass through.
    /// Effects: fee, gas and delivery cost escrowed, inputs emitted; stake locked, or a draw placed.
    /// @param inputs Elements of every unbound input, row-major and big-endian, in graph order.
    /// @return jobId See `jobIdOf`.
    function request(JobRequest calldata request_, bytes[] calldata inputs) external payable returns (bytes32 jobId);

    /// @notice `request`, with the token's allowance from a permit over `maxFee`.
    /// @dev A permit that somebody else has used already does no harm: only the allowance counts.
    function requestWithPermit(
        JobRequest calldata request_,
        bytes[] calldata inputs,
        Permit calldata permit
    ) external payable returns (bytes32 jobId);

    /// @notice Draws the operator of a job whose seed block has passed. Anybody may call.
    /// @dev See `IDrawBook.draw`. The answer's time begins now, however late this is.
    /// @return operator Zero where the draw was placed anew.
    function draw(JobTerms calldata terms) external returns (address operator);

    /// @notice Takes a job back whose seed can't be known yet.
    /// @dev Consumer only, before the seed block.
    function cancel(JobTerms calldata terms) external;

    /// @notice Answers a job.
    /// @dev Worker of the job's operator only; until the deadline. The outputs root is computed here, from these bytes.
    function submit(JobTerms calldata terms, bytes[] calldata outputs) external;

    /// @notice Refuses a job by showing one input element outside the model's domain: fee back, stake free, no penalty.
    /// @dev Worker or owner of the job's operator only; as long as the job has not been expired. Refusals about the opening
    /// are the trace verifier's.
    function decline(JobTerms calldata terms, ElementOpening calldata opening) external;

    /// @notice Refunds a job whose deadline passed without an answer. Anybody may call.
    /// @dev Part of the lock burns, the rest is free, and the operator has a strike.
    function expire(JobTerms calldata terms) external;

    /// @notice Has another operator drawn for a job whose deadline passed without an answer, at the same fee and terms.
    /// @dev Consumer only, instead of `expire`. The operator that missed loses the same as there.
    function redraw(JobTerms calldata terms) external;

    /// @notice Splits the fee when the challenge window has passed and no challenge stands, and delivers the answer. Anybody may
    /// call; whoever does has what was paid for the delivery.
    /// @dev Requires so much gas that the callback gets all that was paid for. Whatever the callback does, the job is final.
    /// @param outputs As answered, if the job has a callback; empty otherwise.
    function finalise(JobTerms calldata terms, bytes[] calldata outputs) external;

    /// @notice Tries a failed delivery again, with all gas that is given. Anybody may call.
    /// @dev Reverts where the callback fails again, so it can be repeated until it has succeeded once.
    function deliver(JobTerms calldata terms, bytes[] calldata outputs) external;

    /// @notice Makes a job known to disputes, which have only its id. Needed once before it can be challenged; anybody may call,
    /// repeating it does nothing.
    function present(JobTerms calldata terms) external;

    /// @notice Pays what is credited to `account`, to that account. Anybody may call.
    function withdraw(address currency, address account) external;

    /// @notice Pays what is credited to the caller to `receiver`.
    function withdrawTo(address currency, address receiver) external;

    /// @notice Pays the audit shares of jobs that were answered and have ended to the caller, the audit lottery of this deployment.
    function collectAuditPool(address currency) external;

    /// @notice A job; never reverts, an unknown id has status `None`.
    function job(bytes32 jobId) external view returns (Job memory);

    /// @notice Native coin for an amount of gas at a base fee: what a request pays for the operator's answer and the delivery.
    function gasFee(uint256 gas, uint256 baseFee) external pure returns (uint256);

    /// @notice The id of a job on this chain and contract: a hash of all that matters, so that a reorganisation can't swap two.
    function jobIdOf(JobTerms calldata terms) external view returns (bytes32);

    /// @notice Number of jobs that `consumer` has requested; the next request's nonce.
    function nonceOf(address consumer) external view returns (uint64);

    /// @param currency Zero for native coin.
    function creditOf(address currency, address account) external view returns (uint256);

    /// @notice Audit shares that wait for the lottery.
    function auditPool(address currency) external view returns (uint256);

    function offerBook() external view returns (IOfferBook);

    function registry() external view returns (IModelRegistry);

    function staking() external view returns (IOperatorStaking);
}
