// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Binary32, Class } from "./Binary32.sol";

/// @title Binary32 numbers and integers
/// @notice Rounding to integral values, and conversion from and to integers.
library Binary32Integral {
    enum Direction {
        TowardZero,
        Down,
        Up,
        NearestEven
    }

    /// Magnitudes from here on stand for all larger ones: above every integer dtype and every sum with one.
    int256 private constant HUGE = 1 << 200;

    /// @notice The number rounded to an integral value; zeros keep the sign of x, infinities stay, NaN is canonical.
    function toIntegral(uint256 x, Direction direction) internal pure returns (uint256) {
        (bool negative, uint256 mantissa, int256 exponent, Class class) = Binary32.decode(x);
        if (class != Class.Finite) return Binary32.canonical(x);
        if (exponent >= 0) return x;
        return Binary32.round(negative, _integer(negative, mantissa, exponent, direction), 0, false);
    }

    /// @notice The integer nearest to x in the direction given. Infinities give +-2^200.
    /// @return integer 0 for NaN.
    /// @return nan Whether x is NaN.
    function toInteger(uint256 x, Direction direction) internal pure returns (int256 integer, bool nan) {
        (bool negative, uint256 mantissa, int256 exponent, Class class) = Binary32.decode(x);
        if (class == Class.NaN) return (0, true);
        unchecked {
            if (class == Class.Infinite) integer = HUGE;
            else if (exponent >= 0) integer = int256(mantissa << uint256(exponent));
            else integer = int256(_integer(negative, mantissa, exponent, direction));
            return (negative ? -integer : integer, false);
        }
    }

    /// @notice RN of an integer; 0 gives +0.
    function fromInteger(int256 value) internal pure returns (uint256) {
        unchecked {
            return Binary32.round(value < 0, value < 0 ? uint256(-value) : uint256(value), 0, false);
        }
    }

    /// Magnitude of the integral value near +-mantissa * 2^exponent, exponent < 0.
    function _integer(
        bool negative,
        uint256 mantissa,
        int256 exponent,
        Direction direction
    ) private pure returns (uint256 kept) {
        unchecked {
            uint256 places = uint256(-exponent);
            kept = mantissa >> places;
            uint256 rest = mantissa - (kept << places);
            if (rest == 0 || direction == Direction.TowardZero) return kept;
            if (direction == Direction.NearestEven) {
                uint256 half = 1 << (places - 1);
                return rest > half || (rest == half && kept & 1 == 1) ? kept + 1 : kept;
            }
            return negative == (direction == Direction.Down) ? kept + 1 : kept;
        }
    }
}
