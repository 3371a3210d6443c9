// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IScalarEvaluator } from "../interfaces/IScalarEvaluator.sol";

/// @notice Test only: one map function over many operands, or many dtypes, in one call.
contract ScalarHarness {
    struct Use {
        IScalarEvaluator evaluator;
        uint8 fn;
        uint8 resultDtype;
        bytes dtypes;
    }

    /// @param operands A word of 32 bytes per operand, one case after the other.
    /// @return outcomes A word per case: the result, 1 << 64 if well-formed, and from bit 128 what the evaluator took of gas.
    function evaluateMany(Use calldata use, bytes calldata operands) external view returns (bytes memory outcomes) {
        uint256 width = use.dtypes.length;
        uint256 count = operands.length / 32 / width;
        uint256[] memory words = new uint256[](count);
        uint256[] memory bits = new uint256[](width);
        for (uint256 i; i < count; ++i) {
            for (uint256 k; k < width; ++k) bits[k] = uint256(bytes32(operands[32 * (i * width + k):]));
            words[i] = _evaluate(use, bits);
        }
        return abi.encodePacked(words);
    }

    /// @notice Tries a function with operands of dtypes `prefix` and one more, and a result, of all the dtypes given.
    /// @return accepted_ `true` for well-formed, results fastest. Reverts where an ill-formed use gives a result.
    function accepted(
        IScalarEvaluator evaluator,
        uint8 fn,
        bytes calldata prefix,
        bytes calldata dtypes
    ) external view returns (bool[] memory accepted_) {
        uint256 n = dtypes.length;
        accepted_ = new bool[](n * n);
        uint256[] memory bits = new uint256[](prefix.length + 1);
        for (uint256 k; k < bits.length; ++k) bits[k] = 1;
        for (uint256 i; i < n * n; ++i) {
            bytes memory operands = abi.encodePacked(prefix, dtypes[i / n]);
            uint256 result;
            (accepted_[i], result) = evaluator.evaluate(fn, uint8(dtypes[i % n]), operands, bits);
            assert(accepted_[i] || result == 0);
        }
    }

    function _evaluate(Use calldata use, uint256[] memory bits) private view returns (uint256) {
        uint256 before = gasleft();
        (bool wellFormed, uint256 result) = use.evaluator.evaluate(use.fn, use.resultDtype, use.dtypes, bits);
        return result | (wellFormed ? 1 << 64 : 0) | ((before - gasleft()) << 128);
    }
}
