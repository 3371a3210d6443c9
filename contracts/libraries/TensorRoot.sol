// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Hashes } from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title Tensor trees (docs/audit.md, 2)
library TensorRoot {
    uint256 internal constant LEAF_BYTES = 256;

    /// @dev The openings' own length does not fit the tree.
    error MalformedLeaf(uint256 length);
    error LeafOutOfRange(uint256 index, uint256 count);
    error ProofLength(uint256 given, uint256 used);

    /// @notice Root of the tree of `count` leaves in which `leaf` is number `index`, by the range proof of that one leaf.
    function rootOfLeaf(
        bytes calldata leaf,
        uint256 index,
        uint256 count,
        bytes32[] calldata proof
    ) internal pure returns (bytes32 node) {
        require(leaf.length == LEAF_BYTES, MalformedLeaf(leaf.length));
        require(index < count, LeafOutOfRange(index, count));
        node = keccak256(leaf);
        bytes32 zero = keccak256(new bytes(LEAF_BYTES));
        uint256 used;
        for (uint256 width = count; width > 1; width = (width + 1) / 2) {
            if (index & 1 == 1) {
                require(used < proof.length, ProofLength(proof.length, used + 1));
                node = Hashes.efficientKeccak256(proof[used++], node);
            } else if (index + 1 == width) {
                node = Hashes.efficientKeccak256(node, zero);
            } else {
                require(used < proof.length, ProofLength(proof.length, used + 1));
                node = Hashes.efficientKeccak256(node, proof[used++]);
            }
            zero = Hashes.efficientKeccak256(zero, zero);
            index /= 2;
        }
        require(used == proof.length, ProofLength(proof.length, used));
    }
}
