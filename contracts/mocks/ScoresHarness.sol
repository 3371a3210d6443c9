// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Scores } from "../examples/Scores.sol";

/// @notice The library about scores, callable.
contract ScoresHarness {
    function best(bytes calldata scores) external pure returns (uint256) {
        return Scores.best(scores);
    }

    function isClear(bytes calldata scores, uint32 atol, uint32 rtol) external pure returns (bool) {
        return Scores.isClear(scores, atol, rtol);
    }
}
