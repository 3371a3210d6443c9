// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";

/// @title The element of a given rank
/// @notice docs/audit.md, 4, `argkth`.
/// @dev The key of that rank is found bit by bit from the top, counting at each bit the keys that reach a threshold, a word
/// of keys at a time.
library OrderStatistic {
    /// @notice Number of the element that has the given rank in the stable order.
    /// @param position Memory position of the first of `count` packed elements.
    /// @param rank Below `count`.
    /// @param largest Whether the order is descending. Equal values stay in the order of their numbers all the same.
    function find(
        uint256 position,
        uint256 count,
        uint8 dtype,
        uint256 rank,
        bool largest
    ) internal pure returns (uint256 index) {
        unchecked {
            uint256 width = DType.size(dtype);
            uint256 keys =
                dtype == DType.F32
                    ? _floatKeys(position, count, largest)
                    : _integerKeys(position, count, width, DType.isSigned(dtype), largest);
            uint256 key;
            uint256 smaller;
            for (uint256 bit = 1 << (8 * width - 1); bit != 0; bit >>= 1) {
                uint256 below = count - _countFrom(keys, count, width, key | bit);
                if (below <= rank) (key, smaller) = (key | bit, below);
            }
            return _nth(keys, width, key, rank - smaller);
        }
    }

    /// Keys as unsigned numbers, in a new buffer.
    function _integerKeys(
        uint256 position,
        uint256 count,
        uint256 width,
        bool signed,
        bool largest
    ) private pure returns (uint256 keys) {
        uint256 flip = signed ? 1 << (8 * width - 1) : 0;
        if (largest) flip ^= (1 << (8 * width)) - 1;
        flip *= _ones(width);
        assembly ("memory-safe") {
            keys := mload(0x40)
            let end := add(keys, mul(count, width))
            let to := keys
            for {} lt(to, end) {
                to := add(to, 32)
            } {
                mstore(to, xor(mload(position), flip))
                position := add(position, 32)
            }
            // Keys beyond the count never reach a threshold.
            mstore(end, 0)
            mstore(0x40, add(to, 32))
        }
    }

    function _floatKeys(uint256 position, uint256 count, bool largest) private pure returns (uint256 keys) {
        uint256 reverse = largest ? type(uint32).max : 0;
        assembly ("memory-safe") {
            keys := mload(0x40)
            let to := keys
            for {
                let end := add(keys, shl(2, count))
            } lt(to, end) {
                to := add(to, 4)
            } {
                let x := shr(224, mload(position))
                position := add(position, 4)
                let magnitude := and(x, 0x7fffffff)
                // -0 equals +0; negative numbers have all bits turned, the others the sign; NaN is above all.
                x := mul(x, iszero(iszero(magnitude)))
                x := xor(x, or(0x80000000, mul(shr(31, x), 0xffffffff)))
                x := or(x, mul(gt(magnitude, 0x7f800000), 0xffffffff))
                mstore(to, shl(224, xor(x, reverse)))
            }
            mstore(to, 0)
            mstore(0x40, and(add(to, 63), not(31)))
        }
    }

    /// Number of keys that are at least `threshold` >= 1.
    function _countFrom(
        uint256 keys,
        uint256 count,
        uint256 width,
        uint256 threshold
    ) private pure returns (uint256 reached) {
        unchecked {
            uint256 bits = 8 * width;
            // Every other key stands in a lane twice its width. A bit set above it survives the subtraction of the threshold
            // where the key reaches it, and the upper halves of lanes add up those bits.
            uint256 ones = _ones(2 * width);
            uint256 end = keys + count * width;
            // Words after which the upper half of a lane of bytes would overflow.
            uint256 batch = 32 * (width == 1 ? 127 : 32767);
            while (keys < end) {
                uint256 until = keys + batch < end ? keys + batch : end;
                uint256 sums;
                assembly ("memory-safe") {
                    let above := shl(bits, ones)
                    let lower := sub(above, ones)
                    let thresholds := mul(ones, threshold)
                    for {} lt(keys, until) {
                        keys := add(keys, 32)
                    } {
                        let word := mload(keys)
                        sums := add(sums, and(sub(or(and(word, lower), above), thresholds), above))
                        sums := add(sums, and(sub(or(and(shr(bits, word), lower), above), thresholds), above))
                    }
                }
                for (; sums != 0; sums >>= 2 * bits) reached += (sums >> bits) & ((1 << bits) - 1);
            }
        }
    }

    /// Number of the n-th element, from 0, that has a key.
    function _nth(uint256 keys, uint256 width, uint256 key, uint256 n) private pure returns (uint256 index) {
        assembly ("memory-safe") {
            let shift := sub(256, shl(3, width))
            for {} 1 {
                index := add(index, 1)
            } {
                if eq(shr(shift, mload(keys)), key) {
                    if iszero(n) {
                        break
                    }
                    n := sub(n, 1)
                }
                keys := add(keys, width)
            }
        }
    }

    /// 1 in every lane of so many bytes.
    function _ones(uint256 width) private pure returns (uint256) {
        return type(uint256).max / ((1 << (8 * width)) - 1);
    }
}
