// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { DType } from "../types/DType.sol";
import { Node, Operand, Source, Step } from "../types/Node.sol";
import { FunctionRules } from "./FunctionRules.sol";

/// @title Parses the encoding of a node
/// @notice docs/audit.md, 3. A node that breaks a rule is reported, not reverted on: whoever accuses with it loses.
/// @dev Rules that need more than the node's own bytes are the Arbiter's.
library NodeReader {
    uint256 private constant HEADER = 8;
    uint256 private constant STEP_HEADER = 4;
    uint256 private constant MAX_RANK = 16;
    /// Results, reductions and tensors have fewer elements.
    uint256 private constant SIZE_LIMIT = 1 << 31;
    /// Bytes of the shortest operand, an immediate.
    uint256 private constant SHORTEST_OPERAND = 11;
    /// Operands are numbered by one byte.
    uint256 private constant MAX_OPERANDS = 255;

    /// @notice Parses a whole encoding.
    /// @return ok Whether the node keeps the rules; if not, `node` is incomplete.
    function parse(bytes calldata data) internal pure returns (bool ok, Node memory node) {
        // Positions are sums of a few numbers below 2^32, never beyond the calldata they are compared with.
        unchecked {
            if (data.length < HEADER) return (false, node);
            uint256 header = uintAt(data, 0, HEADER);
            node.kind = uint8(header >> 56);
            node.fn = uint8(header >> 48);
            node.dtype = uint8(header >> 40);
            node.outRank = uint8(header >> 32);
            node.ownOperands = uint8(header >> 16);
            uint256 rank = node.outRank + uint8(header >> 24);
            uint256 position = HEADER + 4 * rank;
            uint256 attributes = uint8(header);
            if (rank > MAX_RANK || position + attributes > data.length) return (false, node);
            if (!FunctionRules.admits(node, rank, attributes)) return (false, node);
            if (!_readExtents(data, node, rank)) return (false, node);
            node.attributes = position;
            position = _readOperands(data, position + attributes, uint8(header >> 8), node);
            if (position != data.length) return (false, node);
            return (FunctionRules.checkParts(data, node), node);
        }
    }

    /// @notice Unsigned number of `size` bytes at a position inside the encoding.
    function uintAt(bytes calldata data, uint256 position, uint256 size) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, size)), calldataload(add(data.offset, position)))
        }
    }

    /// @notice Signed 32-bit number at a position inside the encoding.
    function int32At(bytes calldata data, uint256 position) internal pure returns (int256 value) {
        assembly ("memory-safe") {
            value := sar(224, calldataload(add(data.offset, position)))
        }
    }

    function _readExtents(bytes calldata data, Node memory node, uint256 rank) private pure returns (bool) {
        unchecked {
            uint256 elements = 1;
            uint256 reductions = 1;
            node.extents = new uint256[](rank);
            for (uint256 d; d < rank; ++d) {
                uint256 extent = uintAt(data, HEADER + 4 * d, 4);
                node.extents[d] = extent;
                // Below 2^63, as the factors are checked one by one.
                if (d < node.outRank) elements *= extent;
                else reductions *= extent;
                if (extent == 0 || elements >= SIZE_LIMIT || reductions >= SIZE_LIMIT) return false;
            }
            node.elements = elements;
            node.reductions = reductions;
            return true;
        }
    }

    /// Reads the node's operands, then the steps with theirs.
    /// @return position Position after the last, 0 where a rule is broken.
    function _readOperands(
        bytes calldata data,
        uint256 position,
        uint256 stepCount,
        Node memory node
    ) private pure returns (uint256) {
        unchecked {
            // A step has at most two operands besides the running value.
            uint256 most = Math.min(node.ownOperands + 2 * stepCount, (data.length - position) / SHORTEST_OPERAND);
            Operand[] memory operands = new Operand[](most);
            uint256 rank = node.extents.length;
            uint256 count;
            for (; count < node.ownOperands; ++count) {
                if ((position = _readOperand(data, position, rank, operands, count)) == 0) return 0;
            }
            Step[] memory steps = new Step[](stepCount);
            for (uint256 s; s < stepCount; ++s) {
                if (position + STEP_HEADER > data.length) return 0;
                Step memory step = steps[s];
                uint256 header = uintAt(data, position, STEP_HEADER);
                step.fn = uint8(header >> 24);
                step.dtype = uint8(header >> 16);
                step.chain = uint8(header >> 8);
                step.operandCount = uint8(header);
                step.first = count;
                if (!FunctionRules.admitsStep(step)) return 0;
                position += STEP_HEADER;
                for (uint256 end = count + step.operandCount; count < end; ++count) {
                    if ((position = _readOperand(data, position, rank, operands, count)) == 0) return 0;
                }
            }
            if (count > MAX_OPERANDS) return 0;
            assembly ("memory-safe") {
                mstore(operands, count)
            }
            node.operands = operands;
            node.steps = steps;
            return position;
        }
    }

    /// @return Position after the operand, 0 where a rule is broken.
    function _readOperand(
        bytes calldata data,
        uint256 position,
        uint256 rank,
        Operand[] memory operands,
        uint256 number
    ) private pure returns (uint256) {
        unchecked {
            if (position + SHORTEST_OPERAND > data.length) return 0;
            Operand memory operand = operands[number];
            operand.source = uint8(uintAt(data, position, 1));
            operand.dtype = uint8(uintAt(data, position + 1, 1));
            operand.guardCount = uintAt(data, position + 2, 1);
            position += 3;
            if (operand.source > Source.IMMEDIATE || !DType.isKnown(operand.dtype)) return 0;
            if (operand.source == Source.IMMEDIATE) {
                operand.fill = uintAt(data, position, 8);
                if (operand.guardCount != 0 || !_fits(operand)) return 0;
                if (operand.dtype == DType.BOOL && operand.fill > 1) return 0;
                return position + 8;
            }
            uint256 head = operand.source == Source.WEIGHT ? 44 : 12;
            uint256 coefficients = 4 * rank;
            uint256 guards = operand.guardCount == 0 ? 0 : 8 + operand.guardCount * (16 + coefficients);
            if (position + head + coefficients + guards > data.length) return 0;
            operand.index = uintAt(data, position, 4);
            if (operand.source == Source.WEIGHT) operand.root = bytes32(uintAt(data, position + 4, 32));
            position += head;
            operand.numel = uintAt(data, position - 8, 4);
            operand.base = int32At(data, position - 4);
            operand.coefficients = position;
            position += coefficients;
            if (operand.numel == 0 || operand.numel >= SIZE_LIMIT) return 0;
            if (operand.guardCount == 0) return position;
            operand.fill = uintAt(data, position, 8);
            position += 8;
            operand.guards = position;
            if (!_fits(operand)) return 0;
            for (uint256 g; g < operand.guardCount; ++g) {
                if (uintAt(data, position + 4, 4) == 0 || uintAt(data, position + 8, 4) == 0) return 0;
                position += 16 + coefficients;
            }
            return position;
        }
    }

    /// Whether the immediate or fill has no bits beyond its dtype.
    function _fits(Operand memory operand) private pure returns (bool) {
        return operand.fill >> (8 * DType.size(operand.dtype)) == 0;
    }
}
