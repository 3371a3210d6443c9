// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Hashes } from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { Position, ROOT_LIST } from "../types/Challenge.sol";
import { TensorTree } from "./TensorTree.sol";

/// @title Subtrees of tensor and list trees
/// @notice The trees of docs/audit.md, section 2, seen from single subtrees: the grid of heights that demands step
/// down, paths upward and the opening of a subtree. `leaves` is the tree's number of real leaves; what lies beyond them
/// is a constant.
library DemandTree {
    /// A way up a tree of `leaves` leaves: from subtree `index` of height `from` to the one of height `to` around it.
    struct Path {
        uint256 index;
        uint256 from;
        uint256 to;
        uint256 leaves;
        /// Hash of a missing leaf.
        bytes32 zero;
    }

    /// Levels that one supply reveals.
    uint256 internal constant STEP = 8;
    /// Hash of 256 zero bytes: a missing leaf of a tensor.
    bytes32 internal constant TENSOR_ZERO = 0xd397b3b043d87fcd6fad1291ff0bfd16401c274896d8c63a923727f077b8e0b5;
    /// A missing leaf of a list.
    bytes32 internal constant LIST_ZERO = 0;

    /// @notice Levels above the leaves.
    function depthOf(uint256 leaves) internal pure returns (uint256) {
        return leaves < 2 ? 0 : Math.log2(leaves - 1) + 1;
    }

    /// @notice Demands from the root of a tensor down to the bytes of one of its leaves.
    function tensorChain(uint256 leaves) internal pure returns (uint256) {
        return Math.ceilDiv(depthOf(leaves), STEP) + 1;
    }

    /// @notice Demands from the root of a list down to one of its leaves.
    function listChain(uint256 leaves) internal pure returns (uint256) {
        return Math.ceilDiv(depthOf(leaves), STEP);
    }

    /// @notice Subtrees of this height that overlap the shape.
    function width(uint256 leaves, uint256 height) internal pure returns (uint256) {
        return ((leaves - 1) >> height) + 1;
    }

    /// @notice Whether demands can name this position. The leaves of a list are no positions: they are roots of
    /// tensors.
    function exists(Position memory position, uint256 leaves) internal pure returns (bool) {
        uint256 height = position.height;
        uint256 depth = depthOf(leaves);
        if (height > depth || position.index >= width(leaves, height)) return false;
        if (height == 0) return position.node != ROOT_LIST;
        return (depth - height) % STEP == 0;
    }

    /// @notice The grid height that a supply at `height` reveals.
    function below(uint256 height) internal pure returns (uint256) {
        return height > STEP ? height - STEP : 0;
    }

    /// @notice The grid height above `height`, which is a grid height below the root.
    function above(uint256 height, uint256 depth) internal pure returns (uint256) {
        if (height != 0) return height + STEP;
        uint256 lowest = depth % STEP;
        return lowest == 0 ? STEP : lowest;
    }

    /// @notice The root of a subtree of this height without real leaves.
    function zeroAt(bytes32 zero, uint256 height) internal pure returns (bytes32) {
        for (; height != 0; --height) zero = Hashes.efficientKeccak256(zero, zero);
        return zero;
    }

    /// @notice Climbs from a subtree to the one around it.
    /// @param hash Root of the subtree that `path` starts from.
    /// @param proof Siblings from the bottom up, those outside the shape left out; read from `used` on.
    /// @return root Root of the subtree of height `path.to`.
    /// @return next First element of the proof that was not read.
    function climb(
        bytes32 hash,
        Path memory path,
        bytes32[] calldata proof,
        uint256 used
    ) internal pure returns (bytes32 root, uint256 next) {
        root = hash;
        next = used;
        uint256 index = path.index;
        uint256 count = width(path.leaves, path.from);
        bytes32 zero = zeroAt(path.zero, path.from);
        for (uint256 height = path.from; height < path.to; ++height) {
            if (index & 1 == 0 && index + 1 == count) {
                root = Hashes.efficientKeccak256(root, zero);
            } else {
                require(next < proof.length, TensorTree.ProofLength(proof.length, next + 1));
                bytes32 sibling = proof[next++];
                root =
                    index & 1 == 0
                        ? Hashes.efficientKeccak256(root, sibling)
                        : Hashes.efficientKeccak256(sibling, root);
            }
            index >>= 1;
            count = (count + 1) >> 1;
            zero = Hashes.efficientKeccak256(zero, zero);
        }
    }

    /// @notice How many subtrees of height `low` lie inside the shape below subtree `index` of height `high`.
    function inside(uint256 index, uint256 high, uint256 low, uint256 leaves) internal pure returns (uint256) {
        uint256 levels = high - low;
        return Math.min(1 << levels, width(leaves, low) - (index << levels));
    }

    /// @notice Root of a subtree of height `high` from the roots of height `low` below it that lie inside the shape.
    function fold(bytes32[] memory hashes, uint256 high, uint256 low, bytes32 zero) internal pure returns (bytes32) {
        uint256 count = hashes.length;
        zero = zeroAt(zero, low);
        for (uint256 height = low; height < high; ++height) {
            uint256 half = (count + 1) >> 1;
            for (uint256 i; i < half; ++i) {
                hashes[i] = Hashes.efficientKeccak256(hashes[2 * i], 2 * i + 1 < count ? hashes[2 * i + 1] : zero);
            }
            count = half;
            zero = Hashes.efficientKeccak256(zero, zero);
        }
        return hashes[0];
    }

    /// @notice One word for a position, never zero.
    function key(uint256 node, uint256 height, uint256 index) internal pure returns (uint128) {
        return uint128((1 << 72) | (node << 40) | (height << 32) | index);
    }

    function key(Position memory position) internal pure returns (uint128) {
        return key(position.node, position.height, position.index);
    }

    /// @notice Keys of a subtree and of all those around it that can be demanded, from the bottom up.
    function keysAbove(
        uint256 node,
        uint256 height,
        uint256 index,
        uint256 leaves
    ) internal pure returns (uint128[] memory keys) {
        uint256 depth = depthOf(leaves);
        keys = new uint128[](1 + Math.ceilDiv(depth - height, STEP));
        keys[0] = key(node, height, index);
        for (uint256 i = 1; i < keys.length; ++i) {
            uint256 up = above(height, depth);
            index >>= up - height;
            height = up;
            keys[i] = key(node, height, index);
        }
    }
}
