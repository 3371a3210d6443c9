// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

/// What a binary32 number is; everything but `Finite` has mantissa and exponent 0.
enum Class {
    Zero,
    Finite,
    Infinite,
    NaN
}

/// @title IEEE 754 binary32 numbers: decoding, rounding, order
/// @notice A number is its 32 bits in the low bytes of a word. Rounding is RN of docs/audit.md, section 1: to nearest,
/// ties to even, gradual underflow, overflow to infinity.
library Binary32 {
    /// @notice The canonical NaN, the only one that results ever hold.
    uint256 internal constant NAN = 0x7fc00000;
    uint256 internal constant INFINITY = 0x7f800000;
    uint256 internal constant ONE = 0x3f800000;
    uint256 internal constant SIGN = 0x80000000;
    /// @notice All bits but the sign.
    uint256 internal constant MAGNITUDE = 0x7fffffff;

    /// Exponent of the last place of subnormal numbers.
    int256 private constant MIN_QUANTUM = -149;
    /// Exponent of the last place of the largest ones.
    int256 private constant MAX_QUANTUM = 104;

    /// @notice Splits a number into its parts: value = +-mantissa * 2^exponent, mantissa < 2^24, not normalised.
    function decode(
        uint256 bits
    ) internal pure returns (bool negative, uint256 mantissa, int256 exponent, Class class) {
        negative = bits & SIGN != 0;
        uint256 field = (bits >> 23) & 0xff;
        mantissa = bits & 0x7fffff;
        if (field == 0xff) return (negative, 0, 0, mantissa == 0 ? Class.Infinite : Class.NaN);
        if (field == 0) {
            if (mantissa == 0) return (negative, 0, 0, Class.Zero);
            return (negative, mantissa, MIN_QUANTUM, Class.Finite);
        }
        // field <= 254, so nothing here can overflow.
        unchecked {
            return (negative, mantissa | 0x800000, int256(field) - 150, Class.Finite);
        }
    }

    /// @notice RN of +-mantissa * 2^exponent; `sticky` adds a part strictly between 0 and one unit of the mantissa.
    /// @dev With `sticky` the mantissa has at least 25 bits, or the exponent is at most -150: else the part left out could decide.
    /// |exponent| < 2^250.
    function round(bool negative, uint256 mantissa, int256 exponent, bool sticky) internal pure returns (uint256) {
        if (mantissa == 0) return zero(negative);
        unchecked {
            int256 quantum = _quantum(mantissa, exponent);
            if (quantum <= exponent) {
                // At most 24 bits: nothing to cut. The shift is at most 23 unless the result overflows anyway.
                if (exponent > 127) return infinity(negative);
                return _pack(negative, mantissa << uint256(exponent - quantum), quantum);
            }
            uint256 shift = uint256(quantum - exponent);
            if (shift > 256) return zero(negative);
            uint256 kept = mantissa >> shift;
            uint256 half = 1 << (shift - 1);
            // Twice half wraps to 0 when the shift is 256, and the mask is all ones, as it should be.
            uint256 rest = mantissa & (half + half - 1);
            if (rest > half || (rest == half && (sticky || kept & 1 == 1))) ++kept;
            return _pack(negative, kept, quantum);
        }
    }

    /// @notice RN of a real that lies strictly within `bound` units of +-mantissa * 2^exponent.
    /// @dev 2^26 * bound <= mantissa < 2^255, bound > 0; |exponent| < 2^250.
    /// @return bits The rounded number, if decided.
    /// @return decided Whether every such real rounds to `bits`.
    function roundWithin(
        bool negative,
        uint256 mantissa,
        int256 exponent,
        uint256 bound
    ) internal pure returns (uint256 bits, bool decided) {
        unchecked {
            int256 quantum = _quantum(mantissa, exponent);
            // The real is too close to 2^128 or above, or too close to 0, for the bound to matter.
            if (quantum > MAX_QUANTUM) return (infinity(negative), true);
            uint256 shift = uint256(quantum - exponent);
            if (shift > 256) return (zero(negative), true);
            uint256 kept = mantissa >> shift;
            uint256 half = 1 << (shift - 1);
            uint256 rest = mantissa & (half + half - 1);
            decided = rest > half ? rest - half >= bound : half - rest >= bound;
            bits = _pack(negative, rest > half ? kept + 1 : kept, quantum);
        }
    }

    /// @notice The midpoint between the two binary32 numbers around mantissa * 2^exponent, where `roundWithin` did not decide.
    /// @return odd An odd number of at most 25 bits.
    /// @return place The midpoint is odd * 2^place.
    function midpoint(uint256 mantissa, int256 exponent) internal pure returns (uint256 odd, int256 place) {
        unchecked {
            place = _quantum(mantissa, exponent) - 1;
            return (((mantissa >> uint256(place + 1 - exponent)) << 1) | 1, place);
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

    function zero(bool negative) internal pure returns (uint256) {
        return negative ? SIGN : 0;
    }

    function infinity(bool negative) internal pure returns (uint256) {
        return negative ? SIGN | INFINITY : INFINITY;
    }

    /// @notice A key in the order of values: -0 and +0 have the same one, every NaN has the same one, above infinity.
    function valueKey(uint256 bits) internal pure returns (int256) {
        uint256 magnitude = bits & MAGNITUDE;
        if (magnitude > INFINITY) return int256(NAN);
        unchecked {
            return bits & SIGN == 0 ? int256(magnitude) : -int256(magnitude);
        }
    }

    /// @notice As `valueKey`, but -0 comes before +0: the order of `min` and `max`.
    function orderKey(uint256 bits) internal pure returns (int256) {
        uint256 magnitude = bits & MAGNITUDE;
        if (magnitude > INFINITY) return int256(NAN);
        unchecked {
            return bits & SIGN == 0 ? int256(magnitude) : -int256(magnitude) - 1;
        }
    }

    /// Exponent of the last place of the binary32 numbers around a value.
    function _quantum(uint256 mantissa, int256 exponent) private pure returns (int256 quantum) {
        unchecked {
            quantum = int256(Math.log2(mantissa)) + exponent - 23;
            if (quantum < MIN_QUANTUM) quantum = MIN_QUANTUM;
        }
    }

    /// Bits of kept * 2^quantum, kept <= 2^24 (2^24 when rounding carried). The hidden bit, where there is one, adds one to the
    /// exponent field; so does a carry, up to infinity.
    function _pack(bool negative, uint256 kept, int256 quantum) private pure returns (uint256 bits) {
        unchecked {
            if (quantum > MAX_QUANTUM) return infinity(negative);
            bits = (uint256(quantum - MIN_QUANTUM) << 23) + kept;
            if (negative) bits |= SIGN;
        }
    }
}
