// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { Binary32, Class } from "../Binary32.sol";
import { LN2_200 } from "./Constants.sol";
import { ONE, Fixed } from "./Fixed.sol";

/// @title Natural logarithm and what is made of it: log1p, asinh, acosh, atanh
/// @notice Arguments are binary32 numbers other than NaN. Each function returns RN of its value, and whether it is decided.
library Logarithm {
    /// 1.4140625: near enough to the square root of 2.
    uint256 private constant MIDDLE = 181 << 119;

    /// @notice ln(v * 2^s) = +-mantissa * 2^exponent for v > 0; mantissa 0 for ln 1.
    /// @dev The relative error of the result is below 2^-120 where v has at most 127 bits; a longer v is cut to 127, which changes the result by 2^-126.
    function natural(uint256 v, int256 s) internal pure returns (bool negative, uint256 mantissa, int256 exponent) {
        unchecked {
            // v * 2^s = 2^k * (1 + ...) with the second factor between 0.707 and 1.414
            int256 k = int256(Math.log2(v));
            v = Fixed.shift(v, 126 - k);
            k += s;
            uint256 unit = ONE;
            if (v >= MIDDLE) {
                ++k;
                unit = 2 * ONE;
            }
            negative = v < unit;
            if (v != unit) (mantissa, exponent) = areaTangent(negative ? unit - v : v - unit, v + unit, 0);
            ++exponent;
            if (k == 0) return (negative, mantissa, exponent);

            int256 sum = k * int256(LN2_200);
            int256 rest = int256(Fixed.shift(mantissa, exponent + 200));
            sum = negative ? sum - rest : sum + rest;
            negative = sum < 0;
            return (negative, uint256(negative ? -sum : sum), -200);
        }
    }

    /// @notice atanh(z) = mantissa * 2^exponent for z = num/den * 2^scale, 0 < z < 0.172; num < 2^252, 2^126 <= den <= 2^128.
    /// @dev Relative error: 2^-123 from cutting z, as much from the sum, 2^-124 from the product; the first term left out is below 2^-137.
    function areaTangent(
        uint256 num,
        uint256 den,
        int256 scale
    ) internal pure returns (uint256 mantissa, int256 exponent) {
        unchecked {
            uint256 places = 252 - Math.log2(num);
            // In [2^124, 2^127]
            uint256 z = (num << places) / den;
            exponent = scale - int256(places);
            uint256 y = (z * z) >> uint256(-2 * exponent - 126);
            uint256 sum;
            for (uint256 n = 51; n != 1; n -= 2) sum = ((ONE / n + sum) * y) >> 126;
            mantissa = (z * (ONE + sum)) >> 126;
        }
    }

    function log(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 m, int256 e, Class class) = Binary32.decode(x);
        if (class == Class.Zero) return (Binary32.infinity(true), true);
        if (negative) return (Binary32.NAN, true);
        if (class == Class.Infinite) return (x, true);
        return _logarithm(m, e);
    }

    function log1p(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 m, int256 e, Class class) = Binary32.decode(x);
        if (class == Class.Zero) return (x, true);
        if (negative && x & Binary32.MAGNITUDE >= Binary32.ONE) {
            return (x & Binary32.MAGNITUDE == Binary32.ONE ? Binary32.infinity(true) : Binary32.NAN, true);
        }
        if (class == Class.Infinite) return (x, true);
        unchecked {
            if (_isBelowEighth(x)) {
                // 2 atanh(x / (2 + x)), relative to x however small.
                uint256 t = Fixed.fromParts(m, e);
                (uint256 mantissa, int256 exponent) = areaTangent(m, negative ? 2 * ONE - t : 2 * ONE + t, e + 126);
                return Fixed.decide(negative, mantissa, exponent + 1);
            }
            // 1 + x, exact
            if (e >= 0) return _logarithm((m << uint256(e)) + 1, 0);
            uint256 one = 1 << uint256(-e);
            return _logarithm(negative ? one - m : one + m, e);
        }
    }

    /// @dev atanh(x / sqrt(1 + x^2)) near 0, else ln(x + sqrt(x^2 + 1)).
    function asinh(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 m, int256 e, Class class) = Binary32.decode(x);
        if (class != Class.Finite) return (x, true);
        unchecked {
            uint256 mantissa;
            int256 exponent;
            if (_isBelowEighth(x)) {
                uint256 root = Math.sqrt((ONE << 126) + Fixed.shift(m * m, 2 * e + 252));
                (mantissa, exponent) = areaTangent(m, root, e + 126);
            } else {
                (m, e) = _widen(m, e);
                // Beyond 2^120 the 1 is less than a unit of the square, and is dropped.
                uint256 root = Math.sqrt(m * m + (e > 0 ? 0 : 1 << uint256(-2 * e)));
                (, mantissa, exponent) = natural(m + root, e);
            }
            return Fixed.decide(negative, mantissa, exponent);
        }
    }

    /// @dev ln(x + sqrt(x^2 - 1)). Next to 1 the root is 2^-12 with an error of 2^-120.
    function acosh(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 m, int256 e, Class class) = Binary32.decode(x);
        if (negative || x < Binary32.ONE) return (Binary32.NAN, true);
        if (x == Binary32.ONE) return (0, true);
        if (class == Class.Infinite) return (x, true);
        unchecked {
            (m, e) = _widen(m, e);
            return _logarithm(m + Math.sqrt(m * m - (e > 0 ? 0 : 1 << uint256(-2 * e))), e);
        }
    }

    /// @dev The series near 0, else half of ln((1 + x) / (1 - x)).
    function atanh(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 m, int256 e, Class class) = Binary32.decode(x);
        if (class == Class.Zero) return (x, true);
        uint256 magnitude = x & Binary32.MAGNITUDE;
        if (magnitude == Binary32.ONE) return (Binary32.infinity(negative), true);
        if (magnitude > Binary32.ONE) return (Binary32.NAN, true);
        unchecked {
            uint256 mantissa;
            int256 exponent;
            if (_isBelowEighth(x)) {
                (mantissa, exponent) = areaTangent(m, ONE, e + 126);
            } else {
                uint256 one = 1 << uint256(-e);
                (, mantissa, exponent) = natural(((one + m) << 200) / (one - m), -200);
                --exponent;
            }
            return Fixed.decide(negative, mantissa, exponent);
        }
    }

    function _logarithm(uint256 v, int256 s) private pure returns (uint256, bool) {
        (bool negative, uint256 mantissa, int256 exponent) = natural(v, s);
        if (mantissa == 0) return (0, true);
        return Fixed.decide(negative, mantissa, exponent);
    }

    /// |x| < 1/8
    function _isBelowEighth(uint256 x) private pure returns (bool) {
        return x & Binary32.MAGNITUDE < 0x3e000000;
    }

    /// The same number with a mantissa in [2^120, 2^121): its square fits, and 2^246 for a 1 in the scale of the square.
    function _widen(uint256 m, int256 e) private pure returns (uint256, int256) {
        unchecked {
            uint256 places = 120 - Math.log2(m);
            return (m << places, e - int256(places));
        }
    }
}
