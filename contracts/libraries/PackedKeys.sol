// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";

/// Elements as unsigned numbers of as many bits, in an order that is looked for; packed in memory.
struct Keys {
    /// Memory position of the first. Lanes of the last word beyond the count hold 0, and a word to spare follows.
    uint256 position;
    uint256 count;
    /// Bits of a key.
    uint256 bits;
}

/// How keys order elements.
struct KeyOrder {
    /// Larger elements have smaller keys.
    bool descending;
    /// Of f32: NaN has the highest key whatever the direction. If not, it counts as larger than everything.
    bool nanHighest;
    /// Of f32: -0 comes before +0. If not, they are equal.
    bool signedZeros;
}

/// @title Order among packed elements, a word at a time
/// @dev Comparisons look at every other key of a word in a lane of twice its width: a bit set above the key survives the
/// subtraction of what is not larger.
library PackedKeys {
    uint256 private constant FLOATS = 0x0000000100000001000000010000000100000001000000010000000100000001;

    /// @notice Makes the keys of packed elements.
    /// @param position Memory position of the first of `count` >= 1 elements.
    function create(
        uint256 position,
        uint256 count,
        uint8 dtype,
        KeyOrder memory order
    ) internal pure returns (Keys memory keys) {
        unchecked {
            uint256 bits = 8 * DType.size(dtype);
            uint256 to;
            uint256 length = (count * bits) / 8;
            assembly ("memory-safe") {
                to := mload(0x40)
                mstore(0x40, add(to, and(add(length, 63), not(31))))
            }
            keys = Keys(to, count, bits);
            if (dtype == DType.F32) {
                _writeFloats(position, to, to + length, order);
            } else {
                uint256 flip = DType.isSigned(dtype) ? ones(bits) << (bits - 1) : 0;
                _writeIntegers(position, to, to + length, order.descending ? ~flip : flip);
            }
            uint256 rest = length % 32;
            if (rest == 0) return keys;
            assembly ("memory-safe") {
                let last := sub(add(to, length), rest)
                mstore(last, and(mload(last), not(shr(shl(3, rest), not(0)))))
            }
        }
    }

    /// @notice The highest key.
    function highest(Keys memory keys) internal pure returns (uint256 key) {
        unchecked {
            uint256 bits = keys.bits;
            uint256 lanes = ones(2 * bits);
            uint256 even;
            uint256 odd;
            (uint256 word, uint256 end) = _span(keys);
            assembly ("memory-safe") {
                let above := shl(bits, lanes)
                let below := sub(above, lanes)
                for {} lt(word, end) {
                    word := add(word, 32)
                } {
                    let x := mload(word)
                    let y := and(x, below)
                    // All ones in lanes where y is not below what there was.
                    let up := and(sub(or(y, above), even), above)
                    even := xor(even, and(xor(even, y), sub(up, shr(bits, up))))
                    y := and(shr(bits, x), below)
                    up := and(sub(or(y, above), odd), above)
                    odd := xor(odd, and(xor(odd, y), sub(up, shr(bits, up))))
                }
            }
            uint256 mask = (1 << bits) - 1;
            for (; even | odd != 0; (even, odd) = (even >> (2 * bits), odd >> (2 * bits))) {
                if (even & mask > key) key = even & mask;
                if (odd & mask > key) key = odd & mask;
            }
        }
    }

    /// @notice How many elements have a key.
    function countEqual(Keys memory keys, uint256 key) internal pure returns (uint256 count) {
        unchecked {
            (uint256 word, uint256 end) = _span(keys);
            for (; word < end; word += 32) count += _equalIn(word, keys.bits, key);
            // Lanes beyond the count.
            if (key == 0) count -= padding(keys);
        }
    }

    /// @notice Number of the n-th element, from 0, that has a key.
    function nth(Keys memory keys, uint256 key, uint256 n) internal pure returns (uint256 index) {
        unchecked {
            (uint256 bits, uint256 word) = (keys.bits, keys.position);
            for (; ; word += 32) {
                uint256 equal = _equalIn(word, bits, key);
                if (n < equal) break;
                n -= equal;
            }
            index = ((word - keys.position) * 8) / bits;
            uint256 x;
            assembly ("memory-safe") {
                x := mload(word)
            }
            for (; ; x <<= bits) {
                if (x >> (256 - bits) == key) {
                    if (n == 0) return index;
                    --n;
                }
                ++index;
            }
        }
    }

    /// @notice Lanes of the last word that hold no key.
    function padding(Keys memory keys) internal pure returns (uint256) {
        unchecked {
            uint256 lanes = 256 / keys.bits;
            return (lanes - (keys.count % lanes)) % lanes;
        }
    }

    /// @notice 1 in every lane of so many bits.
    function ones(uint256 bits) internal pure returns (uint256) {
        unchecked {
            return type(uint256).max / ((1 << bits) - 1);
        }
    }

    /// Memory of the words that hold keys.
    function _span(Keys memory keys) private pure returns (uint256 position, uint256 end) {
        unchecked {
            return (keys.position, keys.position + (keys.count * keys.bits) / 8);
        }
    }

    /// How many lanes of a word hold a key.
    function _equalIn(uint256 word, uint256 bits, uint256 key) private pure returns (uint256 count) {
        unchecked {
            uint256 lanes = ones(2 * bits);
            assembly ("memory-safe") {
                let above := shl(bits, lanes)
                let below := sub(above, lanes)
                let x := mload(word)
                key := mul(lanes, key)
                // Every lane that is not 0 after this has a difference; it loses a bit only if it is 0.
                let y := sub(or(xor(and(x, below), key), above), lanes)
                let z := sub(or(xor(and(shr(bits, x), below), key), above), lanes)
                let different := add(and(shr(bits, y), lanes), and(shr(bits, z), lanes))
                // The product has the sum of all lanes in its top one.
                count := sub(div(256, bits), shr(sub(256, shl(1, bits)), mul(different, lanes)))
            }
        }
    }

    function _writeIntegers(uint256 from, uint256 to, uint256 end, uint256 flip) private pure {
        assembly ("memory-safe") {
            for {} lt(to, end) {
                to := add(to, 32)
            } {
                mstore(to, xor(mload(from), flip))
                from := add(from, 32)
            }
        }
    }

    function _writeFloats(uint256 from, uint256 to, uint256 end, KeyOrder memory order) private pure {
        uint256 keepZeros = order.signedZeros ? type(uint256).max : 0;
        uint256 reverse = order.descending ? type(uint256).max : 0;
        uint256 nanKey = order.nanHighest || !order.descending ? type(uint256).max : 0;
        assembly ("memory-safe") {
            for {} lt(to, end) {
                to := add(to, 32)
            } {
                let x := mload(from)
                from := add(from, 32)
                let magnitude := and(x, mul(FLOATS, 0x7fffffff))
                // All ones in lanes that are not 0, and in those that are NaN.
                let some := mul(and(shr(31, add(magnitude, mul(FLOATS, 0x7fffffff))), FLOATS), 0xffffffff)
                let nan := mul(and(shr(31, add(magnitude, mul(FLOATS, 0x7fffff))), FLOATS), 0xffffffff)
                x := and(x, or(some, keepZeros))
                // Negative numbers have all bits turned, the others the sign.
                x := xor(x, add(mul(and(shr(31, x), FLOATS), 0x7fffffff), mul(FLOATS, 0x80000000)))
                x := xor(x, reverse)
                mstore(to, xor(x, and(xor(x, nanKey), nan)))
            }
        }
    }
}
