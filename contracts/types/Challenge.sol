// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { ElementOpening } from "./Claim.sol";
import { ResultOpening } from "./Evidence.sol";

/// What the comparison of a claimed with an audited output element says (docs/contracts/challenges.md, Verdict).
enum Verdict {
    /// Within the tolerance: nothing to challenge.
    Right,
    /// The operator is slashed.
    Wrong,
    /// The exact answer is not a number that a claim could be compared with: everybody is refunded.
    Void
}

/// The life of a challenge. It only moves forward: `Open` to any later one, `Upheld` to `Settled` or `Refunded`.
enum ChallengeStatus {
    /// Not opened; it may be committed.
    None,
    /// Refutations, demands and supplies are running.
    Open,
    /// No refutation and no unanswered demand until the last deadline; waits for execution.
    Upheld,
    /// Ended: a node was shown to be inconsistent.
    Refuted,
    /// Ended: a demand was not answered in time.
    Unanswered,
    /// Ended: the claim is settled, by this challenge or another; the bond is paid back.
    Settled,
    /// Ended in an emergency: everybody has back what it brought, the claim is void.
    Refunded
}

// The `node` of a position in the list of tensor roots, rather than in a tensor.
uint32 constant ROOT_LIST = type(uint32).max;

/// A subtree of an asserted trace: of the tree of tensor `node`, or of the list of roots where `node` is `ROOT_LIST`.
/// Heights count from the leaves. Only grid heights can be demanded: the root's, every eighth below it, and 0; the
/// leaves of the list are tensor roots, so height 0 of the list is `(node, root height, 0)` instead.
struct Position {
    uint32 node;
    uint8 height;
    /// Number of the subtree among those of its height, from the left.
    uint32 index;
}

/// Shows that one output element of a claim differs from the asserted trace.
struct Deviation {
    /// The element of the claimed output, opened from the claim's outputs root.
    ElementOpening claimed;
    /// The same element of the same output in the trace, opened from the trace root.
    ResultOpening traced;
}

/// The subtree that a demand names, with the proof that the challenger committed to it.
struct DemandedSubtree {
    Position position;
    /// Its hash: what the supply must open.
    bytes32 root;
    /// Sibling hashes from the position upward, without those outside the shape. For a first demand up to the trace
    /// root (through the tensor's tree, then the list's); for a deeper one up to the subtree that was supplied.
    bytes32[] proof;
    /// The node's encoding and its range proof under the graph root, which tell the tensor's size. Not read, and best
    /// empty, for positions in the list and for deeper demands inside one tensor.
    bytes node;
    bytes32[] nodeProof;
}

/// The size of the tree that a position belongs to.
struct TreeShape {
    /// Leaves of the tensor, or tensors in the list.
    uint32 leaves;
    /// Bytes of a tensor's last leaf that hold elements, 1 to 256; 0 for the list.
    uint16 tail;
}

/// A challenge, as the manager stores it.
struct Challenge {
    address challenger;
    uint48 openedAt;
    /// Last second for first demands; also for refutations, unless `lastDeadline` is later.
    uint48 refutationDeadline;
    address source;
    /// Last second for refutations: the latest of all deadlines set so far.
    uint48 lastDeadline;
    ChallengeStatus status;
    Verdict verdict;
    /// Demands made, answered or not.
    uint32 demands;
    /// Demands that wait for their supply.
    uint32 outstanding;
    /// First second in which it can be executed; zero before it is upheld.
    uint48 executableAt;
    // The prices in force when it was opened.
    uint48 baseFeeFloor;
    uint48 dataPrice;
    uint8 priceMultiple;
    bytes32 claimId;
    bytes32 modelId;
    bytes32 inputsRoot;
    bytes32 traceRoot;
    uint128 bond;
    /// Base prices of answered demands that were credited to the challenger at once: at most half the bond, which
    /// repays them if the challenge is lost.
    uint128 paid;
    /// Base prices of answered demands beyond that, kept until the end.
    uint128 held;
    /// The accused operator's demand that took the base price under a surcharge, as `Positions.pack`; zero if none.
    uint128 accusedSlot;
    // The clocks in force when it was opened, and the oracle of data prices.
    uint32 supplyWindow;
    uint32 graceWindow;
    uint32 airGap;
    address feeOracle;
}

/// A demand, as the manager stores it.
struct Demand {
    /// Zero: this position was not demanded.
    address demander;
    uint48 supplyDeadline;
    /// Last second for demands inside what was supplied; zero while unanswered.
    uint48 graceDeadline;
    /// What the supply must open.
    bytes32 root;
    /// Base price: paid to the challenger for a supply, or back to the demander.
    uint96 price;
    TreeShape shape;
    /// The demander has used its base-price slot for a demand inside this one.
    bool followed;
    /// The price went back to the demander.
    bool refunded;
}

/// What stands against one claim.
struct Contest {
    /// Last second in which challenges may be opened; zero before the first.
    uint48 challengeDeadline;
    /// When the first sharer opened its challenge; zero before one is known.
    uint48 firstOpenedAt;
    /// How many of the challenges with verdict wrong, in opening order, the count has passed: those lost, and the sharers.
    uint32 counted;
    /// No later challenge can become a sharer.
    bool sharersFixed;
    /// The claim is settled, as `outcome` says.
    bool settled;
    Verdict outcome;
}
