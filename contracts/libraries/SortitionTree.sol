// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Weighted draws that later changes can't bend
/// @notice A binary tree of sums over leaves with weights. A change made in epoch e counts from epoch e + 1, and every node
/// keeps its sums of three consecutive epochs, so a draw with the weights of the current or the previous epoch is the same
/// whenever it is made.
/// @dev Node (height, index) is the sum of nodes (height - 1, 2 * index) and (height - 1, 2 * index + 1); leaves are at height
/// zero. The tree grows by a level when its leaves outgrow it; what has never been written is zero. A change rewrites one
/// node a level from its two children, so a sum can't drift from what is below it.
library SortitionTree {
    struct Tree {
        uint32 leaves;
        mapping(uint256 key => Node) nodes;
    }

    /// Sums in one slot: `latest` counts from epoch `epoch` on, `previous` in the epoch before it, `older` in the one before that.
    struct Node {
        uint32 epoch;
        uint72 latest;
        uint72 previous;
        uint72 older;
    }

    /// There is no leaf of this number.
    error NoSuchLeaf(uint32 leaf, uint32 leaves);
    /// The point of a draw lies beyond the sum of all weights.
    error PointOutsideTree(uint256 point, uint256 total);

    /// @notice Adds a leaf with its weight from epoch `from` on, which is the epoch after the current one.
    function add(Tree storage tree, uint72 weight, uint32 from) internal returns (uint32 leaf) {
        leaf = tree.leaves++;
        set(tree, leaf, weight, from);
    }

    /// @notice Changes the weight of a leaf from epoch `from` on, which is the epoch after the current one.
    function set(Tree storage tree, uint32 leaf, uint72 weight, uint32 from) internal {
        require(leaf < tree.leaves, NoSuchLeaf(leaf, tree.leaves));
        Node memory node = _aligned(tree.nodes[leaf], from);
        node.latest = weight;
        tree.nodes[leaf] = node;

        uint256 index = leaf;
        uint256 top = height(tree);
        for (uint256 level; level < top; ++level) {
            Node memory sibling = _aligned(tree.nodes[_key(level, index ^ 1)], from);
            node.latest += sibling.latest;
            node.previous += sibling.previous;
            node.older += sibling.older;
            index >>= 1;
            tree.nodes[_key(level + 1, index)] = node;
        }
    }

    /// @notice The leaf that covers `point` when leaves lie side by side in order of their numbers.
    /// @param point Below the total weight in that epoch.
    function leafAt(Tree storage tree, uint256 point, uint32 epoch) internal view returns (uint32) {
        uint256 sum = total(tree, epoch);
        require(point < sum, PointOutsideTree(point, sum));
        uint256 index;
        for (uint256 level = height(tree); level != 0; --level) {
            index <<= 1;
            uint256 left = _at(tree.nodes[_key(level - 1, index)], epoch, 0);
            if (point >= left) {
                point -= left;
                ++index;
            }
        }
        return uint32(index);
    }

    /// @notice Sum of all weights in `epoch`: the current one or its two neighbours.
    function total(Tree storage tree, uint32 epoch) internal view returns (uint256) {
        return _at(tree.nodes[_key(height(tree), 0)], epoch, 0);
    }

    /// @notice Weight of one leaf in `epoch`: the current one or its two neighbours.
    function weightOf(Tree storage tree, uint32 leaf, uint32 epoch) internal view returns (uint72) {
        return _at(tree.nodes[leaf], epoch, 0);
    }

    /// @notice Levels above the leaves.
    function height(Tree storage tree) internal view returns (uint256 levels) {
        uint256 leaves = tree.leaves;
        while (1 << levels < leaves) ++levels;
    }

    function _key(uint256 level, uint256 index) private pure returns (uint256) {
        return (level << 32) | index;
    }

    /// The sum that counts `back` epochs before `epoch`.
    function _at(Node memory node, uint256 epoch, uint256 back) private pure returns (uint72) {
        if (epoch >= node.epoch + back) return node.latest;
        return epoch + 1 == node.epoch + back ? node.previous : node.older;
    }

    /// The node as seen from `epoch`, which is not before its own.
    function _aligned(Node memory node, uint32 epoch) private pure returns (Node memory) {
        return
            Node({
                epoch: epoch,
                latest: _at(node, epoch, 0),
                previous: _at(node, epoch, 1),
                older: _at(node, epoch, 2)
            });
    }
}
