// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IModelRegistry } from "./IModelRegistry.sol";
import { DemandedSubtree, Deviation, Position, TreeShape, Verdict } from "../types/Challenge.sol";
import { ElementOpening } from "../types/Claim.sol";

/// @title What can be checked about an asserted trace
/// @notice Stateless: openings, the grid of demandable positions, supplies, and the verdict on an output element. The
/// challenge manager knows times and money, this contract knows models and trees, the Arbiter knows arithmetic.
interface ITraceVerifier {
    /// @dev All roots must be given where there are at most `INLINE_ROOTS` nodes, and none where there are more.
    error RootCount(uint256 given, uint256 needed);
    error RootsMismatch(bytes32 computed, bytes32 traceRoot);
    /// @dev The opened element is within the tolerance, or equal: nothing to challenge.
    error NoDeviation(uint64 claimed, uint64 audited);
    /// @dev The opened input element belongs to the domain.
    error InsideDomain(uint32 input, uint32 element, uint64 bits);
    /// @dev Not a grid height of this tree, or the subtree lies outside the shape.
    error NoSuchPosition(Position position, uint32 leaves);
    /// @dev The list can only be demanded where it did not ride along with the challenge.
    error RootsKnown(uint32 nodeCount);
    /// @dev This node can't be parsed or its demand chain is longer than the model's: refute it instead.
    error IllFormedNode(uint32 node);
    /// @dev The supply of `around` did not show the root of `position`.
    error NotRevealed(Position position, Position around);
    error DemandProofMismatch(Position position, bytes32 computed, bytes32 expected);
    /// @dev Demands of height 0 take a leaf, all others hashes.
    error WrongSupply(Position position);
    error SupplyCount(uint256 given, uint256 needed);
    error SupplyMismatch(Position position, bytes32 computed, bytes32 expected);
    /// @dev Bytes of a last leaf that hold no element must be zero.
    error PaddingNotZero(Position position);

    /// @notice Judges the output element on which a claim and an asserted trace are said to differ.
    /// @dev Reverts where anything does not open, and where the element is right.
    /// @param outputsRoot What the claim commits to. Zero for an auditor's report, which asserts a trace and accuses nobody: then
    /// only the roots are checked, and the verdict is right.
    /// @param roots Roots of all nodes' tensors, or none where the model has more than `INLINE_ROOTS`.
    /// @param salt Not read: with it the arguments are laid out as those of `openChallenge`, and passed on as they are.
    /// @return verdict Wrong or void; right for a report.
    /// @return claimed Bits of the element in the claim.
    /// @return audited Bits of the element in the trace.
    function judge(
        bytes32 modelId,
        bytes32 outputsRoot,
        bytes32 traceRoot,
        Deviation calldata deviation,
        bytes32[] calldata roots,
        bytes32 salt
    ) external view returns (Verdict verdict, uint64 claimed, uint64 audited);

    /// @notice The bits of an input element that lies outside the model's domain; reverts for one inside.
    /// @param inputsRoot What the claim commits to.
    function outsideDomain(
        bytes32 modelId,
        bytes32 inputsRoot,
        ElementOpening calldata opening
    ) external view returns (uint64 bits);

    /// @notice Checks that a subtree belongs to an asserted trace and can be demanded.
    /// @return shape Of the tree that it is part of.
    function locate(
        bytes32 modelId,
        bytes32 traceRoot,
        DemandedSubtree calldata subtree
    ) external view returns (TreeShape memory shape);

    /// @notice Checks that the root of a subtree was shown by the supply for `around`, and that the subtree can be
    /// demanded.
    /// @param outer The tree of `around`.
    /// @param outerRoot Root of the subtree `around`.
    /// @return shape Of the tree that the subtree is part of.
    function locateInside(
        bytes32 modelId,
        Position calldata around,
        TreeShape calldata outer,
        bytes32 outerRoot,
        DemandedSubtree calldata subtree
    ) external view returns (TreeShape memory shape);

    /// @notice Checks that hashes are those one grid height below a position.
    function requireHashes(
        Position calldata position,
        uint32 leaves,
        bytes32 root,
        bytes32[] calldata hashes
    ) external pure;

    /// @notice Checks that bytes are those of the leaf at a position.
    function requireLeaf(
        Position calldata position,
        TreeShape calldata shape,
        bytes32 root,
        bytes calldata leaf
    ) external pure;

    /// @notice Bytes that the supply for a position has to reveal.
    function payloadOf(Position calldata position, uint32 leaves) external pure returns (uint256);

    /// @notice Keys of all positions that can be demanded around and including one, from the bottom up.
    function keysAround(
        bytes32 modelId,
        Position calldata position,
        uint32 leaves
    ) external view returns (uint128[] memory keys);

    /// @notice As `keysAround`, for the leaf that holds an element of a node's result; for an ill-formed node only those
    /// in the list.
    /// @param node The node's encoding; with its range proof under the graph root, as in evidence.
    function keysAroundElement(
        bytes32 modelId,
        uint32 nodeIndex,
        uint32 element,
        bytes calldata node,
        bytes32[] calldata nodeProof
    ) external view returns (uint128[] memory keys);

    /// @notice The longest chain of demands of a model, `L`.
    function depthOf(bytes32 modelId) external view returns (uint8);

    function registry() external view returns (IModelRegistry);
}
