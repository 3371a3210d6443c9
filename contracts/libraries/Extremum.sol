// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";

/// @title The largest or smallest of packed elements
/// @notice docs/audit.md, 4, `max`, `min` and `argmax` to `argminlast`.
library Extremum {
    /// Which element is looked for.
    struct Query {
        uint8 dtype;
        bool smallest;
        /// Of equal elements the last.
        bool last;
        /// Whether -0 and +0 are equal; if not, -0 is smaller.
        bool equalZeros;
    }

    /// @notice Number of the element looked for. NaN wins over everything.
    /// @param position Memory position of the first of `count` >= 1 elements.
    function find(uint256 position, uint256 count, Query memory query) internal pure returns (uint256 winner) {
        if (query.dtype == DType.F32) return _findFloat(position, count, query);
        uint256 width = DType.size(query.dtype);
        uint256 shift = 256 - 8 * width;
        // Turns the order of elements at the top of a word into that of unsigned numbers, or its reverse.
        uint256 flip = DType.isSigned(query.dtype) ? 1 << 255 : 0;
        if (query.smallest) flip ^= type(uint256).max;
        // Counting a key for 1 more than it is lets an equal one win.
        uint256 last = query.last ? 1 : 0;
        assembly ("memory-safe") {
            let best := 0
            for {
                let i := 0
            } lt(i, count) {
                i := add(i, 1)
            } {
                let key := shr(shift, xor(mload(position), flip))
                if gt(add(key, last), best) {
                    best := key
                    winner := i
                }
                position := add(position, width)
            }
        }
    }

    function _findFloat(uint256 position, uint256 count, Query memory query) private pure returns (uint256 winner) {
        uint256 last = query.last ? 1 : 0;
        uint256 reverse = query.smallest ? type(uint32).max : 0;
        uint256 keepZeros = query.equalZeros ? 0 : 1;
        assembly ("memory-safe") {
            let best := 0
            for {
                let i := 0
            } lt(i, count) {
                i := add(i, 1)
            } {
                let x := shr(224, mload(position))
                position := add(position, 4)
                let magnitude := and(x, 0x7fffffff)
                x := mul(x, or(keepZeros, iszero(iszero(magnitude))))
                // In the order of unsigned numbers: negative ones have all bits turned, the others the sign.
                let key := xor(xor(x, or(0x80000000, mul(shr(31, x), 0xffffffff))), reverse)
                let nan := gt(magnitude, 0x7f800000)
                key := or(mul(key, iszero(nan)), shl(32, nan))
                if gt(add(key, last), best) {
                    best := key
                    winner := i
                }
            }
        }
    }
}
