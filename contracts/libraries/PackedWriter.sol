// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Span, TensorMemory } from "./TensorMemory.sol";

/// A buffer being filled with elements of one width, and the tensor they come from.
struct PackedBuffer {
    bytes data;
    /// Memory position of the next element.
    uint256 next;
    uint256 width;
    /// What elements that no guard admits have, all over a word.
    uint256 fill;
    Span[] spans;
    /// The span read last.
    Span span;
}

/// @title Packs tensor elements into memory
/// @dev Writes whole words and lets the next element overwrite what is too much; the buffer has a word to spare.
library PackedWriter {
    function create(
        uint256 count,
        uint256 width,
        uint256 fill,
        Span[] memory spans
    ) internal pure returns (PackedBuffer memory buffer) {
        bytes memory data;
        uint256 next;
        assembly ("memory-safe") {
            // Not zeroed: every byte of the length is written before it is read.
            data := mload(0x40)
            next := add(data, 32)
            mstore(data, mul(count, width))
            mstore(0x40, and(add(add(next, mul(count, width)), 63), not(31)))
        }
        buffer.data = data;
        buffer.next = next;
        buffer.width = width;
        buffer.fill = repeat(fill, width);
        buffer.spans = spans;
    }

    /// @notice An element of `width` bytes, repeated all over a word.
    function repeat(uint256 bits, uint256 width) internal pure returns (uint256) {
        // Ones at distances of `width` bytes: (2^256 - 1) / (2^(8 width) - 1).
        return bits * (type(uint256).max / ((1 << (8 * width)) - 1));
    }

    /// @notice Appends `count` fills.
    function appendFill(PackedBuffer memory buffer, uint256 count) internal pure {
        _appendRepeated(buffer, buffer.fill, count);
    }

    /// @notice Appends the elements at `first`, `first + stride`, ... of the tensor, all inside it.
    function append(PackedBuffer memory buffer, uint256 first, int256 stride, uint256 count) internal pure {
        // Addresses are below 2^31 and counts too.
        unchecked {
            if (stride == 1) return _appendRun(buffer, first * buffer.width, count * buffer.width);
            if (stride == 0) {
                uint256 bits = TensorMemory.element(buffer.spans, first, buffer.width);
                return _appendRepeated(buffer, repeat(bits, buffer.width), count);
            }
            _appendStrided(buffer, first * buffer.width, stride * int256(buffer.width), count);
        }
    }

    function _appendRepeated(PackedBuffer memory buffer, uint256 word, uint256 count) private pure {
        uint256 next = buffer.next;
        uint256 end;
        unchecked {
            end = next + count * buffer.width;
        }
        assembly ("memory-safe") {
            for {} lt(next, end) {
                next := add(next, 32)
            } {
                mstore(next, word)
            }
        }
        buffer.next = end;
    }

    /// Appends consecutive bytes of the tensor.
    function _appendRun(PackedBuffer memory buffer, uint256 from, uint256 length) private pure {
        unchecked {
            uint256 next = buffer.next;
            buffer.next = next + length;
            while (length != 0) {
                (uint256 start, uint256 end, uint256 position) = _spanAt(buffer, from);
                uint256 part = end - from;
                if (part > length) part = length;
                assembly ("memory-safe") {
                    calldatacopy(next, add(position, sub(from, start)), part)
                }
                next += part;
                from += part;
                length -= part;
            }
        }
    }

    /// @notice Writes the elements at `first`, `first + stride`, ... over what the buffer has at every `period`-th place.
    /// @param to Memory position of the first such place.
    function scatter(
        PackedBuffer memory buffer,
        uint256 to,
        uint256 period,
        uint256 first,
        int256 stride,
        uint256 count
    ) internal pure {
        unchecked {
            uint256 width = buffer.width;
            uint256 from = first * width;
            stride *= int256(width);
            period *= width;
            while (count != 0) {
                (uint256 part, uint256 position) = _reach(buffer, from, stride, count);
                assembly ("memory-safe") {
                    for {
                        let until := add(to, mul(part, period))
                    } lt(to, until) {
                        to := add(to, period)
                    } {
                        calldatacopy(to, position, width)
                        position := add(position, stride)
                    }
                }
                from = uint256(int256(from) + stride * int256(part));
                count -= part;
            }
        }
    }

    /// Appends elements at equal distances, all arguments in bytes but `count`; `stride` is not zero.
    function _appendStrided(PackedBuffer memory buffer, uint256 from, int256 stride, uint256 count) private pure {
        unchecked {
            uint256 next = buffer.next;
            uint256 width = buffer.width;
            buffer.next = next + count * width;
            while (count != 0) {
                (uint256 part, uint256 position) = _reach(buffer, from, stride, count);
                assembly ("memory-safe") {
                    for {
                        let until := add(next, mul(part, width))
                    } lt(next, until) {
                        next := add(next, width)
                    } {
                        mstore(next, calldataload(position))
                        position := add(position, stride)
                    }
                }
                from = uint256(int256(from) + stride * int256(part));
                count -= part;
            }
        }
    }

    /// How far a progression of elements, in bytes, goes inside the span that holds its first byte.
    /// @return part Elements of it in the span, at most `count`; spans hold whole elements.
    /// @return position Calldata position of the first.
    function _reach(
        PackedBuffer memory buffer,
        uint256 from,
        int256 stride,
        uint256 count
    ) private pure returns (uint256 part, uint256 position) {
        unchecked {
            uint256 start;
            uint256 end;
            (start, end, position) = _spanAt(buffer, from);
            position += from - start;
            if (stride == 0) return (count, position);
            part = stride > 0 ? (end - 1 - from) / uint256(stride) : (from - start) / uint256(-stride);
            if (++part > count) part = count;
        }
    }

    /// The span that holds byte `from` of the tensor, and its parts.
    function _spanAt(
        PackedBuffer memory buffer,
        uint256 from
    ) private pure returns (uint256 start, uint256 end, uint256 position) {
        (start, end, position) = TensorMemory.parts(buffer.span);
        if (from < start || from >= end) {
            buffer.span = TensorMemory.find(buffer.spans, from, buffer.width);
            (start, end, position) = TensorMemory.parts(buffer.span);
        }
    }
}
