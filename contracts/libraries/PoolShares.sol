// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Shares of a pool of tokens
/// @notice A pool counts `OFFSET` virtual shares and one virtual token beside the real ones, so that the price is defined for
/// an empty pool and nobody gains by making a share dear. All rounding favours the pool: what is deposited can't be worth
/// more afterwards, and the price never falls but by slashing.
library PoolShares {
    uint256 private constant OFFSET = 1_000;
    /// A pool whose tokens are worth less than this part of what its holders paid in is worn out: more shares would soon
    /// overflow.
    uint256 private constant WEAR = 1_000_000;

    /// @notice Shares for tokens that come in.
    function sharesFor(uint256 amount, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return Math.mulDiv(amount, shares + OFFSET, tokens + 1);
    }

    /// @notice Shares that are worth at least `amount`.
    function sharesWorth(uint256 amount, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return Math.mulDiv(amount, shares + OFFSET, tokens + 1, Math.Rounding.Ceil);
    }

    /// @notice What `part` of the shares is worth.
    function worth(uint256 part, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return Math.mulDiv(part, tokens + 1, shares + OFFSET);
    }

    /// @notice Whether a pool can't take deposits any more. Only slashing leads there: the virtual share and token are counted,
    /// so that neither a deposit nor an exit changes the price for the worse.
    function isWornOut(uint256 tokens, uint256 shares) internal pure returns (bool) {
        return shares + OFFSET > (tokens + 1) * OFFSET * WEAR;
    }
}
