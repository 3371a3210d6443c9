// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";
import { MapFn } from "../types/MapFn.sol";
import { Kind, Node, Operand, Source, Step } from "../types/Node.sol";
import { ReduceFn } from "../types/ReduceFn.sol";
import { Signatures } from "./Signatures.sol";

/// @title Which operands and attributes a function takes
/// @notice docs/audit.md, 3 and 4.
library FunctionRules {
    /// Number of operands of map function `fn` in bits [2 fn, 2 fn + 2), 0 for none that a step may have.
    uint256 private constant ARITY = 0xff0aaaaaaaaa1555555555555554;
    uint256 private constant GATHER_ATTRIBUTES = 8;

    /// @notice Whether kind, function, dtype, ranks, operand count and attribute length of a node fit together.
    /// @dev Reads `kind fn dtype outRank ownOperands` only.
    function admits(Node memory node, uint256 rank, uint256 attributes) internal pure returns (bool) {
        if (!DType.isKnown(node.dtype)) return false;
        uint256 operands = node.ownOperands;
        if (node.kind == Kind.REDUCE) {
            if (node.fn < ReduceFn.DOT || node.fn > ReduceFn.ARGKTH) return false;
            if (attributes != (node.fn == ReduceFn.ARGKTH ? 2 : 0)) return false;
            return
                operands == 1 ? node.fn != ReduceFn.DOT : (operands == 2 || operands == 3) && node.fn == ReduceFn.DOT;
        }
        if (rank != node.outRank) return false;
        if (node.kind == Kind.MAP) {
            if (attributes != 0) return false;
            return node.fn == MapFn.PICK ? operands != 0 : operands != 0 && operands == _arity(node.fn);
        }
        return
            node.kind == Kind.GATHER &&
            node.fn == Kind.GATHER_FN &&
            operands > 1 &&
            attributes == GATHER_ATTRIBUTES * (operands - 1);
    }

    /// @notice Whether a step has a map function other than `pick` and as many operands as it takes.
    function admitsStep(Step memory step) internal pure returns (bool) {
        return DType.isKnown(step.dtype) && step.chain <= step.operandCount && step.operandCount + 1 == _arity(step.fn);
    }

    /// @notice Whether a node whose parts are read keeps the rules of its functions on dtypes, guards and attributes.
    function checkParts(bytes calldata data, Node memory node) internal pure returns (bool) {
        return _checkOwn(data, node) && _checkSteps(node);
    }

    function _arity(uint8 fn) private pure returns (uint256) {
        return (ARITY >> (2 * uint256(fn))) & 3;
    }

    function _checkOwn(bytes calldata data, Node memory node) private pure returns (bool) {
        if (node.kind == Kind.GATHER) return _checkGather(data, node);
        uint8[] memory types = new uint8[](node.ownOperands);
        for (uint256 i; i < types.length; ++i) types[i] = node.operands[i].dtype;
        if (node.kind == Kind.REDUCE) {
            if (!Signatures.takesReduce(node.fn, types, node.dtype)) return false;
            return node.fn != ReduceFn.ARGKTH || _checkRank(data, node);
        }
        if (!Signatures.takesMap(node.fn, types, node.dtype)) return false;
        return node.fn != MapFn.PICK || node.operands[node.ownOperands - 1].guardCount == 0;
    }

    function _checkSteps(Node memory node) private pure returns (bool) {
        uint8 running = node.dtype;
        for (uint256 s; s < node.steps.length; ++s) {
            Step memory step = node.steps[s];
            uint8[] memory types = new uint8[](step.operandCount + 1);
            uint256 number = step.first;
            for (uint256 i; i < types.length; ++i) {
                types[i] = i == step.chain ? running : node.operands[number++].dtype;
            }
            if (!Signatures.takesMap(step.fn, types, step.dtype)) return false;
            running = step.dtype;
        }
        return true;
    }

    /// The last outputs number the ranks, so the operand must not depend on them.
    function _checkRank(bytes calldata data, Node memory node) private pure returns (bool) {
        uint256 ranks = uint8(data[node.attributes]);
        if (ranks > node.outRank || uint8(data[node.attributes + 1]) > 1) return false;
        uint256 first = node.outRank - ranks;
        uint256 count = 1;
        for (uint256 d = first; d < node.outRank; ++d) count *= node.extents[d];
        if (count > node.reductions) return false;
        Operand memory operand = node.operands[0];
        if (operand.source == Source.IMMEDIATE) return true;
        bytes calldata dependence = data[operand.coefficients + 4 * first:operand.coefficients + 4 * node.outRank];
        if (!_isZero(dependence)) return false;
        uint256 size = 16 + 4 * node.extents.length;
        for (uint256 g; g < operand.guardCount; ++g) {
            uint256 position = operand.guards + g * size + 16;
            if (!_isZero(data[position + 4 * first:position + 4 * node.outRank])) return false;
        }
        return true;
    }

    function _checkGather(bytes calldata data, Node memory node) private pure returns (bool) {
        Operand memory source = node.operands[0];
        if (source.source == Source.IMMEDIATE || source.guardCount != 0 || source.dtype != node.dtype) return false;
        for (uint256 i = 1; i < node.ownOperands; ++i) {
            if (!DType.isInteger(node.operands[i].dtype)) return false;
            uint256 extent = node.attributes + GATHER_ATTRIBUTES * (i - 1) + 4;
            if (uint32(bytes4(data[extent:extent + 4])) == 0) return false;
        }
        return true;
    }

    function _isZero(bytes calldata data) private pure returns (bool) {
        for (uint256 i; i < data.length; ++i) {
            if (data[i] != 0) return false;
        }
        return true;
    }
}
