// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Evaluates one map function on one set of operands
/// @notice Functions, dtypes and their codes: docs/audit.md, sections 1 and 4. Every function of `map` but `pick`.
interface IScalarEvaluator {
    /// @notice The rounding of a result could not be decided within the working precision.
    /// @dev Never happens for functions of one operand. For `pow` no operands are known for which it does.
    error Undecided(uint8 fn, uint256[] bits);

    /// @notice Applies `fn`.
    /// @param fn Code of the function.
    /// @param resultDtype Code of the dtype that the result is stated to have.
    /// @param dtypes One dtype code per operand.
    /// @param bits The operands' bits in the low bytes; higher bytes are ignored. Need not be canonical.
    /// @return wellFormed Whether `fn` takes exactly these operands and yields this dtype.
    /// @return result The canonical bits of the result in the low bytes; 0 if not well-formed.
    function evaluate(
        uint8 fn,
        uint8 resultDtype,
        bytes calldata dtypes,
        uint256[] calldata bits
    ) external view returns (bool wellFormed, uint256 result);
}
