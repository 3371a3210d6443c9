// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { Binary32, Class } from "../Binary32.sol";
import { Exponential } from "./Exponential.sol";
import { Fixed } from "./Fixed.sol";
import { Logarithm } from "./Logarithm.sol";

/// @title x^y for a binary32 x and a binary32 or integer y
library Power {
    /// An exponent: +-mantissa * 2^place, mantissa < 2^64.
    struct Exponent {
        bool negative;
        uint256 mantissa;
        int256 place;
        Class class;
    }

    /// e^(y ln x) is known to 2^-110. Of y ln x, below 128, the error is 2^-115: 2^-122 of itself from the logarithm.
    /// Among the 2^63 or so pairs with a result between 0 and infinity that are not exact, one in 2^85 comes this close to a midpoint.
    uint256 private constant BOUND = 1 << 16;

    /// @notice As `pow` of IEEE 754-2019, which also says what an integer exponent does to zeros, infinities and signs.
    /// @return bits RN of the exact power, if decided.
    /// @return decided Whether it is: always where the power is a midpoint.
    function pow(uint256 x, Exponent memory y) internal pure returns (uint256 bits, bool decided) {
        (bool negative, , , Class class) = Binary32.decode(x);
        if (y.class == Class.Zero || x == Binary32.ONE) return (Binary32.ONE, true);
        if (class == Class.NaN || y.class == Class.NaN) return (Binary32.NAN, true);
        uint256 magnitude = x & Binary32.MAGNITUDE;
        if (y.class == Class.Infinite) {
            if (magnitude == Binary32.ONE) return (Binary32.ONE, true);
            return ((magnitude > Binary32.ONE) == y.negative ? 0 : Binary32.INFINITY, true);
        }
        (bool integral, bool odd) = _parity(y);
        if (class != Class.Finite) {
            bool shrinks = (class == Class.Infinite) == y.negative;
            return (shrinks ? Binary32.zero(negative && odd) : Binary32.infinity(negative && odd), true);
        }
        if (negative && !integral) return (Binary32.NAN, true);
        negative = negative && odd;
        if (magnitude == Binary32.ONE) return (Binary32.ONE | Binary32.zero(negative), true);
        return _finite(negative, magnitude, y);
    }

    /// The power of a finite x other than 0 and 1, times the sign.
    function _finite(bool negative, uint256 x, Exponent memory y) private pure returns (uint256, bool) {
        (, uint256 m, int256 e, ) = Binary32.decode(x);
        unchecked {
            (bool shrinks, uint256 logarithm, int256 scale) = Logarithm.natural(m, e);
            shrinks = shrinks != y.negative;
            (logarithm, scale) = Fixed.normalize(logarithm, scale);
            logarithm *= y.mantissa;
            scale += y.place;
            // e^128 overflows by far, e^-128 rounds to 0.
            if (int256(Math.log2(logarithm)) + scale >= 7) {
                return (shrinks ? Binary32.zero(negative) : Binary32.infinity(negative), true);
            }
            (uint256 mantissa, int256 exponent) = Exponential.power(shrinks, Fixed.fromParts(logarithm, scale));
            exponent -= 126;
            (uint256 bits, bool decided) = Binary32.roundWithin(negative, mantissa, exponent, BOUND);
            if (decided) return (bits, true);

            (mantissa, exponent) = Binary32.midpoint(mantissa, exponent);
            if (!_isPower(m, e, y, mantissa, exponent)) return (0, false);
            return (Binary32.round(negative, mantissa, exponent, false), true);
        }
    }

    function _parity(Exponent memory y) private pure returns (bool integral, bool odd) {
        unchecked {
            if (y.place >= 0) return (true, y.place == 0 && y.mantissa & 1 == 1);
            uint256 places = uint256(-y.place);
            uint256 integer = y.mantissa >> places;
            integral = integer << places == y.mantissa;
            return (integral, integral && integer & 1 == 1);
        }
    }

    /// Whether (m * 2^e)^y is exactly odd * 2^place; m * 2^e is not 1, odd < 2^25.
    function _isPower(uint256 m, int256 e, Exponent memory y, uint256 odd, int256 place) private pure returns (bool) {
        unchecked {
            (m, e) = _strip(m, e);
            (uint256 n, int256 twos) = _strip(y.mantissa, y.place);
            // y = n / 2^k: the power is rational only where x has a 2^k-th root. The root of 1 ends with an odd exponent.
            for (; twos < 0; ++twos) {
                uint256 root = Math.sqrt(m);
                if (root * root != m || e & 1 == 1) return false;
                (m, e) = (root, e / 2);
            }
            // Now m and `odd` are odd: powers of two and the rest must agree separately.
            if (m == 1) {
                int256 exponent = int256(n << uint256(twos)) * e;
                return odd == 1 && place == (y.negative ? -exponent : exponent);
            }
            // 3^17 > 2^25
            if (y.negative || twos > 4 || n > 16) return false;
            n <<= uint256(twos);
            if (place != int256(n) * e) return false;
            uint256 power = 1;
            for (; n != 0 && power <= odd; --n) power *= m;
            return n == 0 && power == odd;
        }
    }

    /// The same number with an odd mantissa; m > 0.
    function _strip(uint256 m, int256 e) private pure returns (uint256, int256) {
        unchecked {
            uint256 zeros = Math.log2(m & (~m + 1));
            return (m >> zeros, e + int256(zeros));
        }
    }
}
