// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Binary32 } from "../Binary32.sol";
import { PI_126, TWO_OVER_PI_HIGH, TWO_OVER_PI_LOW } from "./Constants.sol";
import { ONE, Fixed } from "./Fixed.sol";

/// @title sin, cos, tan
/// @notice Arguments are binary32 numbers other than NaN. Each function returns RN of its value, and whether it is decided.
/// @dev |x| = quadrant * pi/2 +- r * 2^exponent with r in [2^125, 2^127] and |r * 2^exponent| <= pi/4 or so. Of x * 2/pi modulo 4 (Payne and Hanek)
/// 220 bits after the point are kept, right to 2^-196. No binary32 number is closer than 2^-33 to a multiple of pi/2, relative to
/// pi/2, so r is right to 2^-124, and the results, which come from two series of 16 terms, to 2^-120.
library Trigonometry {
    struct Reduced {
        uint256 quadrant;
        bool negative;
        uint256 sine;
        /// Scale of the sine; that of the cosine is 2^-126.
        int256 exponent;
        uint256 cosine;
    }

    function sin(uint256 x) internal pure returns (uint256, bool) {
        if (Binary32.isInfinite(x)) return (Binary32.NAN, true);
        if (Binary32.isZero(x)) return (x, true);
        Reduced memory a = _reduce(x);
        bool negative = (x & Binary32.SIGN != 0) != (a.quadrant & 2 != 0);
        return _sine(a, a.quadrant & 1 == 0, negative);
    }

    function cos(uint256 x) internal pure returns (uint256, bool) {
        if (Binary32.isInfinite(x)) return (Binary32.NAN, true);
        if (Binary32.isZero(x)) return (Binary32.ONE, true);
        Reduced memory a = _reduce(x);
        // cos is sin one quadrant further on.
        unchecked {
            ++a.quadrant;
        }
        return _sine(a, a.quadrant & 1 == 0, a.quadrant & 2 != 0);
    }

    function tan(uint256 x) internal pure returns (uint256, bool) {
        if (Binary32.isInfinite(x)) return (Binary32.NAN, true);
        if (Binary32.isZero(x)) return (x, true);
        Reduced memory a = _reduce(x);
        bool negative = (x & Binary32.SIGN != 0) != a.negative;
        unchecked {
            if (a.quadrant & 1 == 0) return Fixed.decide(negative, (a.sine << 126) / a.cosine, a.exponent);
            return Fixed.decide(!negative, (a.cosine << 128) / a.sine, -254 - a.exponent);
        }
    }

    /// +-sin r or +-cos r, by the quadrant.
    function _sine(Reduced memory a, bool even, bool negative) private pure returns (uint256, bool) {
        if (even) return Fixed.decide(negative != a.negative, a.sine, a.exponent);
        return Fixed.decide(negative, a.cosine, -126);
    }

    function _reduce(uint256 x) private pure returns (Reduced memory a) {
        (, uint256 m, int256 e, ) = Binary32.decode(x);
        unchecked {
            uint256 r;
            if (x & Binary32.MAGNITUDE < 0x3f400000) {
                // |x| < 3/4
                (r, a.exponent) = Fixed.normalize(m, e);
            } else {
                // 2/pi * 2^e modulo 4, in units of 2^-220; -24 <= e <= 104
                uint256 cut = uint256(292 - e);
                uint256 window =
                    cut >= 256
                        ? TWO_OVER_PI_HIGH >> (cut - 256)
                        : (TWO_OVER_PI_HIGH << (256 - cut)) | (TWO_OVER_PI_LOW >> cut);
                uint256 turns = m * (window & ((1 << 222) - 1));
                a.quadrant = (turns >> 220) & 3;
                uint256 fraction = turns & ((1 << 220) - 1);
                if (fraction >> 219 != 0) {
                    ++a.quadrant;
                    a.negative = true;
                    fraction = (1 << 220) - fraction;
                }
                (r, a.exponent) = Fixed.normalize(fraction, -220);
                r = (r * PI_126) >> 128;
                ++a.exponent;
            }
            // r^2, below 0.617
            uint256 y = (r * r) >> uint256(-2 * a.exponent - 126);
            uint256 s = ONE;
            uint256 c = ONE;
            for (uint256 n = 32; n != 0; n -= 2) {
                s = ONE - ((y * s) >> 126) / (n * (n + 1));
                c = ONE - ((y * c) >> 126) / (n * (n - 1));
            }
            a.sine = (r * s) >> 126;
            a.cosine = c;
        }
    }
}
