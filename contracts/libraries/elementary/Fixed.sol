// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { Binary32 } from "../Binary32.sol";

// 1 in the fixed point of the elementary functions. Two numbers below 4 can be multiplied in one word.
uint256 constant ONE = 1 << 126;

/// @title Fixed point with 126 fractional bits, and its way back to binary32
/// @notice A positive real is a fixed-point number where its absolute error matters, or a pair mantissa * 2^exponent where the relative one does.
library Fixed {
    /// Results carry an error well below 2^-100 of themselves (each function says why). The value at a binary32 argument comes
    /// no closer to a midpoint than 2^-60 or so by chance (24 bits and one for each of 2^32 arguments), and than 2^-78 by its form:
    /// that is 1 / (1 + e^-x) = 1/2 + x/4 - x^3/48 + ... at x = -2^-24.
    uint256 private constant GUARD = 90;

    /// @notice RN of a result in whose mantissa the first 90 bits are right; at least 91 bits long, below 2^255.
    /// @return bits The rounded number, if decided.
    /// @return decided Whether these bits decide it.
    function decide(
        bool negative,
        uint256 mantissa,
        int256 exponent
    ) internal pure returns (uint256 bits, bool decided) {
        return Binary32.roundWithin(negative, mantissa, exponent, mantissa >> GUARD);
    }

    /// @notice floor(m * 2^e) in fixed point; m * 2^e < 2^129.
    function fromParts(uint256 m, int256 e) internal pure returns (uint256) {
        return shift(m, e + 126);
    }

    /// @notice floor(m * 2^places), for a shift in either direction.
    function shift(uint256 m, int256 places) internal pure returns (uint256) {
        unchecked {
            return places >= 0 ? m << uint256(places) : m >> uint256(-places);
        }
    }

    /// @notice The same number (up to the bits cut off) with a mantissa in [2^126, 2^127); m > 0.
    function normalize(uint256 m, int256 e) internal pure returns (uint256, int256) {
        unchecked {
            int256 places = 126 - int256(Math.log2(m));
            return (shift(m, places), e - places);
        }
    }
}
