// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Binary32, Class } from "../Binary32.sol";
import { LN2_126, LOG2_E_100 } from "./Constants.sol";
import { ONE, Fixed } from "./Fixed.sol";

/// @title e^x and what is made of it: expm1, sinh, cosh, tanh, sigmoid
/// @notice Arguments are binary32 numbers other than NaN. Each function returns RN of its value, and whether it is decided.
library Exponential {
    /// @notice e^x for x = +-t * 2^-126, t < 2^133: mantissa * 2^(exponent - 126), mantissa from 1 to a hair above 2 in fixed point.
    /// @dev Errors in units of 2^-126: k * ln 2 below 192, doubled at most by e^r; 31 terms of the series with at most two
    /// units each, which shrink from step to step, below 8; the terms left out are below 2^-134. Together below 2^9, or 2^-117.
    function power(bool negative, uint256 t) internal pure returns (uint256 mantissa, int256 exponent) {
        unchecked {
            int256 x = negative ? -int256(t) : int256(t);
            exponent = (x * int256(LOG2_E_100)) >> 226;
            x -= exponent * int256(LN2_126);
            // The quotient is a little too small; right at a multiple of ln 2 that shows.
            if (x < 0) {
                --exponent;
                x += int256(LN2_126);
            }
            uint256 r = uint256(x);
            mantissa = ONE;
            for (uint256 n = 31; n != 0; --n) mantissa = ONE + ((r * mantissa) >> 126) / n;
        }
    }

    function exp(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 t, bool huge) = _argument(x);
        if (huge) return (negative ? 0 : Binary32.INFINITY, true);
        (uint256 mantissa, int256 exponent) = power(negative, t);
        return Fixed.decide(false, mantissa, exponent - 126);
    }

    function expm1(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 t, bool huge) = _argument(x);
        if (huge) return (negative ? Binary32.SIGN | Binary32.ONE : Binary32.INFINITY, true);
        if (Binary32.isZero(x)) return (x, true);
        unchecked {
            if (t < ONE / 2) {
                // t * quotient(t), relative to t however small; for negative x by e^-t - 1 = -(e^t - 1) / e^t.
                uint256 quotient = _quotient(t);
                if (negative) quotient = (quotient << 126) / (ONE + ((t * quotient) >> 126));
                (, uint256 m, int256 e, ) = Binary32.decode(x);
                return Fixed.decide(negative, m * quotient, e - 126);
            }
            (uint256 mantissa, int256 exponent) = power(negative, t);
            if (exponent > 127) return (Binary32.INFINITY, true);
            if (negative) return Fixed.decide(true, ONE - Fixed.shift(mantissa, exponent), -126);
            return Fixed.decide(false, (mantissa << uint256(exponent)) - ONE, -126);
        }
    }

    function sinh(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 t, bool huge) = _argument(x);
        if (huge) return (Binary32.infinity(negative), true);
        if (Binary32.isZero(x)) return (x, true);
        unchecked {
            if (t < ONE) {
                // x * (1 + y/3! + y^2/5! + ...), y = x^2; the first term left out is below 2^-132.
                uint256 y = (t * t) >> 126;
                uint256 series = ONE;
                for (uint256 n = 34; n != 0; n -= 2) series = ONE + ((y * series) >> 126) / (n * (n + 1));
                (, uint256 m, int256 e, ) = Binary32.decode(x);
                return Fixed.decide(negative, m * series, e - 126);
            }
            (uint256 mantissa, int256 exponent) = power(false, t);
            return Fixed.decide(negative, mantissa - _reciprocal(mantissa, 2 * exponent), exponent - 127);
        }
    }

    function cosh(uint256 x) internal pure returns (uint256, bool) {
        (, uint256 t, bool huge) = _argument(x);
        if (huge) return (Binary32.INFINITY, true);
        (uint256 mantissa, int256 exponent) = power(false, t);
        return Fixed.decide(false, mantissa + _reciprocal(mantissa, 2 * exponent), exponent - 127);
    }

    function tanh(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 t, bool huge) = _argument(x);
        if (Binary32.isZero(x)) return (x, true);
        // 1 - tanh(32) is below 2^-90.
        if (huge || t >= 32 * ONE) return (Binary32.ONE | (negative ? Binary32.SIGN : 0), true);
        unchecked {
            if (t < ONE / 4) {
                // With p = e^2x - 1 = 2x * q: tanh x = p / (p + 2) = x * q / (1 + x * q), relative to x however small.
                uint256 quotient = _quotient(2 * t);
                quotient = (quotient << 126) / (ONE + ((t * quotient) >> 126));
                (, uint256 m, int256 e, ) = Binary32.decode(x);
                return Fixed.decide(negative, m * quotient, e - 126);
            }
            (uint256 mantissa, int256 exponent) = power(false, 2 * t);
            uint256 u = _reciprocal(mantissa, exponent);
            return Fixed.decide(negative, ((ONE - u) << 126) / (ONE + u), -126);
        }
    }

    /// @notice 1 / (1 + e^-x)
    function sigmoid(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 t, bool huge) = _argument(x);
        if (huge) return (negative ? 0 : Binary32.ONE, true);
        (uint256 mantissa, int256 exponent) = power(false, t);
        unchecked {
            if (!negative) return Fixed.decide(false, (ONE << 126) / (ONE + _reciprocal(mantissa, exponent)), -126);
            // 1 / (1 + e^t), relative to e^-t.
            return Fixed.decide(false, (ONE << 126) / (mantissa + (ONE >> uint256(exponent))), -126 - exponent);
        }
    }

    /// Sign and magnitude of x in fixed point (cut, an error below one unit); `huge` instead if |x| >= 128.
    function _argument(uint256 x) private pure returns (bool, uint256, bool) {
        (bool negative, uint256 m, int256 e, Class class) = Binary32.decode(x);
        if (class == Class.Infinite || x & Binary32.MAGNITUDE >= 0x43000000) return (negative, 0, true);
        return (negative, Fixed.fromParts(m, e), false);
    }

    /// (e^t - 1) / t for t <= 1/2: 1 + t/2! + t^2/3! + ..., errors below 4 units, the first term left out below 2^-136.
    function _quotient(uint256 t) private pure returns (uint256 sum) {
        unchecked {
            sum = ONE;
            for (uint256 n = 29; n != 1; --n) sum = ONE + ((t * sum) >> 126) / n;
        }
    }

    /// 2^-exponent / mantissa in fixed point, for exponent >= 0.
    function _reciprocal(uint256 mantissa, int256 exponent) private pure returns (uint256) {
        unchecked {
            return ((ONE << 126) / mantissa) >> uint256(exponent);
        }
    }
}
