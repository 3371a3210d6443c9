// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IClaimSource } from "./IClaimSource.sol";
import { IFinality } from "./IFinality.sol";
import { IModelRegistry } from "./IModelRegistry.sol";
import { IOperatorStaking } from "./IOperatorStaking.sol";
import { ITraceVerifier } from "./ITraceVerifier.sol";
import {
    Challenge,
    ChallengeStatus,
    Contest,
    Demand,
    DemandedSubtree,
    Deviation,
    Position,
    Verdict
} from "../types/Challenge.sol";
import { ClaimStatus, ElementOpening } from "../types/Claim.sol";
import { Evidence } from "../types/Evidence.sol";

/// @title Disputes about claims
/// @notice A challenger asserts the audit trace of a claim's model on the claim's inputs, and shows one output element
/// that deviates. Anybody ends a false challenge by recomputing one element of one node, or by demanding a part of the
/// trace that nobody can show. A challenge that is neither refuted nor leaves a demand unanswered is upheld, and the
/// claim is settled.
/// @dev Anybody may call every function but `emergencyVoid`. All times are protocol times. During a pause nothing can be
/// committed, opened, demanded, executed or withdrawn; refutations, supplies and resolutions go on.
/// A deadline's own second still belongs to whoever has to keep it. All payments
/// are credits to be withdrawn, except a challenge's bond and demands' prices, which arrive as value. Burnt coins stay
/// in this contract, which has no way to move them. The only contracts called are the claim source, the registry,
/// staking, the trace verifier (whose errors pass through) and the model's Arbiter.
interface IChallengeManager is IFinality {
    event ChallengeCommitted(bytes32 indexed challengeId, address indexed challenger);
    /// @notice A challenge stands against a claim. Its roots and deviation follow in the same transaction's events.
    event ChallengeOpened(
        bytes32 indexed challengeId,
        address indexed source,
        bytes32 indexed claimId,
        address challenger,
        Verdict verdict,
        bytes32 modelId,
        bytes32 traceRoot,
        uint256 bond,
        uint48 refutationDeadline
    );
    /// @notice The deviation: bits of one output element, as claimed and as asserted by the trace.
    event DeviationShown(bytes32 indexed challengeId, uint32 output, uint32 element, uint64 claimed, uint64 audited);
    /// @notice The tensor roots of all nodes, in order. Not emitted where there are more than `INLINE_ROOTS`: they have
    /// to be demanded.
    event RootsGiven(bytes32 indexed challengeId, bytes32[] roots);
    /// @notice `price` is escrowed, `surcharge` burnt.
    event Demanded(
        bytes32 indexed challengeId,
        address indexed demander,
        Position position,
        bytes32 root,
        uint256 price,
        uint256 surcharge,
        uint48 supplyDeadline
    );
    /// @notice The hashes of all subtrees inside the shape, one grid height below the position.
    event HashesSupplied(bytes32 indexed challengeId, Position position, bytes32[] hashes, uint48 graceDeadline);
    /// @notice The 256 bytes of one leaf.
    event LeafSupplied(bytes32 indexed challengeId, Position position, bytes leaf, uint48 graceDeadline);
    /// @notice The challenge is lost: this element of this node is not what the operands give. `reward` was credited to
    /// the refuter and to those whose demands led there, in `shares` equal parts.
    event ChallengeRefuted(
        bytes32 indexed challengeId,
        address indexed refuter,
        uint32 node,
        uint32 element,
        uint256 reward,
        uint256 shares,
        uint256 burnt
    );
    /// @notice The challenge is lost: this demand was not answered. `reward` was credited to its demander and to those
    /// whose demands led there, in `shares` equal parts.
    event ChallengeUnanswered(
        bytes32 indexed challengeId,
        address indexed demander,
        Position position,
        uint256 reward,
        uint256 shares,
        uint256 burnt
    );
    event ChallengeUpheld(bytes32 indexed challengeId, Verdict verdict, uint48 executableAt);
    /// @notice The claim is settled by an upheld challenge; `sharers` is empty for void.
    event ContestExecuted(
        address indexed source,
        bytes32 indexed claimId,
        bytes32 indexed challengeId,
        Verdict verdict,
        address[] sharers
    );
    /// @notice The claim is settled as void because an input element lies outside the model's domain.
    event DomainVoided(
        address indexed source,
        bytes32 indexed claimId,
        address indexed prover,
        uint32 input,
        uint32 element,
        uint64 bits
    );
    /// @notice The challenge is closed because its claim is settled: `bond` and `held` were credited to the challenger.
    event ChallengeSettled(bytes32 indexed challengeId, uint256 bond, uint256 held);
    /// @notice The challenge is closed by governance in an emergency, and its claim void: `refund` was credited to the
    /// challenger, and every demand can be refunded.
    event ChallengeVoided(bytes32 indexed challengeId, uint256 refund);
    event DemandRefunded(bytes32 indexed challengeId, address indexed demander, Position position, uint256 amount);
    event Credited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, address receiver, uint256 amount);

    error UnknownSource(address source);
    /// @dev The claim does not stand: unknown, not answered yet, or settled.
    error ClaimNotChallengeable(address source, bytes32 claimId, ClaimStatus status);
    /// @dev Commit first; a commitment is bound to the sender and everything that is opened.
    error NotCommitted(bytes32 challengeId);
    /// @dev Open in a later block than the commitment's.
    error CommitTooFresh(bytes32 challengeId, uint256 commitBlock);
    error CommitExpired(bytes32 challengeId, uint48 expiredAt);
    error ChallengeExists(bytes32 challengeId);
    error BondTooSmall(uint256 given, uint256 needed);
    /// @dev The challenge window has passed and nothing stands against the claim: it is as good as final.
    error ClaimClosed(address source, bytes32 claimId, uint48 challengeDeadline);

    error WrongChallengeStatus(bytes32 challengeId, ChallengeStatus status, ChallengeStatus needed);
    error RefutationClosed(bytes32 challengeId, uint48 deadline);
    /// @dev The recomputed bits equal the asserted ones.
    error NodeConsistent(uint32 node, uint32 element);
    error FirstDemandsClosed(bytes32 challengeId, uint48 refutationDeadline);
    /// @dev The subtree around this one was not demanded and supplied.
    error NotSupplied(bytes32 challengeId, Position position);
    error GraceOver(bytes32 challengeId, Position position, uint48 graceDeadline);
    error AlreadyDemanded(bytes32 challengeId, Position position);
    error DemandTooCheap(uint256 given, uint256 price);
    error NotDemanded(bytes32 challengeId, Position position);
    error AlreadySupplied(bytes32 challengeId, Position position);
    error SupplyClosed(bytes32 challengeId, Position position, uint48 supplyDeadline);
    error SupplyOpen(bytes32 challengeId, Position position, uint48 supplyDeadline);
    error DeadlinesRunning(bytes32 challengeId, uint48 lastDeadline);
    /// @dev Name one of them to `expire`.
    error DemandsUnanswered(bytes32 challengeId, uint32 outstanding);
    error AirGapRunning(bytes32 challengeId, uint48 executableAt);
    /// @dev A void waits for the end of the claim's challenge window, and for every wrong to be lost.
    error ChallengeWindowOpen(bytes32 challengeId, uint48 challengeDeadline);
    /// `undecided` may still be lost; it is zero where an upheld one waits for its execution.
    error WrongsStand(bytes32 challengeId, bytes32 undecided);
    /// @dev This challenge could still share the reward: resolve it, or wait for its deadlines and its air gap.
    error SharerUndecided(bytes32 challengeId, bytes32 undecided);
    /// @dev Call `countSharers` first.
    error SharersNotCounted(bytes32 challengeId, uint256 remaining);
    error ClaimNotSettled(address source, bytes32 claimId);
    /// @dev The challenge still runs, its demand was paid to the challenger, or the demander has its refund already.
    error NothingToRefund(bytes32 challengeId, Position position);
    error NothingToWithdraw(address account);

    /// @notice Announces a challenge without showing anything of it, so that nobody can copy it from the mempool.
    /// @dev Effects: remembers block and time for the sender, in place of an earlier commitment to the same id.
    /// @param challengeId See `challengeIdOf`.
    function commitChallenge(bytes32 challengeId) external;

    /// @notice Opens a committed challenge; the value sent is its bond.
    /// @dev Requires: committed by the sender in an earlier block, at most `COMMIT_LIFE` ago; `source` belongs to this
    /// deployment and its claim's challenge window is open; value at least `bondFor(modelId, base fee)`, all of which
    /// is the bond; the claimed leaf opens under the claim's outputs root and the traced leaf under `traceRoot`, at the
    /// node that the model names for that output; they deviate. Effects: emits what a defender needs; the claim can't
    /// become final before the challenge ends.
    /// @param traceRoot Root of the list tree over the tensor roots of all nodes (docs/audit.md, 2).
    /// @param roots All of them where the model has at most `INLINE_ROOTS` nodes, else none.
    /// @param salt Any value; the same as committed.
    function openChallenge(
        IClaimSource source,
        bytes32 claimId,
        bytes32 traceRoot,
        Deviation calldata deviation,
        bytes32[] calldata roots,
        bytes32 salt
    ) external payable returns (bytes32 challengeId);

    /// @notice Voids a claim at once by showing one input element outside the model's domain. No bond, no deadlines.
    /// @dev Requires: the claim is answered, and its challenge window open or a challenge standing. Effects: the claim
    /// is settled as void; standing challenges can be settled.
    function voidOutsideDomain(IClaimSource source, bytes32 claimId, ElementOpening calldata opening) external;

    /// @notice Ends a challenge by showing that one element of its trace is not what the node makes of its operands.
    /// @dev Requires: open, at most `lastDeadline`; the model's Arbiter finds the evidence inconsistent (malformed
    /// evidence reverts there). Effects: challenge lost. Half of the bond, less what repays answered demands, burns;
    /// the other half is shared equally by the sender and every answered demand whose subtree holds the element's leaf.
    function refute(bytes32 challengeId, Evidence calldata evidence) external;

    /// @notice Demands a subtree that nobody knows the preimage of. The value sent is the most that the sender pays.
    /// @dev Requires: open, at most `refutationDeadline`; position on the grid, inside the shape, not demanded before;
    /// proof up to the trace root. Effects: base price escrowed, surcharge burnt, the rest credited back; the supply
    /// window starts.
    function demand(bytes32 challengeId, DemandedSubtree calldata subtree) external payable;

    /// @notice Demands a subtree one grid height below one that was supplied, or the root of a tensor from the list.
    /// @dev As `demand`, but until the grace deadline of the demand around it, and with a proof up to that.
    /// @param around The supplied demand that revealed the subtree's root: one grid height up in the same tree; for the
    /// root of a tensor, the lowest one in the list.
    function demandDeeper(
        bytes32 challengeId,
        Position calldata around,
        DemandedSubtree calldata subtree
    ) external payable;

    /// @notice Answers a demand with the hashes one grid height below, those outside the shape left out.
    /// @dev Anybody may supply; the price goes to the challenger. Requires: demanded, unanswered, at most the supply
    /// deadline; the hashes give the demanded root. Effects: the grace window starts.
    function supplyHashes(bytes32 challengeId, Position calldata position, bytes32[] calldata hashes) external;

    /// @notice Answers a demand of height 0 with the leaf's 256 bytes.
    /// @dev As `supplyHashes`. Bytes outside the shape must be zero.
    function supplyLeaf(bytes32 challengeId, Position calldata position, bytes calldata leaf) external;

    /// @notice Ends a challenge that left a demand unanswered.
    /// @dev Requires: open, the supply deadline passed. Effects: as for `refute`, with the demander in the refuter's
    /// place, whoever calls.
    function expire(bytes32 challengeId, Position calldata position) external;

    /// @notice Upholds a challenge whose deadlines have all passed without a refutation or an unanswered demand.
    /// @dev Effects: starts the air gap.
    function resolve(bytes32 challengeId) external;

    /// @notice Settles the claim as an upheld challenge says, and the challenge with it.
    /// @dev Requires: air gap over. *Void*: the claim's challenge window is over and no challenge with verdict wrong is
    /// open or upheld. *Wrong*: every challenge that might share the reward is lost, or upheld with its air gap over.
    /// The sharers are the first eight upheld ones opened at most `SHARING_WINDOW` after the first of them.
    function execute(bytes32 challengeId) external;

    /// @notice Does a part of the work of `execute`, where very many challenges stand against one claim.
    /// @param steps Most challenges to look at.
    function countSharers(IClaimSource source, bytes32 claimId, uint256 steps) external;

    /// @notice Closes a challenge whose claim is settled: bond and held prices to the challenger.
    function settle(bytes32 challengeId) external;

    /// @notice Voids challenges and their claims, for the case that the judge itself is wrong. All sides are refunded,
    /// surcharges that burnt and audit shares excepted; nothing moves to anyone else, nobody is slashed.
    /// @dev Restricted to whom the hub's access manager allows it, and only during a pause. Challenges that have ended
    /// are passed over. Other challenges to the same claims can be settled afterwards.
    function emergencyVoid(bytes32[] calldata challengeIds) external;

    /// @notice Credits a demand's price back to its demander: of every demand of a lost or voided challenge, and of unanswered
    /// demands of a settled one.
    function refundDemand(bytes32 challengeId, Position calldata position) external;

    /// @notice Pays what is credited to `account`, to that account.
    function withdraw(address payable account) external;

    /// @notice Pays what is credited to the caller to `receiver`.
    function withdrawTo(address payable receiver) external;

    /// @notice The id of a challenge, which is also its commitment.
    /// @return `keccak256(abi.encode(block.chainid, manager, challenger, source, claimId, traceRoot, output, element,
    /// salt))`
    function challengeIdOf(
        address challenger,
        IClaimSource source,
        bytes32 claimId,
        bytes32 traceRoot,
        uint32 output,
        uint32 element,
        bytes32 salt
    ) external view returns (bytes32);

    /// @return committedAt Zero if `challenger` has no such commitment.
    function commitmentOf(
        address challenger,
        bytes32 challengeId
    ) external view returns (uint48 committedAt, uint48 committedBlock);

    /// @notice A challenge; all zero if there is none.
    function challenge(bytes32 challengeId) external view returns (Challenge memory);

    /// @notice A demand; all zero if there is none.
    function demandAt(bytes32 challengeId, Position calldata position) external view returns (Demand memory);

    /// @notice What stands against a claim.
    function contest(address source, bytes32 claimId) external view returns (Contest memory);

    /// @notice Least bond of a challenge to a model: the floor, or twice the base price of a whole chain of demands
    /// where that is more.
    /// @param baseFee Base fee of the opening's block in wei per gas. Nodes answer calls with a base fee of zero, so it
    /// is a parameter; leave room for it to rise.
    function bondFor(bytes32 modelId, uint256 baseFee) external view returns (uint256);

    /// @notice What a demand would cost with the demands that are outstanding.
    /// @param payload Bytes that the supply has to reveal: 32 for every hash, or 256 for a leaf.
    /// @param baseFee As for `bondFor`.
    /// @return price Base price; all that is asked where the sender has a base-price slot.
    /// @return surcharge What burns on top of it otherwise.
    function demandPrice(
        bytes32 challengeId,
        uint256 payload,
        uint256 baseFee
    ) external view returns (uint256 price, uint256 surcharge);

    function creditOf(address account) external view returns (uint256);

    /// @notice All native coin owed: credits, bonds of challenges that have not ended, escrowed prices.
    function totalOwed() external view returns (uint256);

    /// @notice Native coin that burnt so far, and stays in this contract for ever.
    function totalBurnt() external view returns (uint256);

    function registry() external view returns (IModelRegistry);

    function verifier() external view returns (ITraceVerifier);

    function staking() external view returns (IOperatorStaking);
}
