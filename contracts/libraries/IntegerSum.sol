// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";

/// Packed integers of one dtype; with a step of 0 one element stands for all.
struct IntegerTerms {
    /// Memory position of the first element.
    uint256 position;
    uint256 step;
    uint8 dtype;
}

/// @title Wrapping sums of products of integers
/// @notice docs/audit.md, 4, `dot` and `sum` of integers.
library IntegerSum {
    /// @notice Sum of `count` products modulo 2^256, of which any result dtype takes its low bits.
    function dot(IntegerTerms memory a, IntegerTerms memory b, uint256 count) internal pure returns (uint256 sum) {
        (uint256 shiftA, uint256 flipA, uint256 offsetA) = _decoding(a.dtype);
        (uint256 shiftB, uint256 flipB, uint256 offsetB) = _decoding(b.dtype);
        assembly ("memory-safe") {
            let position := mload(a)
            let stepA := mload(add(a, 32))
            let bt := mload(b)
            let stepB := mload(add(b, 32))
            for {} count {
                count := sub(count, 1)
            } {
                let x := sub(shr(shiftA, xor(mload(position), flipA)), offsetA)
                let y := sub(shr(shiftB, xor(mload(bt), flipB)), offsetB)
                sum := add(sum, mul(x, y))
                position := add(position, stepA)
                bt := add(bt, stepB)
            }
        }
    }

    /// An element at the top of a word w has the value ((w ^ flip) >> shift) - offset.
    function _decoding(uint8 dtype) private pure returns (uint256 shift, uint256 flip, uint256 offset) {
        uint256 bits = 8 * DType.size(dtype);
        shift = 256 - bits;
        if (DType.isSigned(dtype)) (flip, offset) = (1 << 255, 1 << (bits - 1));
    }
}
