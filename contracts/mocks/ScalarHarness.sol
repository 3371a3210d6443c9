// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IScalarEvaluator } from "../interfaces/IScalarEvaluator.sol";

/// @notice Test only: one map function over many operands in one call.
contract ScalarHarness {
    struct Use {
        IScalarEvaluator evaluator;
        uint8 fn;
        uint8 resultDtype;
        bytes dtypes;
    }

    struct Outcome {
        bool wellFormed;
        uint256 result;
        /// What the call of the evaluator took.
        uint256 gas;
    }

    /// @param operands One word per operand, one case after the other.
    function evaluateMany(
        Use calldata use,
        uint256[] calldata operands
    ) external view returns (Outcome[] memory outcomes) {
        uint256 width = use.dtypes.length;
        outcomes = new Outcome[](operands.length / width);
        for (uint256 i; i < outcomes.length; ++i) {
            outcomes[i] = _evaluate(use, operands[i * width:(i + 1) * width]);
        }
    }

    function _evaluate(Use calldata use, uint256[] calldata bits) private view returns (Outcome memory outcome) {
        uint256 before = gasleft();
        (outcome.wellFormed, outcome.result) = use.evaluator.evaluate(use.fn, use.resultDtype, use.dtypes, bits);
        outcome.gas = before - gasleft();
    }
}
