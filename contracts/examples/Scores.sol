// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Binary32, Class } from "../libraries/Binary32.sol";

/// @title Reading a classifier's scores
/// @notice Scores are binary32 numbers, big-endian, as answers carry them.
library Scores {
    /// Scores as whole multiples of 2^-149, the least binary32; above 2^64 nothing is clear.
    int256 private constant LARGEST = 1 << (64 + 149);

    error NotScores(uint256 length);

    /// @notice The class with the highest score; the first of equals. NaN loses to everything.
    function best(bytes calldata scores) internal pure returns (uint256 index) {
        uint256 count = _count(scores);
        for (uint256 i = 1; i < count; ++i) {
            uint256 bits = _at(scores, i);
            if (!Binary32.isNaN(bits) && (Binary32.isNaN(_at(scores, index)) || _above(bits, _at(scores, index))))
                index = i;
        }
    }

    /// @notice Whether the highest score leads every other by more than twice the tolerance, so that no exact answer within
    /// the tolerance has another class on top.
    /// @param atol Absolute tolerance of the output, binary32.
    /// @param rtol Relative tolerance of the output, binary32.
    function isClear(bytes calldata scores, uint32 atol, uint32 rtol) internal pure returns (bool) {
        uint256 count = _count(scores);
        uint256 top = best(scores);
        (bool known, int256 first) = _fixed(_at(scores, top));
        if (!known) return false;
        for (uint256 i; i < count; ++i) {
            if (i == top) continue;
            (bool fine, int256 other) = _fixed(_at(scores, i));
            if (!fine || !_leads(first, other, atol, rtol)) return false;
        }
        return true;
    }

    /// Whether x - y > 2 * (atol + rtol * a), for a the larger magnitude of exact scores that could be behind the two: an exact
    /// score a is within atol + rtol * a of its claimed score c, so (1 - rtol) * a <= c + atol. Rounds toward no.
    function _leads(int256 x, int256 y, uint32 atol, uint32 rtol) private pure returns (bool) {
        (bool known, int256 absolute) = _fixed(atol);
        (, uint256 mantissa, int256 exponent, ) = Binary32.decode(rtol);
        // A relative tolerance of a half or more: every lead could be an error.
        if (!known || (mantissa != 0 && int256(mantissa) << 1 > int256(1) << _clamp(-exponent))) return false;
        uint256 claimed = uint256(_max(_abs(x), _abs(y)));
        // Twice, because 1 / (1 - rtol) is at most that.
        uint256 exact =
            rtol == 0
                ? claimed
                : claimed + uint256(absolute) + 2 * _scaled(claimed + uint256(absolute), mantissa, exponent);
        return x - y > 2 * (absolute + int256(_scaled(exact, mantissa, exponent)));
    }

    /// value * mantissa * 2^exponent, rounded up; the exponent is negative.
    function _scaled(uint256 value, uint256 mantissa, int256 exponent) private pure returns (uint256) {
        if (mantissa == 0) return 0;
        uint256 product = value * mantissa;
        uint256 shift = _clamp(-exponent);
        return (product >> shift) + (product & ((1 << shift) - 1) == 0 ? 0 : 1);
    }

    function _fixed(uint256 bits) private pure returns (bool known, int256 value) {
        (bool negative, uint256 mantissa, int256 exponent, Class class) = Binary32.decode(bits);
        if (class == Class.NaN || class == Class.Infinite || exponent > 40) return (false, 0);
        value = mantissa == 0 ? int256(0) : int256(mantissa << uint256(exponent + 149));
        known = value <= LARGEST;
        if (negative) value = -value;
    }

    function _above(uint256 x, uint256 y) private pure returns (bool) {
        return Binary32.valueKey(x) > Binary32.valueKey(y);
    }

    function _at(bytes calldata scores, uint256 index) private pure returns (uint256) {
        return uint32(bytes4(scores[4 * index:4 * index + 4]));
    }

    function _count(bytes calldata scores) private pure returns (uint256) {
        require(scores.length != 0 && scores.length % 4 == 0, NotScores(scores.length));
        return scores.length / 4;
    }

    function _abs(int256 x) private pure returns (int256) {
        return x < 0 ? -x : x;
    }

    function _max(int256 x, int256 y) private pure returns (int256) {
        return x > y ? x : y;
    }

    function _clamp(int256 shift) private pure returns (uint256) {
        return shift < 0 ? 0 : uint256(shift);
    }
}
