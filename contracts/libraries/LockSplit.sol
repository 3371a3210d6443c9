// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Own and delegated parts of locks
/// @notice At least a fifth of every lock is the operator's own, so that each lock funds its reward and nobody risks other
/// people's stake alone.
library LockSplit {
    uint256 private constant LEAST_OWN = 5;

    /// @notice The largest lock that free stake can back.
    function capacity(uint256 own, uint256 delegated) internal pure returns (uint256) {
        return Math.min(LEAST_OWN * own, own + delegated);
    }

    /// @notice The own part of a lock, rounded up: a fifth, or the operator's share of the free stake if that is more.
    /// @param amount At most the capacity; then both parts are there.
    function ownPart(uint256 amount, uint256 own, uint256 delegated) internal pure returns (uint256) {
        if (delegated == 0) return amount;
        if ((LEAST_OWN - 1) * own >= delegated) return Math.mulDiv(amount, own, own + delegated, Math.Rounding.Ceil);
        return Math.ceilDiv(amount, LEAST_OWN);
    }
}
