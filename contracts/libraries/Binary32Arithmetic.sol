// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { Binary32, Class } from "./Binary32.sol";

/// @title Correctly rounded binary32 arithmetic
/// @notice IEEE 754-2019 operations on 32-bit patterns with one rounding each; every NaN result is the canonical one.
/// @dev Mantissas have at most 48 bits and exponents lie in [-298, 208], so unchecked words never overflow.
library Binary32Arithmetic {
    /// Operands further apart than this many binary places meet only through the sign of the smaller one.
    int256 private constant FAR = 200;
    /// Places by which a remainder of 24 bits is shifted at a time.
    uint256 private constant STRIDE = 224;

    function add(uint256 x, uint256 y) internal pure returns (uint256) {
        (bool negativeX, uint256 mx, int256 ex, Class cx) = Binary32.decode(x);
        (bool negativeY, uint256 my, int256 ey, Class cy) = Binary32.decode(y);
        if (cx >= Class.Infinite || cy >= Class.Infinite) return _addSpecial(negativeX, cx, negativeY, cy);
        return _sum(negativeX, mx, ex, negativeY, my, ey);
    }

    function sub(uint256 x, uint256 y) internal pure returns (uint256) {
        return add(x, y ^ Binary32.SIGN);
    }

    function mul(uint256 x, uint256 y) internal pure returns (uint256) {
        (bool negative, uint256 m, int256 e, Class class) = _product(x, y);
        if (class == Class.Infinite) return Binary32.infinity(negative);
        if (class == Class.NaN) return Binary32.NAN;
        return Binary32.round(negative, m, e, false);
    }

    function div(uint256 x, uint256 y) internal pure returns (uint256) {
        (bool negativeX, uint256 mx, int256 ex, Class cx) = Binary32.decode(x);
        (bool negativeY, uint256 my, int256 ey, Class cy) = Binary32.decode(y);
        bool negative = negativeX != negativeY;
        if (cx == Class.NaN || cy == Class.NaN) return Binary32.NAN;
        // 0/0 and infinity/infinity
        if (cx == cy && cx != Class.Finite) return Binary32.NAN;
        if (cx == Class.Infinite || cy == Class.Zero) return Binary32.infinity(negative);
        if (cx == Class.Zero || cy == Class.Infinite) return Binary32.zero(negative);
        unchecked {
            // The quotient has at least 41 bits: enough for the remainder to be sticky.
            mx <<= 64;
            return Binary32.round(negative, mx / my, ex - ey - 64, mx % my != 0);
        }
    }

    /// @notice RN(x * y + z), rounded once.
    function fma(uint256 x, uint256 y, uint256 z) internal pure returns (uint256) {
        (bool negativeP, uint256 mp, int256 ep, Class cp) = _product(x, y);
        (bool negativeZ, uint256 mz, int256 ez, Class cz) = Binary32.decode(z);
        if (cp >= Class.Infinite || cz >= Class.Infinite) return _addSpecial(negativeP, cp, negativeZ, cz);
        return _sum(negativeP, mp, ep, negativeZ, mz, ez);
    }

    function sqrt(uint256 x) internal pure returns (uint256) {
        (bool negative, uint256 m, int256 e, Class class) = Binary32.decode(x);
        if (class == Class.Zero || class == Class.NaN) return Binary32.canonical(x);
        if (negative) return Binary32.NAN;
        if (class == Class.Infinite) return x;
        unchecked {
            // An even exponent, and a root of at least 32 bits.
            m <<= e & 1 == 0 ? 64 : 65;
            e -= e & 1 == 0 ? int256(64) : int256(65);
            uint256 root = Math.sqrt(m);
            return Binary32.round(false, root, e / 2, root * root != m);
        }
    }

    /// @notice x - y * trunc(x / y), exact; zero has the sign of x.
    function fmod(uint256 x, uint256 y) internal pure returns (uint256) {
        (bool negative, uint256 mx, int256 ex, Class cx) = Binary32.decode(x);
        (, uint256 my, int256 ey, Class cy) = Binary32.decode(y);
        if (cx >= Class.Infinite || cy == Class.Zero || cy == Class.NaN) return Binary32.NAN;
        if (cx == Class.Zero || cy == Class.Infinite) return x;
        (uint256 m, int256 e) = _remainder(mx, ex, my, ey);
        return Binary32.round(negative, m, e, false);
    }

    /// @notice RN(x - y * floor(x / y)); zero has the sign of y, except that zero modulo infinity is x.
    function mod(uint256 x, uint256 y) internal pure returns (uint256) {
        (bool negativeX, uint256 mx, int256 ex, Class cx) = Binary32.decode(x);
        (bool negativeY, uint256 my, int256 ey, Class cy) = Binary32.decode(y);
        if (cx >= Class.Infinite || cy == Class.Zero || cy == Class.NaN) return Binary32.NAN;
        if (cy == Class.Infinite) return cx == Class.Zero || negativeX == negativeY ? x : y;
        if (cx == Class.Zero) return Binary32.zero(negativeY);
        (uint256 m, int256 e) = _remainder(mx, ex, my, ey);
        if (negativeX == negativeY || m == 0) return Binary32.round(negativeY, m, e, false);
        // floor(x / y) is one less than trunc(x / y): y - |remainder|, with the sign of y.
        return _sum(negativeY, my, ey, !negativeY, m, e);
    }

    /// Exact product; the mantissa is 0 unless the class is Finite.
    function _product(
        uint256 x,
        uint256 y
    ) private pure returns (bool negative, uint256 mantissa, int256 exponent, Class class) {
        (bool negativeX, uint256 mx, int256 ex, Class cx) = Binary32.decode(x);
        (bool negativeY, uint256 my, int256 ey, Class cy) = Binary32.decode(y);
        negative = negativeX != negativeY;
        if (cx >= Class.Infinite || cy >= Class.Infinite) {
            // 0 * infinity has no value.
            bool none = cx == Class.NaN || cy == Class.NaN || cx == Class.Zero || cy == Class.Zero;
            return (negative, 0, 0, none ? Class.NaN : Class.Infinite);
        }
        unchecked {
            mantissa = mx * my;
            return (negative, mantissa, ex + ey, mantissa == 0 ? Class.Zero : Class.Finite);
        }
    }

    /// Sum where at least one operand is infinite or NaN.
    function _addSpecial(bool negativeX, Class cx, bool negativeY, Class cy) private pure returns (uint256) {
        if (cx == Class.NaN || cy == Class.NaN) return Binary32.NAN;
        if (cx == cy && negativeX != negativeY) return Binary32.NAN;
        return Binary32.infinity(cx == Class.Infinite ? negativeX : negativeY);
    }

    /// RN of a sum of two finite numbers. An exact zero is +0 unless both are -0.
    function _sum(
        bool negativeX,
        uint256 mx,
        int256 ex,
        bool negativeY,
        uint256 my,
        int256 ey
    ) private pure returns (uint256) {
        unchecked {
            if (mx == 0 && my == 0) return Binary32.zero(negativeX && negativeY);
            if (mx == 0) return Binary32.round(negativeY, my, ey, false);
            if (my == 0) return Binary32.round(negativeX, mx, ex, false);
            if (ex < ey) {
                (negativeX, mx, ex, negativeY, my, ey) = (negativeY, my, ey, negativeX, mx, ex);
            }
            if (ex - ey > FAR) {
                // |y| is far below one unit of x at 2^(ex-100).
                mx <<= 100;
                return Binary32.round(negativeX, negativeX == negativeY ? mx : mx - 1, ex - 100, true);
            }
            mx <<= uint256(ex - ey);
            if (negativeX == negativeY) return Binary32.round(negativeX, mx + my, ey, false);
            if (mx == my) return 0;
            if (mx > my) return Binary32.round(negativeX, mx - my, ey, false);
            return Binary32.round(negativeY, my - mx, ey, false);
        }
    }

    /// |x| modulo |y| for finite operands other than zero: mantissa * 2^exponent, exact.
    function _remainder(
        uint256 mx,
        int256 ex,
        uint256 my,
        int256 ey
    ) private pure returns (uint256 mantissa, int256 exponent) {
        unchecked {
            if (ex < ey) {
                // Both mantissas are below 2^24: from 24 places on, |y| is larger than |x|.
                if (ey - ex > 24) return (mx, ex);
                return (mx % (my << uint256(ey - ex)), ex);
            }
            mantissa = mx % my;
            for (uint256 places = uint256(ex - ey); places != 0;) {
                uint256 step = places < STRIDE ? places : STRIDE;
                mantissa = (mantissa << step) % my;
                places -= step;
            }
            return (mantissa, ey);
        }
    }
}
