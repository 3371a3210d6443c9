// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
import { Binary32, Class } from "./Binary32.sol";

/// @title IEEE 754 binary64 numbers, as far as f64 goes: decoding, order, conversion
/// @notice A number is its 64 bits in the low bytes of a word. f64 is moved, compared and cast, never computed with.
library Binary64 {
    /// @notice The canonical NaN, the only one that results ever hold.
    uint256 internal constant NAN = 0x7ff8000000000000;
    uint256 internal constant INFINITY = 0x7ff0000000000000;
    uint256 internal constant SIGN = 1 << 63;
    /// @notice All bits but the sign.
    uint256 internal constant MAGNITUDE = SIGN - 1;

    uint256 private constant HIDDEN = 1 << 52;
    /// Exponent of the last place of subnormal numbers.
    int256 private constant MIN_QUANTUM = -1074;
    /// Magnitudes from here on stand for all larger ones: above every integer dtype.
    int256 private constant HUGE = 1 << 200;

    /// @notice Splits a number into its parts: value = +-mantissa * 2^exponent, mantissa < 2^53, not normalised.
    function decode(
        uint256 bits
    ) internal pure returns (bool negative, uint256 mantissa, int256 exponent, Class class) {
        negative = bits & SIGN != 0;
        uint256 field = (bits >> 52) & 0x7ff;
        mantissa = bits & (HIDDEN - 1);
        if (field == 0x7ff) return (negative, 0, 0, mantissa == 0 ? Class.Infinite : Class.NaN);
        if (field == 0) {
            if (mantissa == 0) return (negative, 0, 0, Class.Zero);
            return (negative, mantissa, MIN_QUANTUM, Class.Finite);
        }
        // field <= 2046, so nothing here can overflow.
        unchecked {
            return (negative, mantissa | HIDDEN, int256(field) - 1075, Class.Finite);
        }
    }

    /// @notice The number itself, or the canonical NaN for a NaN of any payload.
    function canonical(uint256 bits) internal pure returns (uint256) {
        return isNaN(bits) ? NAN : bits;
    }

    function isNaN(uint256 bits) internal pure returns (bool) {
        return bits & MAGNITUDE > INFINITY;
    }

    function isInfinite(uint256 bits) internal pure returns (bool) {
        return bits & MAGNITUDE == INFINITY;
    }

    function isZero(uint256 bits) internal pure returns (bool) {
        return bits & MAGNITUDE == 0;
    }

    /// @notice A key in the order of values of numbers that are not NaN: -0 and +0 have the same one.
    function valueKey(uint256 bits) internal pure returns (int256) {
        unchecked {
            return bits & SIGN == 0 ? int256(bits) : -int256(bits & MAGNITUDE);
        }
    }

    /// @notice As `valueKey`, but -0 comes before +0: the order of `min` and `max`.
    function orderKey(uint256 bits) internal pure returns (int256) {
        unchecked {
            return bits & SIGN == 0 ? int256(bits) : -int256(bits & MAGNITUDE) - 1;
        }
    }

    /// @notice RN of an integer of at most 64 bits; 0 gives +0.
    function fromInteger(int256 value) internal pure returns (uint256) {
        unchecked {
            return _round(value < 0, value < 0 ? uint256(-value) : uint256(value), 0);
        }
    }

    /// @notice The same number as a binary32 one.
    function fromBinary32(uint256 bits) internal pure returns (uint256) {
        (bool negative, uint256 mantissa, int256 exponent, Class class) = Binary32.decode(bits);
        if (class == Class.NaN) return NAN;
        if (class == Class.Infinite) return negative ? SIGN | INFINITY : INFINITY;
        return _round(negative, mantissa, exponent);
    }

    /// @notice RN to binary32.
    function toBinary32(uint256 bits) internal pure returns (uint256) {
        (bool negative, uint256 mantissa, int256 exponent, Class class) = decode(bits);
        if (class == Class.NaN) return Binary32.NAN;
        if (class == Class.Infinite) return Binary32.infinity(negative);
        return Binary32.round(negative, mantissa, exponent, false);
    }

    /// @notice The integer nearest to the number toward zero; 0 for NaN, +-2^200 for what is beyond every integer dtype.
    function toInteger(uint256 bits) internal pure returns (int256 integer) {
        (bool negative, uint256 mantissa, int256 exponent, Class class) = decode(bits);
        if (class == Class.NaN) return 0;
        unchecked {
            if (class == Class.Infinite || exponent > 100) integer = HUGE;
            else if (exponent >= 0)
                integer = int256(mantissa << uint256(exponent));
                // A shift by 256 or more gives zero.
            else integer = int256(mantissa >> uint256(-exponent));
            return negative ? -integer : integer;
        }
    }

    /// RN of +-mantissa * 2^exponent, mantissa <= 2^64, where the result neither overflows nor is subnormal.
    function _round(bool negative, uint256 mantissa, int256 exponent) private pure returns (uint256 bits) {
        unchecked {
            if (mantissa == 0) return negative ? SIGN : 0;
            int256 cut = int256(Math.log2(mantissa)) - 52;
            uint256 kept = cut > 0 ? mantissa >> uint256(cut) : mantissa << uint256(-cut);
            if (cut > 0) {
                uint256 half = 1 << uint256(cut - 1);
                uint256 rest = mantissa & (half + half - 1);
                if (rest > half || (rest == half && kept & 1 == 1)) ++kept;
            }
            // The hidden bit adds one to the exponent field, and so does a carry.
            bits = (uint256(exponent + cut - MIN_QUANTUM) << 52) + kept;
            if (negative) bits |= SIGN;
        }
    }
}
