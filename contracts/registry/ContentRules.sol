// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { Domain } from "../libraries/Domain.sol";
import { DType } from "../types/DType.sol";
import {
    INLINE_ROOTS,
    L_MAX,
    MAX_ELEMENTS,
    MAX_NODES,
    MAX_PROOF_BYTES,
    MAX_PROOF_GAS,
    MAX_RANK,
    MAX_TENSORS
} from "../types/Limits.sol";
import { InputSpec, ModelContent, OutputSpec } from "../types/Model.sol";
import { Provenance } from "../types/Provenance.sol";

/// @title What a registration must keep
/// @notice Refuses, with a named error, whatever would make claims about a model undecidable, unprovable or ambiguous.
library ContentRules {
    /// Binary32 infinity: a non-negative finite value has smaller bits.
    uint32 private constant INFINITY = 0x7f800000;
    uint8 private constant EXACT = 1;
    uint256 private constant LEAF_BYTES = 256;
    /// Tree levels that one supply reveals.
    uint256 private constant LEVELS_PER_DEMAND = 8;

    /// @notice Checks everything but the format, which the registry maps to an Arbiter.
    /// @return inputSizes Elements of every input.
    /// @return outputSizes Elements of every output.
    function check(
        ModelContent calldata content
    ) internal pure returns (uint32[] memory inputSizes, uint32[] memory outputSizes) {
        uint256 inputs = content.inputs.length;
        uint256 outputs = content.outputs.length;
        require(content.profile <= EXACT, IModelRegistry.UnknownProfile(content.profile));
        require(
            content.nodeCount != 0 && content.nodeCount <= MAX_NODES,
            IModelRegistry.NodeCount(content.nodeCount, MAX_NODES)
        );
        require(content.graphRoot != 0, IModelRegistry.EmptyGraphRoot());
        require(
            content.maxProofBytes != 0 && content.maxProofBytes <= MAX_PROOF_BYTES,
            IModelRegistry.ProofBytes(content.maxProofBytes, MAX_PROOF_BYTES)
        );
        require(
            content.maxProofGas != 0 && content.maxProofGas <= MAX_PROOF_GAS,
            IModelRegistry.ProofGas(content.maxProofGas, MAX_PROOF_GAS)
        );
        require(inputs <= MAX_TENSORS, IModelRegistry.InputCount(inputs, MAX_TENSORS));
        require(outputs != 0 && outputs <= MAX_TENSORS, IModelRegistry.OutputCount(outputs, MAX_TENSORS));

        inputSizes = new uint32[](inputs);
        for (uint256 i; i < inputs; ++i) inputSizes[i] = _checkInput(content.inputs[i], i);

        outputSizes = new uint32[](outputs);
        uint256 demands;
        for (uint256 i; i < outputs; ++i) {
            OutputSpec calldata spec = content.outputs[i];
            outputSizes[i] = _checkOutput(spec, i, content.nodeCount, content.profile);
            demands = Math.max(demands, _tensorDemands(outputSizes[i], DType.size(spec.dtype)));
        }
        // Inner tensors may need more; the Arbiter finds a node inconsistent whose tensor does not fit the depth.
        uint256 least = _listDemands(content.nodeCount) + demands + 1;
        require(
            content.depth >= least && content.depth <= L_MAX,
            IModelRegistry.Depth(content.depth, uint8(least), L_MAX)
        );
    }

    /// @notice Bounds every text, so that events stay readable and cheap to index.
    function check(Provenance calldata provenance) internal pure {
        require(provenance.sha256Hash != 0, IModelRegistry.EmptyFileHash());
        _checkText("name", bytes(provenance.name).length, 1, 64);
        _checkText("licence", bytes(provenance.licence).length, 1, 128);
        _checkText("cid", bytes(provenance.cid).length, 1, 128);
        _checkText("uri", bytes(provenance.uri).length, 0, 512);
    }

    function _checkText(bytes32 field, uint256 length, uint256 min, uint256 max) private pure {
        require(length >= min && length <= max, IModelRegistry.TextLength(field, length, min, max));
    }

    function _checkInput(InputSpec calldata spec, uint256 index) private pure returns (uint32 size) {
        require(DType.size(spec.dtype) != 0, IModelRegistry.UnknownDtype(false, index, spec.dtype));
        size = _size(spec.shape, false, index);
        (bool valid, int256 low) = Domain.order(spec.dtype, spec.lo);
        require(valid, IModelRegistry.DomainNotCanonical(index, spec.lo));
        int256 high;
        (valid, high) = Domain.order(spec.dtype, spec.hi);
        require(valid, IModelRegistry.DomainNotCanonical(index, spec.hi));
        require(low <= high, IModelRegistry.DomainNotOrdered(index, spec.lo, spec.hi));
    }

    function _checkOutput(
        OutputSpec calldata spec,
        uint256 index,
        uint32 nodeCount,
        uint8 profile
    ) private pure returns (uint32 size) {
        require(DType.size(spec.dtype) != 0, IModelRegistry.UnknownDtype(true, index, spec.dtype));
        size = _size(spec.shape, true, index);
        require(spec.node < nodeCount, IModelRegistry.OutputNode(index, spec.node, nodeCount));
        require(
            spec.atol < INFINITY && spec.rtol < INFINITY,
            IModelRegistry.ToleranceNotCanonical(index, spec.atol, spec.rtol)
        );
        require(
            (spec.dtype == DType.F32 && profile != EXACT) || (spec.atol == 0 && spec.rtol == 0),
            IModelRegistry.ToleranceNotZero(index, spec.atol, spec.rtol)
        );
    }

    function _size(uint32[] calldata shape, bool output, uint256 index) private pure returns (uint32) {
        require(shape.length <= MAX_RANK, IModelRegistry.Rank(output, index, shape.length, MAX_RANK));
        uint256 size = 1;
        for (uint256 axis; axis < shape.length; ++axis) {
            require(shape[axis] != 0, IModelRegistry.ZeroExtent(output, index, axis));
            // Each factor is below 2^32 and the product so far below 2^31, so nothing overflows.
            size *= shape[axis];
            require(size <= MAX_ELEMENTS, IModelRegistry.TooManyElements(output, index, MAX_ELEMENTS));
        }
        return uint32(size);
    }

    /// Demands from a tensor's root down to one leaf hash.
    function _tensorDemands(uint256 size, uint256 elementBytes) private pure returns (uint256) {
        return _demands(Math.ceilDiv(size * elementBytes, LEAF_BYTES));
    }

    /// Demands from the trace root down to one tensor root.
    function _listDemands(uint256 nodeCount) private pure returns (uint256) {
        return nodeCount > INLINE_ROOTS ? _demands(nodeCount) : 0;
    }

    function _demands(uint256 leaves) private pure returns (uint256) {
        return Math.ceilDiv(Math.log2(leaves, Math.Rounding.Ceil), LEVELS_PER_DEMAND);
    }
}
