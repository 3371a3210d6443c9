// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    OpeningNotInTrace,
    OpeningRootMismatch,
    OpeningShared,
    UnexpectedListProof,
    UnknownOpening
} from "../types/EvidenceErrors.sol";
import { DType } from "../types/DType.sol";
import { Evidence, Facts, Opening } from "../types/Evidence.sol";
import { Operand, Source } from "../types/Node.sol";
import { Span, TensorMemory } from "./TensorMemory.sol";
import { TensorTree } from "./TensorTree.sol";

/// An opening that has been checked, and the tensor that it was checked to belong to.
struct Opened {
    bool done;
    bytes32 tensor;
    Span[] spans;
}

/// @title Checks the openings that operands name, each once
library Openings {
    /// Stands for no opening.
    uint256 private constant NONE = 255;

    /// @notice The opened parts of the tensor that an operand reads; none if the operand names no opening.
    /// @param opened One entry per opening of the evidence, kept between calls.
    function spansOf(
        Opened[] memory opened,
        Facts calldata facts,
        Evidence calldata evidence,
        Operand memory operand,
        uint256 number
    ) internal pure returns (Span[] memory) {
        uint256 opening = uint8(evidence.operandOpenings[number]);
        if (operand.source == Source.IMMEDIATE || opening == NONE) return new Span[](0);
        require(opening < opened.length, UnknownOpening(number, opening));
        Opened memory entry = opened[opening];
        bytes32 tensor = keccak256(
            abi.encode(operand.source, operand.dtype, operand.index, operand.numel, operand.root)
        );
        if (entry.done) {
            require(entry.tensor == tensor, OpeningShared(number, opening));
        } else {
            entry.spans = _open(facts, evidence, operand, opening);
            entry.tensor = tensor;
            entry.done = true;
        }
        return entry.spans;
    }

    function _open(
        Facts calldata facts,
        Evidence calldata evidence,
        Operand memory operand,
        uint256 number
    ) private pure returns (Span[] memory) {
        Opening calldata opening = evidence.openings[number];
        if (operand.source == Source.NODE) {
            bytes32 root = TensorTree.listRoot(facts.nodeCount, operand.index, opening.root, opening.listProof);
            require(root == facts.traceRoot, OpeningNotInTrace(number));
        } else {
            bytes32 root = operand.source == Source.INPUT ? evidence.inputRoots[operand.index] : operand.root;
            require(opening.root == root, OpeningRootMismatch(number));
            require(opening.listProof.length == 0, UnexpectedListProof(number));
        }
        uint256 count = TensorTree.leafCount(operand.numel, DType.size(operand.dtype));
        return TensorMemory.open(opening, number, count);
    }
}
