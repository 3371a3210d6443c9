// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { SortitionTree } from "./SortitionTree.sol";

/// @title Accounts in a sortition tree
/// @notice Every account that ever entered keeps its leaf, so that one which comes back finds its old place.
library Roster {
    using SortitionTree for SortitionTree.Tree;

    /// Weights are stakes without their lowest bits, so that three sums fit one slot and none can overflow: stakes have 96 bits.
    uint256 private constant WEIGHT_SHIFT = 24;

    struct List {
        SortitionTree.Tree tree;
        mapping(uint32 leaf => address account) accounts;
        /// An account's leaf, plus one; zero before it ever entered.
        mapping(address account => uint32) seats;
    }

    /// @notice Gives an account the weight of `stake` from epoch `from` on, which is the next one.
    function set(List storage list, address account, uint96 stake, uint32 from) internal returns (uint72 weight) {
        weight = uint72(stake >> WEIGHT_SHIFT);
        uint32 seat = list.seats[account];
        if (seat == 0) {
            uint32 leaf = list.tree.add(weight, from);
            list.accounts[leaf] = account;
            list.seats[account] = leaf + 1;
        } else {
            list.tree.set(seat - 1, weight, from);
        }
    }

    /// @notice The account that covers `point` when weights lie side by side.
    /// @param point Below the sum of all weights in `epoch`.
    function at(List storage list, uint32 epoch, uint256 point) internal view returns (address) {
        return list.accounts[list.tree.leafAt(point, epoch)];
    }

    /// @notice Sum of all weights in `epoch`.
    function total(List storage list, uint32 epoch) internal view returns (uint256) {
        return list.tree.total(epoch);
    }

    /// @notice Weight of one account in `epoch`.
    function weightOf(List storage list, address account, uint32 epoch) internal view returns (uint256) {
        uint32 seat = list.seats[account];
        return seat == 0 ? 0 : list.tree.weightOf(seat - 1, epoch);
    }
}
