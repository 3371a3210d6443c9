// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IArbiter } from "../interfaces/IArbiter.sol";
import { IModelRegistry, InputTensor, OutputTensor } from "../interfaces/IModelRegistry.sol";
import { ITraceVerifier } from "../interfaces/ITraceVerifier.sol";
import { ClaimTensors } from "../libraries/ClaimTensors.sol";
import { DemandTree } from "../libraries/DemandTree.sol";
import { Domain } from "../libraries/Domain.sol";
import { TensorTree } from "../libraries/TensorTree.sol";
import { Tolerance } from "../libraries/Tolerance.sol";
import { DemandedSubtree, Deviation, Position, ROOT_LIST, TreeShape, Verdict } from "../types/Challenge.sol";
import { ElementOpening } from "../types/Claim.sol";
import { DType } from "../types/DType.sol";
import { NotAContract } from "../types/Errors.sol";
import { Facts, ResultOpening } from "../types/Evidence.sol";
import { INLINE_ROOTS } from "../types/Limits.sol";

/// @title TraceVerifier
/// @notice See `ITraceVerifier`.
contract TraceVerifier is ITraceVerifier {
    IModelRegistry private immutable REGISTRY;

    constructor(IModelRegistry registry_) {
        require(address(registry_).code.length != 0, NotAContract(address(registry_)));
        REGISTRY = registry_;
    }

    /// @inheritdoc ITraceVerifier
    function judge(
        bytes32 modelId,
        bytes32 outputsRoot,
        bytes32 traceRoot,
        Deviation calldata deviation,
        bytes32[] calldata roots,
        bytes32
    ) external view returns (Verdict verdict, uint64 claimed, uint64 audited) {
        uint256 nodeCount = REGISTRY.model(modelId).nodeCount;
        _requireRoots(roots, nodeCount, traceRoot);
        if (outputsRoot == 0) return (Verdict.Right, 0, 0);
        ElementOpening calldata opening = deviation.claimed;
        OutputTensor memory output = REGISTRY.output(modelId, opening.tensor);
        claimed = ClaimTensors.read(opening, outputsRoot, output.size, DType.size(output.dtype));
        _requireTraced(deviation.traced, output.node, nodeCount, traceRoot);
        audited = _read(deviation.traced, output, opening.element);
        verdict = Tolerance.judge(output.dtype, output.atol, output.rtol, claimed, audited);
        require(verdict != Verdict.Right, NoDeviation(claimed, audited));
    }

    /// @inheritdoc ITraceVerifier
    function outsideDomain(
        bytes32 modelId,
        bytes32 inputsRoot,
        ElementOpening calldata opening
    ) external view returns (uint64 bits) {
        InputTensor memory input = REGISTRY.input(modelId, opening.tensor);
        bits = ClaimTensors.read(opening, inputsRoot, input.size, DType.size(input.dtype));
        require(
            !Domain.contains(input.dtype, input.lo, input.hi, bits),
            InsideDomain(opening.tensor, opening.element, bits)
        );
    }

    /// @inheritdoc ITraceVerifier
    function locate(
        bytes32 modelId,
        bytes32 traceRoot,
        DemandedSubtree calldata subtree
    ) external view returns (TreeShape memory shape) {
        Position calldata position = subtree.position;
        uint256 nodeCount;
        (shape, nodeCount) = _treeOf(modelId, subtree);
        require(DemandTree.exists(position, shape.leaves), NoSuchPosition(position, shape.leaves));

        DemandTree.Path memory path = DemandTree.Path(position.index, position.height, 0, 0, 0);
        bytes32 root = subtree.root;
        uint256 used;
        if (position.node != ROOT_LIST) {
            path.to = DemandTree.depthOf(shape.leaves);
            path.leaves = shape.leaves;
            path.zero = DemandTree.TENSOR_ZERO;
            (root, used) = DemandTree.climb(root, path, subtree.proof, 0);
            (path.index, path.from) = (position.node, 0);
        }
        path.to = DemandTree.depthOf(nodeCount);
        path.leaves = nodeCount;
        path.zero = DemandTree.LIST_ZERO;
        (root, used) = DemandTree.climb(root, path, subtree.proof, used);
        _requireProof(subtree, used, root, traceRoot);
    }

    /// @inheritdoc ITraceVerifier
    function locateInside(
        bytes32 modelId,
        Position calldata around,
        TreeShape calldata outer,
        bytes32 outerRoot,
        DemandedSubtree calldata subtree
    ) external view returns (TreeShape memory shape) {
        Position calldata position = subtree.position;
        bool inList = around.node == ROOT_LIST;
        uint256 height = DemandTree.below(around.height);
        DemandTree.Path memory path = DemandTree.Path({
            index: position.index,
            from: height,
            to: around.height,
            leaves: outer.leaves,
            zero: inList ? DemandTree.LIST_ZERO : DemandTree.TENSOR_ZERO
        });
        shape = outer;
        if (inList && height == 0) {
            // The supply showed roots of tensors.
            require(position.node != ROOT_LIST && position.index == 0, NotRevealed(position, around));
            (shape, ) = _treeOf(modelId, subtree);
            path.index = position.node;
            height = DemandTree.depthOf(shape.leaves);
        } else {
            require(position.node == around.node && around.height != 0, NotRevealed(position, around));
        }
        require(
            position.height == height && path.index >> (path.to - path.from) == around.index,
            NotRevealed(position, around)
        );
        require(DemandTree.exists(position, shape.leaves), NoSuchPosition(position, shape.leaves));
        (bytes32 root, uint256 used) = DemandTree.climb(subtree.root, path, subtree.proof, 0);
        _requireProof(subtree, used, root, outerRoot);
    }

    /// @inheritdoc ITraceVerifier
    function keysAround(
        bytes32 modelId,
        Position calldata position,
        uint32 leaves
    ) external view returns (uint128[] memory keys) {
        return _keysAround(position, leaves, REGISTRY.model(modelId).nodeCount);
    }

    /// @inheritdoc ITraceVerifier
    function keysAroundElement(
        bytes32 modelId,
        uint32 nodeIndex,
        uint32 element,
        bytes calldata node,
        bytes32[] calldata nodeProof
    ) external view returns (uint128[] memory keys) {
        (IArbiter arbiter, Facts memory facts) = REGISTRY.facts(modelId);
        Position memory position = Position(nodeIndex, 0, 0);
        TreeShape memory shape;
        (uint32 elements, uint8 dtype) = _result(arbiter, facts, nodeIndex, node, nodeProof);
        if (elements != 0) {
            shape = _tensorShape(elements, dtype);
            position.index = uint32(element / (TensorTree.LEAF / DType.size(dtype)));
        }
        return _keysAround(position, shape.leaves, facts.nodeCount);
    }

    /// @inheritdoc ITraceVerifier
    function depthOf(bytes32 modelId) external view returns (uint8) {
        return REGISTRY.model(modelId).depth;
    }

    /// @inheritdoc ITraceVerifier
    function registry() external view returns (IModelRegistry) {
        return REGISTRY;
    }

    /// @inheritdoc ITraceVerifier
    function requireHashes(
        Position calldata position,
        uint32 leaves,
        bytes32 root,
        bytes32[] calldata hashes
    ) external pure {
        require(position.height != 0, WrongSupply(position));
        uint256 low = DemandTree.below(position.height);
        uint256 needed = DemandTree.inside(position.index, position.height, low, leaves);
        require(hashes.length == needed, SupplyCount(hashes.length, needed));
        bytes32 zero = position.node == ROOT_LIST ? DemandTree.LIST_ZERO : DemandTree.TENSOR_ZERO;
        bytes32 computed = DemandTree.fold(hashes, position.height, low, zero);
        require(computed == root, SupplyMismatch(position, computed, root));
    }

    /// @inheritdoc ITraceVerifier
    function requireLeaf(
        Position calldata position,
        TreeShape calldata shape,
        bytes32 root,
        bytes calldata leaf
    ) external pure {
        require(position.height == 0, WrongSupply(position));
        require(leaf.length == TensorTree.LEAF, TensorTree.LeavesLength(leaf.length));
        bytes32 computed = keccak256(leaf);
        require(computed == root, SupplyMismatch(position, computed, root));
        if (position.index != shape.leaves - 1) return;
        for (uint256 i = shape.tail; i < TensorTree.LEAF; ++i) {
            require(leaf[i] == 0, PaddingNotZero(position));
        }
    }

    /// @inheritdoc ITraceVerifier
    function payloadOf(Position calldata position, uint32 leaves) external pure returns (uint256) {
        if (position.height == 0) return TensorTree.LEAF;
        return 32 * DemandTree.inside(position.index, position.height, DemandTree.below(position.height), leaves);
    }

    /// The tree that a demand speaks of: the list, or a tensor by its node's encoding.
    function _treeOf(
        bytes32 modelId,
        DemandedSubtree calldata subtree
    ) private view returns (TreeShape memory shape, uint256 nodeCount) {
        (IArbiter arbiter, Facts memory facts) = REGISTRY.facts(modelId);
        nodeCount = facts.nodeCount;
        bool listed = nodeCount > INLINE_ROOTS;
        uint32 node = subtree.position.node;
        if (node == ROOT_LIST) {
            require(listed, RootsKnown(facts.nodeCount));
            return (TreeShape(facts.nodeCount, 0), nodeCount);
        }
        (uint32 elements, uint8 dtype) = _result(arbiter, facts, node, subtree.node, subtree.nodeProof);
        require(elements != 0, IllFormedNode(node));
        shape = _tensorShape(elements, dtype);
        uint256 chain = DemandTree.tensorChain(shape.leaves) + (listed ? DemandTree.listChain(nodeCount) : 0);
        require(chain <= facts.depth, IllFormedNode(node));
    }

    function _result(
        IArbiter arbiter,
        Facts memory facts,
        uint32 nodeIndex,
        bytes calldata node,
        bytes32[] calldata proof
    ) private view returns (uint32 elements, uint8 dtype) {
        return arbiter.resultShape(facts.graphRoot, facts.nodeCount, nodeIndex, node, proof);
    }

    function _keysAround(
        Position memory position,
        uint256 leaves,
        uint256 nodeCount
    ) private pure returns (uint128[] memory keys) {
        bool inList = position.node == ROOT_LIST;
        uint128[] memory inTensor =
            inList || leaves == 0
                ? new uint128[](0)
                : DemandTree.keysAbove(position.node, position.height, position.index, leaves);
        if (nodeCount <= INLINE_ROOTS) return inTensor;
        uint128[] memory above =
            inList
                ? DemandTree.keysAbove(ROOT_LIST, position.height, position.index, nodeCount)
                : DemandTree.keysAbove(ROOT_LIST, 0, position.node, nodeCount);
        keys = new uint128[](inTensor.length + above.length);
        for (uint256 i; i < inTensor.length; ++i) keys[i] = inTensor[i];
        for (uint256 i; i < above.length; ++i) keys[inTensor.length + i] = above[i];
    }

    /// The bits that the trace has for an output element.
    function _read(
        ResultOpening calldata traced,
        OutputTensor memory output,
        uint256 element
    ) private pure returns (uint64) {
        uint256 width = DType.size(output.dtype);
        return ClaimTensors.readLeaf(traced.leaf, traced.proof, traced.root, element, output.size, width);
    }

    function _requireRoots(bytes32[] calldata roots, uint256 nodeCount, bytes32 traceRoot) private pure {
        uint256 needed = nodeCount > INLINE_ROOTS ? 0 : nodeCount;
        require(roots.length == needed, RootCount(roots.length, needed));
        if (needed == 0) return;
        bytes32 computed = DemandTree.fold(roots, DemandTree.depthOf(needed), 0, DemandTree.LIST_ZERO);
        require(computed == traceRoot, RootsMismatch(computed, traceRoot));
    }

    function _requireTraced(
        ResultOpening calldata traced,
        uint256 node,
        uint256 nodeCount,
        bytes32 traceRoot
    ) private pure {
        uint256 depth = DemandTree.depthOf(nodeCount);
        DemandTree.Path memory path = DemandTree.Path(node, 0, depth, nodeCount, DemandTree.LIST_ZERO);
        (bytes32 computed, uint256 used) = DemandTree.climb(traced.root, path, traced.listProof, 0);
        require(used == traced.listProof.length, TensorTree.ProofLength(traced.listProof.length, used));
        require(computed == traceRoot, RootsMismatch(computed, traceRoot));
    }

    function _requireProof(
        DemandedSubtree calldata subtree,
        uint256 used,
        bytes32 computed,
        bytes32 expected
    ) private pure {
        require(used == subtree.proof.length, TensorTree.ProofLength(subtree.proof.length, used));
        require(computed == expected, DemandProofMismatch(subtree.position, computed, expected));
    }

    function _tensorShape(uint256 elements, uint8 dtype) private pure returns (TreeShape memory) {
        uint256 size = elements * DType.size(dtype);
        uint256 leaves = (size - 1) / TensorTree.LEAF + 1;
        return TreeShape(uint32(leaves), uint16(size - (leaves - 1) * TensorTree.LEAF));
    }
}
