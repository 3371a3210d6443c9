// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Merkle trees over tensors and over lists of hashes
/// @notice docs/audit.md, 2. Functions return the root that a proof leads to; the caller compares it with the one it trusts.
library TensorTree {
    /// @notice Bytes of a leaf of a tensor tree.
    uint256 internal constant LEAF = 256;

    /// keccak256 of 256 zero bytes: the leaf at positions beyond a tensor.
    bytes32 private constant ZERO_LEAF = 0xd397b3b043d87fcd6fad1291ff0bfd16401c274896d8c63a923727f077b8e0b5;

    /// A range of leaves is whole leaves, at least one.
    error LeavesLength(uint256 length);
    /// The range [first, first + n) does not lie inside a tree of `count` leaves.
    error RangeOutsideTree(uint256 first, uint256 n, uint256 count);
    /// The proof does not hold exactly the hashes that it needs.
    error ProofLength(uint256 given, uint256 needed);

    /// @notice Leaves of a tensor.
    function leafCount(uint256 elements, uint256 width) internal pure returns (uint256) {
        return Math.ceilDiv(elements * width, LEAF);
    }

    /// @notice Levels of hashing above `count` >= 1 leaves.
    function depth(uint256 count) internal pure returns (uint256) {
        return Math.log2(count, Math.Rounding.Ceil);
    }

    /// @notice Root of the tensor whose elements are these bytes, at least one; the last leaf is padded with zeros.
    function rootOf(bytes calldata data) internal pure returns (bytes32) {
        uint256 count = Math.ceilDiv(data.length, LEAF);
        require(count != 0, LeavesLength(0));
        uint256 row = _allocateRow(count);
        bytes32[] calldata none;
        assembly ("memory-safe") {
            none.offset := 0
            none.length := 0
            // One leaf at a time passes through free memory, which stays unallocated.
            let leaf := mload(0x40)
            let to := row
            let end := add(data.offset, data.length)
            for {
                let from := data.offset
            } lt(from, end) {
                from := add(from, LEAF)
            } {
                let length := sub(end, from)
                switch lt(length, LEAF)
                case 1 {
                    // What follows the tensor in calldata is not padding.
                    calldatacopy(leaf, calldatasize(), LEAF)
                    calldatacopy(leaf, from, length)
                }
                default {
                    calldatacopy(leaf, from, LEAF)
                }
                mstore(to, keccak256(leaf, LEAF))
                to := add(to, 32)
            }
        }
        return _fold(row, 0, count, count, none, ZERO_LEAF);
    }

    /// @notice Root that consecutive leaves of a tensor tree of `count` leaves lead to.
    function rangeRoot(
        uint256 count,
        uint256 first,
        bytes calldata leaves,
        bytes32[] calldata proof
    ) internal pure returns (bytes32) {
        uint256 n = leaves.length / LEAF;
        require(n != 0 && leaves.length % LEAF == 0, LeavesLength(leaves.length));
        require(first + n <= count, RangeOutsideTree(first, n, count));
        uint256 row = _allocateRow(n);
        assembly ("memory-safe") {
            // One leaf at a time passes through free memory, which stays unallocated.
            let leaf := mload(0x40)
            let to := row
            let end := add(leaves.offset, leaves.length)
            for {
                let from := leaves.offset
            } lt(from, end) {
                from := add(from, LEAF)
            } {
                calldatacopy(leaf, from, LEAF)
                mstore(to, keccak256(leaf, LEAF))
                to := add(to, 32)
            }
        }
        return _fold(row, first, n, count, proof, ZERO_LEAF);
    }

    /// @notice Root that one leaf of a list tree of `count` leaves leads to.
    function listRoot(
        uint256 count,
        uint256 index,
        bytes32 leaf,
        bytes32[] calldata proof
    ) internal pure returns (bytes32) {
        require(index < count, RangeOutsideTree(index, 1, count));
        uint256 row = _allocateRow(1);
        assembly ("memory-safe") {
            mstore(row, leaf)
        }
        return _fold(row, index, 1, count, proof, 0);
    }

    /// Memory for a row of `n` hashes with one free word on each side, for neighbours.
    function _allocateRow(uint256 n) private pure returns (uint256 row) {
        assembly ("memory-safe") {
            row := add(mload(0x40), 32)
            mstore(0x40, add(row, shl(5, add(n, 1))))
        }
    }

    /// Hashes the row at positions [lo, lo + n) of the leaves up to the root, in place.
    /// @param zero Hash of an empty position among the leaves.
    function _fold(
        uint256 row,
        uint256 lo,
        uint256 n,
        uint256 count,
        bytes32[] calldata proof,
        bytes32 zero
    ) private pure returns (bytes32 top) {
        uint256 used;
        assembly ("memory-safe") {
            let next := proof.offset
            let hi := add(lo, n)
            // Height that `zero` belongs to; it is raised only when an empty position is met.
            let zeroAt := 0
            for {
                let height := 0
            } gt(count, 1) {
                height := add(height, 1)
            } {
                let from := row
                let end := add(row, shl(5, sub(hi, lo)))
                if and(lo, 1) {
                    from := sub(row, 32)
                    mstore(from, calldataload(next))
                    next := add(next, 32)
                }
                if and(hi, 1) {
                    switch eq(hi, count)
                    case 1 {
                        for {} lt(zeroAt, height) {
                            zeroAt := add(zeroAt, 1)
                        } {
                            mstore(0x00, zero)
                            mstore(0x20, zero)
                            zero := keccak256(0x00, 0x40)
                        }
                        mstore(end, zero)
                    }
                    default {
                        mstore(end, calldataload(next))
                        next := add(next, 32)
                    }
                    end := add(end, 32)
                }
                // A parent is written only over children that have been hashed.
                let to := row
                for {} lt(from, end) {
                    from := add(from, 64)
                } {
                    mstore(to, keccak256(from, 64))
                    to := add(to, 32)
                }
                lo := shr(1, lo)
                hi := shr(1, add(hi, 1))
                count := shr(1, add(count, 1))
            }
            used := shr(5, sub(next, proof.offset))
            top := mload(row)
        }
        // Hashes read past a short proof do not matter: the root is not returned.
        require(used == proof.length, ProofLength(proof.length, used));
    }
}
