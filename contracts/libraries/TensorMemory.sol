// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { ElementNotOpened, LeavesNotInTensor, RangesOutOfOrder } from "../types/EvidenceErrors.sol";
import { LeafRange, Opening } from "../types/Evidence.sol";
import { TensorTree } from "./TensorTree.sol";

/// Where the bytes [start, end) of a tensor lie in calldata: start << 128 | end << 64 | calldata position of the first.
type Span is uint256;

/// @title The opened parts of one tensor
library TensorMemory {
    /// @notice Checks the ranges of an opening against its root.
    /// @param number The opening's number in the evidence, for errors.
    /// @param count Leaves of the tensor.
    /// @return spans Opened bytes, ascending.
    function open(Opening calldata opening, uint256 number, uint256 count) internal pure returns (Span[] memory spans) {
        LeafRange[] calldata ranges = opening.ranges;
        spans = new Span[](ranges.length);
        uint256 opened;
        for (uint256 i; i < ranges.length; ++i) {
            LeafRange calldata range = ranges[i];
            bytes calldata leaves = range.leaves;
            require(range.first >= opened, RangesOutOfOrder(number, i));
            bytes32 root = TensorTree.rangeRoot(count, range.first, leaves, range.proof);
            require(root == opening.root, LeavesNotInTensor(number, i));
            opened = range.first + leaves.length / TensorTree.LEAF;
            uint256 start = range.first * TensorTree.LEAF;
            uint256 position;
            assembly ("memory-safe") {
                position := leaves.offset
            }
            spans[i] = Span.wrap((start << 128) | ((start + leaves.length) << 64) | position);
        }
    }

    /// @notice The span that holds the byte at `address_`.
    /// @param width Bytes of an element, for the error.
    function find(Span[] memory spans, uint256 address_, uint256 width) internal pure returns (Span) {
        uint256 low;
        uint256 high = spans.length;
        unchecked {
            while (low < high) {
                uint256 middle = (low + high) / 2;
                (uint256 start, uint256 end, ) = parts(spans[middle]);
                if (address_ < start) high = middle;
                else if (address_ < end) return spans[middle];
                else low = middle + 1;
            }
        }
        revert ElementNotOpened(address_ / width);
    }

    /// @notice The bits of one element.
    function element(Span[] memory spans, uint256 index, uint256 width) internal pure returns (uint256 bits) {
        (uint256 start, , uint256 position) = parts(find(spans, index * width, width));
        uint256 from = position + index * width - start;
        assembly ("memory-safe") {
            bits := shr(sub(256, shl(3, width)), calldataload(from))
        }
    }

    /// @return start First byte of the tensor that lies in the span.
    /// @return end End of those bytes.
    /// @return position Calldata position of the first.
    function parts(Span span) internal pure returns (uint256 start, uint256 end, uint256 position) {
        uint256 word = Span.unwrap(span);
        start = word >> 128;
        end = (word >> 64) & type(uint64).max;
        position = word & type(uint64).max;
    }
}
