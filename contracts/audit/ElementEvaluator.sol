// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IReduceEvaluator, Reduction } from "../interfaces/IReduceEvaluator.sol";
import { IScalarEvaluator } from "../interfaces/IScalarEvaluator.sol";
import { Elements } from "../libraries/Elements.sol";
import { Integers } from "../libraries/Integers.sol";
import { Opened, Openings } from "../libraries/Openings.sol";
import { NodeReader } from "../libraries/NodeReader.sol";
import { Span } from "../libraries/TensorMemory.sol";
import { ViewReader } from "../libraries/ViewReader.sol";
import { DType } from "../types/DType.sol";
import { ZeroAddress } from "../types/Errors.sol";
import { Evidence, Facts } from "../types/Evidence.sol";
import { MapFn } from "../types/MapFn.sol";
import { Kind, Node, Operand, Source, Step } from "../types/Node.sol";
import { ReduceFn } from "../types/ReduceFn.sol";

/// @title Computes one element of a node from the tensors that the evidence opens
/// @dev Functions return false where the node is ill-formed at the index at hand.
abstract contract ElementEvaluator {
    IScalarEvaluator public immutable SCALARS;
    IReduceEvaluator public immutable REDUCTIONS;

    /// What is known while one element is computed.
    struct Frame {
        Node node;
        /// The element's index, zero in the reduction part.
        uint256[] x;
        Opened[] opened;
    }

    constructor(IScalarEvaluator scalars, IReduceEvaluator reductions) {
        require(address(scalars) != address(0) && address(reductions) != address(0), ZeroAddress());
        SCALARS = scalars;
        REDUCTIONS = reductions;
    }

    /// @notice Recomputes the element `evidence.element` of a well-formed node.
    function _evaluate(
        Facts calldata facts,
        Evidence calldata evidence,
        Node memory node
    ) internal view returns (bool ok, uint256 bits) {
        Frame memory frame = Frame(node, _indexOf(node, evidence.element), new Opened[](evidence.openings.length));
        if (node.kind == Kind.REDUCE) (ok, bits) = _reduce(facts, evidence, frame);
        else if (node.kind == Kind.GATHER) (ok, bits) = _gather(facts, evidence, frame);
        else if (node.fn == MapFn.PICK) (ok, bits) = _pick(facts, evidence, frame);
        else (ok, bits) = _map(facts, evidence, frame);
        for (uint256 s; ok && s < node.steps.length; ++s) {
            (ok, bits) = _step(facts, evidence, frame, s, bits);
        }
    }

    function _map(
        Facts calldata facts,
        Evidence calldata evidence,
        Frame memory frame
    ) private view returns (bool ok, uint256 bits) {
        uint256 count = frame.node.ownOperands;
        bytes memory dtypes = new bytes(count);
        uint256[] memory values = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            dtypes[i] = bytes1(frame.node.operands[i].dtype);
            (ok, values[i]) = _read(facts, evidence, frame, i);
            if (!ok) return (false, 0);
        }
        return SCALARS.evaluate(frame.node.fn, frame.node.dtype, dtypes, values);
    }

    /// Applies step `s` of the epilogue to the running value.
    function _step(
        Facts calldata facts,
        Evidence calldata evidence,
        Frame memory frame,
        uint256 s,
        uint256 running
    ) private view returns (bool ok, uint256 bits) {
        Step memory step = frame.node.steps[s];
        bytes memory dtypes = new bytes(step.operandCount + 1);
        uint256[] memory values = new uint256[](step.operandCount + 1);
        uint256 number = step.first;
        for (uint256 i; i < values.length; ++i) {
            if (i == step.chain) {
                dtypes[i] = bytes1(s == 0 ? frame.node.dtype : frame.node.steps[s - 1].dtype);
                values[i] = running;
            } else {
                dtypes[i] = bytes1(frame.node.operands[number].dtype);
                (ok, values[i]) = _read(facts, evidence, frame, number);
                if (!ok) return (false, 0);
                ++number;
            }
        }
        return SCALARS.evaluate(step.fn, step.dtype, dtypes, values);
    }

    function _reduce(
        Facts calldata facts,
        Evidence calldata evidence,
        Frame memory frame
    ) private view returns (bool ok, uint256 bits) {
        Node memory node = frame.node;
        Reduction memory reduction;
        reduction.fn = node.fn;
        reduction.dtype = node.dtype;
        reduction.count = node.reductions;
        reduction.dtypes = new bytes(node.ownOperands);
        reduction.values = new bytes[](node.ownOperands);
        if (node.fn == ReduceFn.ARGKTH) {
            uint256 ranks = NodeReader.uintAt(evidence.node, node.attributes, 1);
            reduction.largest = NodeReader.uintAt(evidence.node, node.attributes + 1, 1) == 1;
            for (uint256 d = node.outRank - ranks; d < node.outRank; ++d) {
                reduction.rank = reduction.rank * node.extents[d] + frame.x[d];
            }
        }
        for (uint256 i; i < node.ownOperands; ++i) {
            Operand memory operand = node.operands[i];
            reduction.dtypes[i] = bytes1(operand.dtype);
            // The third operand of a dot is its bias.
            if (i == 2) {
                uint256 bias;
                (ok, bias) = _read(facts, evidence, frame, i);
                reduction.values[i] = Elements.pack(bias, DType.size(operand.dtype));
            } else {
                Span[] memory spans = Openings.spansOf(frame.opened, facts, evidence, operand, i);
                (ok, reduction.values[i]) = ViewReader.readAll(evidence.node, node, operand, frame.x, spans);
            }
            if (!ok) return (false, 0);
        }
        return (true, REDUCTIONS.reduce(reduction));
    }

    /// The first operand whose guards all pass.
    function _pick(
        Facts calldata facts,
        Evidence calldata evidence,
        Frame memory frame
    ) private pure returns (bool ok, uint256 bits) {
        for (uint256 i; ; ++i) {
            // The last operand has no guards.
            Operand memory operand = frame.node.operands[i];
            bool passes = true;
            int256 address_;
            if (operand.source != Source.IMMEDIATE) {
                (passes, address_) = ViewReader.locate(evidence.node, operand, frame.x);
            }
            if (!passes) continue;
            (ok, bits) = (true, operand.fill);
            if (operand.source != Source.IMMEDIATE) {
                Span[] memory spans = Openings.spansOf(frame.opened, facts, evidence, operand, i);
                (ok, bits) = ViewReader.readAddress(operand, address_, spans);
            }
            return (ok, Elements.canonical(operand.dtype, bits));
        }
    }

    function _gather(
        Facts calldata facts,
        Evidence calldata evidence,
        Frame memory frame
    ) private pure returns (bool ok, uint256 bits) {
        Node memory node = frame.node;
        Operand memory source = node.operands[0];
        (, int256 address_) = ViewReader.locate(evidence.node, source, frame.x);
        for (uint256 i = 1; i < node.ownOperands; ++i) {
            (ok, bits) = _read(facts, evidence, frame, i);
            if (!ok) return (false, 0);
            uint256 position = node.attributes + 8 * (i - 1);
            int256 extent = int256(NodeReader.uintAt(evidence.node, position + 4, 4));
            int256 j = Integers.decode(node.operands[i].dtype, bits);
            if (j < 0) j += extent;
            if (j < 0) j = 0;
            if (j >= extent) j = extent - 1;
            address_ += NodeReader.int32At(evidence.node, position) * j;
        }
        Span[] memory spans = Openings.spansOf(frame.opened, facts, evidence, source, 0);
        (ok, bits) = ViewReader.readAddress(source, address_, spans);
        bits = Elements.canonical(node.dtype, bits);
    }

    /// The value of operand `number` at the index at hand.
    function _read(
        Facts calldata facts,
        Evidence calldata evidence,
        Frame memory frame,
        uint256 number
    ) private pure returns (bool ok, uint256 bits) {
        Operand memory operand = frame.node.operands[number];
        Span[] memory spans = Openings.spansOf(frame.opened, facts, evidence, operand, number);
        return ViewReader.readElement(evidence.node, operand, frame.x, spans);
    }

    /// Row-major index of an element of the result, zero in the reduction part.
    function _indexOf(Node memory node, uint256 element) private pure returns (uint256[] memory x) {
        x = new uint256[](node.extents.length);
        for (uint256 d = node.outRank; d > 0;) {
            --d;
            x[d] = element % node.extents[d];
            element /= node.extents[d];
        }
    }
}
