// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { Binary32, Class } from "../Binary32.sol";
import { PI_126 } from "./Constants.sol";
import { ONE, Fixed } from "./Fixed.sol";

/// @title asin, acos, atan
/// @notice Arguments are binary32 numbers other than NaN. Each function returns RN of its value, and whether it is decided.
library InverseTrigonometry {
    function asin(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 m, int256 e, Class class) = Binary32.decode(x);
        if (class == Class.Zero) return (x, true);
        if (x & Binary32.MAGNITUDE > Binary32.ONE) return (Binary32.NAN, true);
        unchecked {
            // tan(asin(x) / 2) = x / (1 + sqrt(1 - x^2))
            uint256 root = Math.sqrt((ONE << 126) - Fixed.shift(m * m, 2 * e + 252));
            (m, e) = Fixed.normalize(m, e);
            (m, e) = _arcTangent((m << 126) / (ONE + root), e);
            return Fixed.decide(negative, m, e + 1);
        }
    }

    function acos(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 m, int256 e, ) = Binary32.decode(x);
        uint256 magnitude = x & Binary32.MAGNITUDE;
        if (magnitude > Binary32.ONE) return (Binary32.NAN, true);
        if (x == Binary32.ONE) return (0, true);
        if (magnitude == Binary32.ONE) return Fixed.decide(false, PI_126, -126);
        unchecked {
            // tan(acos(t) / 2) = sqrt((1 - t) / (1 + t)); next to 1 the root is 2^114 with an error of 1.
            uint256 t = Fixed.fromParts(m, e);
            (m, e) = Fixed.normalize(Math.sqrt((ONE - t) * (ONE + t)), -126);
            (m, e) = _arcTangent((m << 126) / (ONE + t), e);
            if (!negative) return Fixed.decide(false, m, e + 1);
            return Fixed.decide(false, PI_126 - Fixed.shift(m, e + 127), -126);
        }
    }

    function atan(uint256 x) internal pure returns (uint256, bool) {
        (bool negative, uint256 m, int256 e, Class class) = Binary32.decode(x);
        if (class == Class.Zero) return (x, true);
        if (class == Class.Infinite) return Fixed.decide(negative, PI_126, -127);
        unchecked {
            if (x & Binary32.MAGNITUDE <= Binary32.ONE) {
                (m, e) = Fixed.normalize(m, e);
                (m, e) = _arcTangent(m, e);
                return Fixed.decide(negative, m, e);
            }
            // pi/2 - atan(1/|x|)
            (m, e) = Fixed.normalize((1 << 255) / m, -255 - e);
            (m, e) = _arcTangent(m, e);
            return Fixed.decide(negative, PI_126 - Fixed.shift(m, e + 127), -127);
        }
    }

    /// atan(t * 2^e) for t in [2^125, 2^127] and a value of at most 1 or so, as mantissa and exponent.
    /// @dev The angle is halved twice, which leaves a tangent below 0.2 to the series. Relative errors: 2^-125 for each halving,
    /// 2^-124 from the sum and the product; the first term left out is below 2^-135.
    function _arcTangent(uint256 t, int256 e) private pure returns (uint256, int256) {
        unchecked {
            uint256 y;
            for (uint256 i; i < 2; ++i) {
                // tan(a / 2) = t / (1 + sqrt(1 + t^2)): between t/2.42 and t/2
                y = (t * t) >> uint256(-2 * e - 126);
                t = (t << 127) / (ONE + Math.sqrt((ONE + y) << 126));
                --e;
            }
            y = (t * t) >> uint256(-2 * e - 126);
            uint256 sum;
            for (uint256 n = 55; n != 1; n -= 2) sum = ((ONE / n - sum) * y) >> 126;
            return ((t * (ONE - sum)) >> 126, e + 2);
        }
    }
}
