// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { SortitionTree } from "../libraries/SortitionTree.sol";

/// @notice One sortition tree, callable.
contract SortitionHarness {
    using SortitionTree for SortitionTree.Tree;

    SortitionTree.Tree private _tree;

    function add(uint72 weight, uint32 from) external {
        _tree.add(weight, from);
    }

    function set(uint32 leaf, uint72 weight, uint32 from) external {
        _tree.set(leaf, weight, from);
    }

    function leafAt(uint256 point, uint32 epoch) external view returns (uint32) {
        return _tree.leafAt(point, epoch);
    }

    function total(uint32 epoch) external view returns (uint256) {
        return _tree.total(epoch);
    }

    function weightOf(uint32 leaf, uint32 epoch) external view returns (uint72) {
        return _tree.weightOf(leaf, epoch);
    }

    function height() external view returns (uint256) {
        return _tree.height();
    }
}
