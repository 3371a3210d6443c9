// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";
import { Node, Operand, Source } from "../types/Node.sol";
import { Elements } from "./Elements.sol";
import { NodeReader } from "./NodeReader.sol";
import { PackedBuffer, PackedWriter } from "./PackedWriter.sol";
import { Guard, RowReader, RowView } from "./RowReader.sol";
import { Span, TensorMemory } from "./TensorMemory.sol";

/// A dimension that a view loops over, or several adjacent ones that it runs through as through one.
struct Loop {
    uint256 extent;
    /// What one step adds to the address and to each guard's form.
    int256[] steps;
    /// Where the loop stands.
    uint256 position;
}

/// @title Reads operands through their views
/// @notice docs/audit.md, 3, "View". Functions return false where the address lies outside the tensor: the node is ill-formed.
/// @dev Coefficients, extents and guards are 32-bit numbers and a rank is at most 16, so no sum of products can leave int256.
library ViewReader {
    /// Bytes of a guard before its coefficients: base, divisor, extent, stride.
    uint256 private constant GUARD_HEAD = 16;

    /// @notice Where an operand that is no immediate reads at index `x`.
    /// @return passes Whether all guards pass.
    /// @return address_ Element read if they do; may lie outside the tensor.
    function locate(
        bytes calldata data,
        Operand memory operand,
        uint256[] memory x
    ) internal pure returns (bool passes, int256 address_) {
        unchecked {
            address_ = _form(data, operand.base, operand.coefficients, x);
            uint256 position = operand.guards;
            for (uint256 g; g < operand.guardCount; ++g) {
                Guard memory guard = _guardAt(data, position, x);
                if (guard.form < 0 || guard.form > guard.top || guard.form % guard.divisor != 0) return (false, 0);
                address_ += guard.stride * (guard.form / guard.divisor);
                position += GUARD_HEAD + 4 * x.length;
            }
            return (true, address_);
        }
    }

    /// @notice The element that an operand has at index `x`.
    function readElement(
        bytes calldata data,
        Operand memory operand,
        uint256[] memory x,
        Span[] memory spans
    ) internal pure returns (bool ok, uint256 bits) {
        if (operand.source == Source.IMMEDIATE) return (true, operand.fill);
        (bool passes, int256 address_) = locate(data, operand, x);
        return passes ? readAddress(operand, address_, spans) : (true, operand.fill);
    }

    /// @notice The element at an address of the tensor that an operand reads.
    function readAddress(
        Operand memory operand,
        int256 address_,
        Span[] memory spans
    ) internal pure returns (bool ok, uint256 bits) {
        if (address_ < 0 || address_ >= int256(operand.numel)) return (false, 0);
        return (true, TensorMemory.element(spans, uint256(address_), DType.size(operand.dtype)));
    }

    /// @notice The elements that an operand has over all reduction indices, row-major and packed; just one if it does not
    /// depend on them.
    /// @param x Index at hand, zero in the reduction part.
    function readAll(
        bytes calldata data,
        Node memory node,
        Operand memory operand,
        uint256[] memory x,
        Span[] memory spans
    ) internal pure returns (bool ok, bytes memory values) {
        uint256 width = DType.size(operand.dtype);
        Loop[] memory loops = _collapse(data, node, operand);
        if (loops.length == 0 || (loops.length == 1 && _isZero(loops[0].steps))) {
            uint256 bits;
            (ok, bits) = readElement(data, operand, x, spans);
            return (ok, Elements.pack(bits, width));
        }
        PackedBuffer memory buffer = PackedWriter.create(node.reductions, width, operand.fill, spans);
        return (_walk(_viewAt(data, operand, x, loops[0]), loops, buffer), buffer.data);
    }

    /// Reads row by row; a row is one run of the innermost loop.
    function _walk(RowView memory view_, Loop[] memory loops, PackedBuffer memory buffer) private pure returns (bool) {
        unchecked {
            _rewind(loops);
            uint256 count = loops.length;
            while (true) {
                if (!RowReader.read(view_, buffer)) return false;
                uint256 depth = 1;
                for (; depth < count; ++depth) {
                    Loop memory loop = loops[depth];
                    if (++loop.position < loop.extent) {
                        RowReader.advance(view_, loop.steps);
                        break;
                    }
                    loop.position = 0;
                }
                if (depth == count) return true;
            }
        }
    }

    /// Makes the steps of every loop but the innermost start from the end of the loops inside it.
    function _rewind(Loop[] memory loops) private pure {
        unchecked {
            int256[] memory inside = new int256[](loops[0].steps.length);
            for (uint256 depth = 1; depth < loops.length; ++depth) {
                Loop memory loop = loops[depth];
                for (uint256 f; f < inside.length; ++f) {
                    int256 step = loop.steps[f];
                    loop.steps[f] = step - inside[f];
                    inside[f] += step * int256(loop.extent - 1);
                }
            }
        }
    }

    /// The loops over the reduction extents, innermost first, adjacent ones joined where every form advances through both as
    /// through one.
    function _collapse(
        bytes calldata data,
        Node memory node,
        Operand memory operand
    ) private pure returns (Loop[] memory loops) {
        unchecked {
            if (operand.source == Source.IMMEDIATE) return loops;
            uint256 rank = node.extents.length;
            loops = new Loop[](rank - node.outRank);
            uint256 count;
            for (uint256 d = rank; d > node.outRank;) {
                uint256 extent = node.extents[--d];
                if (extent == 1) continue;
                int256[] memory steps = new int256[](operand.guardCount + 1);
                steps[0] = NodeReader.int32At(data, operand.coefficients + 4 * d);
                for (uint256 g; g < operand.guardCount; ++g) {
                    uint256 position = operand.guards + g * (GUARD_HEAD + 4 * rank) + GUARD_HEAD + 4 * d;
                    steps[g + 1] = NodeReader.int32At(data, position);
                }
                if (count != 0 && _continues(loops[count - 1], steps)) loops[count - 1].extent *= extent;
                else loops[count++] = Loop(extent, steps, 0);
            }
            assembly ("memory-safe") {
                mstore(loops, count)
            }
        }
    }

    /// Whether an outer dimension with these steps goes on where the loop ends.
    function _continues(Loop memory inner, int256[] memory steps) private pure returns (bool) {
        unchecked {
            for (uint256 f; f < steps.length; ++f) {
                if (steps[f] != inner.steps[f] * int256(inner.extent)) return false;
            }
            return true;
        }
    }

    /// The view at the start of the first row.
    function _viewAt(
        bytes calldata data,
        Operand memory operand,
        uint256[] memory x,
        Loop memory row
    ) private pure returns (RowView memory view_) {
        unchecked {
            view_.numel = int256(operand.numel);
            view_.address_ = _form(data, operand.base, operand.coefficients, x);
            view_.step = row.steps[0];
            view_.extent = int256(row.extent);
            Guard[] memory guards = new Guard[](operand.guardCount);
            uint256 position = operand.guards;
            for (uint256 g; g < operand.guardCount; ++g) {
                guards[g] = _guardAt(data, position, x);
                guards[g].step = row.steps[g + 1];
                position += GUARD_HEAD + 4 * x.length;
            }
            RowReader.setGuards(view_, guards);
        }
    }

    /// The guard at a position of the encoding, at index `x`; without a step.
    function _guardAt(
        bytes calldata data,
        uint256 position,
        uint256[] memory x
    ) private pure returns (Guard memory guard) {
        unchecked {
            guard.form = _form(data, NodeReader.int32At(data, position), position + GUARD_HEAD, x);
            guard.divisor = int256(NodeReader.uintAt(data, position + 4, 4));
            guard.top = guard.divisor * int256(NodeReader.uintAt(data, position + 8, 4)) - 1;
            guard.stride = NodeReader.int32At(data, position + 12);
        }
    }

    /// base + sum of the coefficients at `at` times the index.
    function _form(
        bytes calldata data,
        int256 base,
        uint256 position,
        uint256[] memory x
    ) private pure returns (int256 form) {
        unchecked {
            form = base;
            for (uint256 d; d < x.length; ++d) {
                form += NodeReader.int32At(data, position + 4 * d) * int256(x[d]);
            }
        }
    }

    function _isZero(int256[] memory steps) private pure returns (bool) {
        for (uint256 f; f < steps.length; ++f) {
            if (steps[f] != 0) return false;
        }
        return true;
    }
}
