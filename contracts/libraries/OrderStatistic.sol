// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { KeyOrder, Keys, PackedKeys } from "./PackedKeys.sol";

/// @title Which element has a given rank
/// @notice docs/audit.md, 4, `max`, `min` and `argmax` to `argkth`.
library OrderStatistic {
    /// @notice Number of the largest element, or of the smallest one; NaN wins over everything.
    /// @param position Memory position of the first of `count` >= 1 packed elements.
    /// @param last Of equal elements the last one; if not, the first.
    /// @param signedZeros Whether -0 is smaller than +0; if not, they are equal.
    function extreme(
        uint256 position,
        uint256 count,
        uint8 dtype,
        bool smallest,
        bool last,
        bool signedZeros
    ) internal pure returns (uint256) {
        unchecked {
            Keys memory keys = PackedKeys.create(position, count, dtype, KeyOrder(smallest, true, signedZeros));
            uint256 key = PackedKeys.highest(keys);
            return PackedKeys.nth(keys, key, last ? PackedKeys.countEqual(keys, key) - 1 : 0);
        }
    }

    /// @notice Number of the element that has a rank in the stable order. NaN is above everything, -0 equals +0.
    /// @param position Memory position of the first of `count` packed elements.
    /// @param rank Below `count`.
    /// @param largest Whether the order is descending. Equal elements stay in the order of their numbers all the same.
    function ranked(
        uint256 position,
        uint256 count,
        uint8 dtype,
        uint256 rank,
        bool largest
    ) internal pure returns (uint256) {
        unchecked {
            Keys memory keys = PackedKeys.create(position, count, dtype, KeyOrder(largest, false, false));
            uint256 most = _digitBits(count);
            uint256 histogram;
            assembly ("memory-safe") {
                histogram := mload(0x40)
                mstore(0x40, add(histogram, shl(add(most, 5), 1)))
            }
            // Digit by digit from the top: how many keys with the digits found so far have which next one.
            uint256 found;
            for (uint256 left = keys.bits; left != 0;) {
                uint256 digit = left < most ? left : most;
                left -= digit;
                _count(keys, histogram, found, left, digit);
                uint256 next;
                (next, rank) = _locate(histogram, rank);
                found = (found << digit) | next;
            }
            return PackedKeys.nth(keys, found, rank);
        }
    }

    /// Bits of a key to look at in one pass: few passes over many keys, few counters where there are few keys.
    function _digitBits(uint256 count) private pure returns (uint256) {
        if (count < 128) return 4;
        return count < 4096 ? 8 : 11;
    }

    /// Counts the keys whose bits above the digit at `shift` are `found` by that digit.
    function _count(Keys memory keys, uint256 histogram, uint256 found, uint256 shift, uint256 digit) private pure {
        unchecked {
            uint256 width = keys.bits / 8;
            uint256 position = keys.position;
            // Four at a time; zeros follow the last key.
            uint256 end = position + ((keys.count + 3) / 4) * 4 * width;
            uint256 low = 256 - keys.bits + shift;
            uint256 pad = (4 - (keys.count % 4)) % 4;
            assembly ("memory-safe") {
                calldatacopy(histogram, calldatasize(), shl(add(digit, 5), 1))
                let high := add(low, digit)
                // The digit times 32, as an offset.
                low := sub(low, 5)
                let mask := shl(5, sub(shl(digit, 1), 1))
                for {} lt(position, end) {} {
                    let x := mload(position)
                    position := add(position, width)
                    let slot := add(histogram, and(shr(low, x), mask))
                    mstore(slot, add(mload(slot), eq(shr(high, x), found)))
                    x := mload(position)
                    position := add(position, width)
                    slot := add(histogram, and(shr(low, x), mask))
                    mstore(slot, add(mload(slot), eq(shr(high, x), found)))
                    x := mload(position)
                    position := add(position, width)
                    slot := add(histogram, and(shr(low, x), mask))
                    mstore(slot, add(mload(slot), eq(shr(high, x), found)))
                    x := mload(position)
                    position := add(position, width)
                    slot := add(histogram, and(shr(low, x), mask))
                    mstore(slot, add(mload(slot), eq(shr(high, x), found)))
                }
                if iszero(found) {
                    mstore(histogram, sub(mload(histogram), pad))
                }
            }
        }
    }

    /// The digit that holds a rank, and the rank among those that have it.
    function _locate(uint256 histogram, uint256 rank) private pure returns (uint256 digit, uint256 rest) {
        rest = rank;
        assembly ("memory-safe") {
            for {} 1 {
                digit := add(digit, 1)
            } {
                let count := mload(add(histogram, shl(5, digit)))
                if lt(rest, count) {
                    break
                }
                rest := sub(rest, count)
            }
        }
    }
}
