// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { TensorTree } from "./TensorTree.sol";
import { ElementOpening } from "../types/Claim.sol";

/// @title Elements of a claim's inputs and outputs
library ClaimTensors {
    error ListHashMismatch(bytes32 given, bytes32 expected);
    error ElementOutOfRange(uint256 element, uint256 size);
    error TensorRootMismatch(bytes32 given, bytes32 expected);

    /// @notice Bits of an opened element, in the low bytes. The tensor number must be in range.
    /// @param listHash Inputs root or outputs root of the claim.
    /// @param size Elements of tensor `opening.tensor`.
    /// @param elementBytes Bytes of one of its elements.
    function read(
        ElementOpening calldata opening,
        bytes32 listHash,
        uint256 size,
        uint256 elementBytes
    ) internal pure returns (uint64 bits) {
        bytes32 given = keccak256(abi.encodePacked(opening.roots));
        require(given == listHash, ListHashMismatch(given, listHash));
        bytes32 expected = opening.roots[opening.tensor];
        return readLeaf(opening.leaf, opening.proof, expected, opening.element, size, elementBytes);
    }

    /// @notice Bits of element number `element` of a tensor, from the leaf that holds it and the range proof of that leaf.
    /// @param expected The tensor's root.
    function readLeaf(
        bytes calldata leaf,
        bytes32[] calldata proof,
        bytes32 expected,
        uint256 element,
        uint256 size,
        uint256 elementBytes
    ) internal pure returns (uint64 bits) {
        require(element < size, ElementOutOfRange(element, size));
        uint256 start = element * elementBytes;
        require(leaf.length == TensorTree.LEAF, TensorTree.LeavesLength(leaf.length));
        uint256 leaves = TensorTree.leafCount(size, elementBytes);
        bytes32 root = TensorTree.rangeRoot(leaves, start / TensorTree.LEAF, leaf, proof);
        require(root == expected, TensorRootMismatch(root, expected));
        return _bits(leaf, start % TensorTree.LEAF, elementBytes);
    }

    function _bits(bytes calldata leaf, uint256 offset, uint256 elementBytes) private pure returns (uint64 bits) {
        // Elements never straddle leaves: every element size divides the leaf size.
        for (uint256 i; i < elementBytes; ++i) bits = (bits << 8) | uint8(leaf[offset + i]);
    }
}
