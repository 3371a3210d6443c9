// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Binary32 } from "../Binary32.sol";
import { TWO_OVER_ROOT_PI_126 } from "./Constants.sol";
import { Exponential } from "./Exponential.sol";
import { Fixed } from "./Fixed.sol";

/// @title The error function erf(x) = 2 / sqrt(pi) * integral of e^(-u^2) from 0 to x
/// @notice The argument is a binary32 number other than NaN. Returns RN of the value, and whether it is decided.
library ErrorFunction {
    /// 1 in the sum, which reaches 2^21.
    uint256 private constant SUM_ONE = 1 << 110;

    /// @dev erf(x) = 2 / sqrt(pi) * x * e^-t * (1 + 2t/3 + (2t)^2/(3*5) + ...), t = x^2 < 16 (Abramowitz and Stegun, 7.1.6). No term is negative: the relative
    /// error is that of the single terms, of which there are at most 120, and stays below 2^-100.
    function erf(uint256 x) internal pure returns (uint256, bool) {
        bool negative = x & Binary32.SIGN != 0;
        // 1 - erf(4) is below 2^-25.9, so everything from 4 on rounds to 1.
        if (x & Binary32.MAGNITUDE >= 0x40800000) return (Binary32.ONE | (negative ? Binary32.SIGN : 0), true);
        if (Binary32.isZero(x)) return (x, true);
        (, uint256 m, int256 e, ) = Binary32.decode(x);
        unchecked {
            uint256 t = Fixed.fromParts(m * m, 2 * e);
            (uint256 mantissa, int256 exponent) = Exponential.power(false, t);
            uint256 ratio = t >> 15;
            uint256 term = SUM_ONE;
            uint256 sum;
            for (uint256 n = 3; term != 0; n += 2) {
                sum += term;
                term = ((term * ratio) >> 110) / n;
            }
            // e^-t to 118 bits, so that the product with the sum (132 bits) fits.
            uint256 decay = (1 << 244) / mantissa;
            uint256 factor = (sum * decay) >> uint256(118 + exponent);
            factor = (factor * TWO_OVER_ROOT_PI_126) >> 126;
            return Fixed.decide(negative, m * factor, e - 110);
        }
    }
}
