// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// One reduction of known operands.
struct Reduction {
    /// Code of the function.
    uint8 fn;
    /// Code of the dtype of the result.
    uint8 dtype;
    /// Number of reduction indices, at least 1.
    uint256 count;
    /// Of `argkth` only: the rank looked for, below `count`, and whether the largest value has rank 0.
    uint256 rank;
    bool largest;
    /// One dtype code per operand.
    bytes dtypes;
    /// Per operand its elements over all reduction indices, packed, big-endian; one element stands for `count` equal ones. The
    /// bias of a dot is one element.
    bytes[] values;
}

/// @title Evaluates one reduction
/// @notice Functions, dtypes and their codes: docs/audit.md, sections 1 and 4. Takes any packed bytes, canonical or not.
interface IReduceEvaluator {
    /// @notice Applies a reduction to operands whose number and dtypes it takes; what it does with others is not defined.
    /// @return bits Canonical bits of the result, in the low bytes.
    function reduce(Reduction calldata reduction) external pure returns (uint256 bits);
}
