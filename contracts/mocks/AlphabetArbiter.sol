// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IArbiter } from "../interfaces/IArbiter.sol";
import { ClaimTensors } from "../libraries/ClaimTensors.sol";
import { DemandTree } from "../libraries/DemandTree.sol";
import { DType } from "../types/DType.sol";
import { Evidence, Facts } from "../types/Evidence.sol";

/// @notice A judge whose models need no arithmetic: every element is a letter that inputs, node and position determine. A node is
/// encoded as `elements:u32 dtype:u8`, and ill-formed without elements. The rules of disputes are tested with it in
/// thousands of steps; the real Arbiter is tested beside it, end to end.
contract AlphabetArbiter is IArbiter {
    error NodeNotInGraph(uint256 nodeIndex);
    error ResultNotInTrace(uint256 nodeIndex);

    /// @inheritdoc IArbiter
    function check(Facts calldata facts, Evidence calldata evidence) external pure returns (bool consistent) {
        (uint32 elements, uint8 dtype) = resultShape(
            facts.graphRoot,
            facts.nodeCount,
            evidence.nodeIndex,
            evidence.node,
            evidence.nodeProof
        );
        if (elements == 0) return false;
        bytes32 trace = _listRoot(facts.nodeCount, evidence.nodeIndex, evidence.result.root, evidence.result.listProof);
        require(trace == facts.traceRoot, ResultNotInTrace(evidence.nodeIndex));
        uint64 bits = ClaimTensors.readLeaf(
            evidence.result.leaf,
            evidence.result.proof,
            evidence.result.root,
            evidence.element,
            elements,
            DType.size(dtype)
        );
        return bits == letter(facts.inputsRoot, evidence.nodeIndex, evidence.element, dtype);
    }

    /// @inheritdoc IArbiter
    function resultShape(
        bytes32 graphRoot,
        uint32 nodeCount,
        uint32 nodeIndex,
        bytes calldata node,
        bytes32[] calldata nodeProof
    ) public pure returns (uint32 elements, uint8 dtype) {
        bytes32 root = _listRoot(nodeCount, nodeIndex, keccak256(node), nodeProof);
        require(root == graphRoot, NodeNotInGraph(nodeIndex));
        return (uint32(bytes4(node[:4])), uint8(node[4]));
    }

    /// @notice The one right value of an element: a number in [1, 2) for f32, any bits otherwise.
    function letter(bytes32 inputsRoot, uint32 node, uint32 element, uint8 dtype) public pure returns (uint64) {
        uint256 hash = uint256(keccak256(abi.encode(inputsRoot, node, element)));
        if (dtype == DType.F32) return uint64(0x3f800000 | (hash & 0x7fffff));
        return uint64(hash & ((1 << (8 * DType.size(dtype))) - 1));
    }

    function _listRoot(
        uint256 count,
        uint256 index,
        bytes32 leaf,
        bytes32[] calldata proof
    ) private pure returns (bytes32 root) {
        uint256 depth = DemandTree.depthOf(count);
        DemandTree.Path memory path = DemandTree.Path(index, 0, depth, count, DemandTree.LIST_ZERO);
        (root, ) = DemandTree.climb(leaf, path, proof, 0);
    }
}
