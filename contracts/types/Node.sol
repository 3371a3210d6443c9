// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Codes of node kinds (docs/audit.md, 3 and 4)
library Kind {
    uint8 internal constant MAP = 0;
    uint8 internal constant REDUCE = 1;
    uint8 internal constant GATHER = 2;

    /// The only function of kind `gather`.
    uint8 internal constant GATHER_FN = 96;
}

/// @title Codes of what an operand reads (docs/audit.md, 3)
library Source {
    uint8 internal constant INPUT = 0;
    uint8 internal constant WEIGHT = 1;
    uint8 internal constant NODE = 2;
    uint8 internal constant IMMEDIATE = 3;
}

/// A parsed operand. Positions are byte offsets in the node's encoding.
struct Operand {
    uint8 source;
    uint8 dtype;
    uint256 index;
    /// Of a weight only.
    bytes32 root;
    uint256 numel;
    int256 base;
    /// Position of the coefficients.
    uint256 coefficients;
    /// What is read where a guard fails; the value of an immediate.
    uint256 fill;
    uint256 guardCount;
    /// Position of the first guard.
    uint256 guards;
}

/// A parsed step of an epilogue; its operands are `operands[first .. first + operandCount)` of the node.
struct Step {
    uint8 fn;
    uint8 dtype;
    uint256 chain;
    uint256 operandCount;
    uint256 first;
}

/// A parsed node.
struct Node {
    uint8 kind;
    uint8 fn;
    uint8 dtype;
    uint256 outRank;
    /// Output extents, then reduction extents.
    uint256[] extents;
    /// Product of the output extents.
    uint256 elements;
    /// Product of the reduction extents.
    uint256 reductions;
    /// Position of the attribute bytes.
    uint256 attributes;
    /// Operands of the node itself; those of the steps follow in `operands`.
    uint256 ownOperands;
    Operand[] operands;
    Step[] steps;
}
