// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Verdict } from "../types/Challenge.sol";
import { Binary32 } from "./Binary32.sol";
import { DType } from "../types/DType.sol";

/// @title The verdict on one output element
/// @notice A total function of the audit value, the claimed value and the model's tolerance; all are bits of the
/// element's type.
library Tolerance {
    /// Every sum below is a whole multiple of 2^-298, the product of two least subnormals.
    int256 private constant UNIT = -298;

    /// @notice Compares `claimed` with `audited`: integers and booleans must be equal, numbers within `atol + rtol *
    /// |audited|`.
    /// @param atol Non-negative, finite binary32.
    /// @param rtol Non-negative, finite binary32.
    function judge(
        uint8 dtype,
        uint256 atol,
        uint256 rtol,
        uint256 claimed,
        uint256 audited
    ) internal pure returns (Verdict) {
        if (dtype != DType.F32) return claimed == audited ? Verdict.Right : Verdict.Wrong;
        if (Binary32.isNaN(audited)) return Verdict.Void;
        if (Binary32.isInfinite(audited)) return claimed == audited ? Verdict.Right : Verdict.Void;
        if (Binary32.isNaN(claimed) || Binary32.isInfinite(claimed)) return Verdict.Wrong;
        return _within(atol, rtol, claimed, audited) ? Verdict.Right : Verdict.Wrong;
    }

    /// Whether |claimed - audited| <= atol + rtol * |audited|, exactly. All four are finite.
    function _within(uint256 atol, uint256 rtol, uint256 claimed, uint256 audited) private pure returns (bool) {
        bool above = Binary32.valueKey(claimed) >= Binary32.valueKey(audited);
        uint256 magnitude = audited & Binary32.MAGNITUDE;
        // atol + rtol * |a| - |c - a|, in two's complement over three words. The largest term is below 2^554 units.
        uint256[3] memory sum;
        _add(sum, atol, Binary32.ONE, false);
        _add(sum, rtol, magnitude, false);
        _add(sum, claimed, Binary32.ONE, above);
        _add(sum, audited, Binary32.ONE, !above);
        return sum[2] >> 255 == 0;
    }

    /// Adds the exact product of two finite numbers, negated where `minus`.
    function _add(uint256[3] memory sum, uint256 x, uint256 y, bool minus) private pure {
        (bool negative, uint256 mantissa, uint256 shift) = _product(x, y);
        uint256 word = shift >> 8;
        uint256 bit = shift & 255;
        // A product has at most 48 bits, so it covers two words at most; shifting by 256 gives zero.
        uint256 low = mantissa << bit;
        uint256 high = mantissa >> (256 - bit);
        if (negative == minus) {
            _plus(sum, word, low);
            _plus(sum, word + 1, high);
        } else {
            _minus(sum, word, low);
            _minus(sum, word + 1, high);
        }
    }

    /// The exact product as +-mantissa * 2^shift units; no shift where it is zero.
    function _product(uint256 x, uint256 y) private pure returns (bool negative, uint256 mantissa, uint256 shift) {
        (bool negativeX, uint256 mantissaX, int256 exponentX, ) = Binary32.decode(x);
        (bool negativeY, uint256 mantissaY, int256 exponentY, ) = Binary32.decode(y);
        negative = negativeX != negativeY;
        mantissa = mantissaX * mantissaY;
        // Exponents lie in [-149, 104], so the shift in [0, 506].
        if (mantissa != 0) shift = uint256(exponentX + exponentY - UNIT);
    }

    function _plus(uint256[3] memory sum, uint256 word, uint256 value) private pure {
        // Wrapping is the carry into the next word; out of the last one it is two's complement.
        unchecked {
            for (; word < 3 && value != 0; ++word) {
                sum[word] += value;
                value = sum[word] < value ? 1 : 0;
            }
        }
    }

    function _minus(uint256[3] memory sum, uint256 word, uint256 value) private pure {
        // As in `_plus`, with a borrow.
        unchecked {
            for (; word < 3 && value != 0; ++word) {
                uint256 before = sum[word];
                sum[word] = before - value;
                value = before < value ? 1 : 0;
            }
        }
    }
}
