// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Test only: many read-only calls in one.
contract BatchCaller {
    struct Answer {
        bool ok;
        bytes data;
        /// What the call took, without the calldata of a transaction.
        uint256 gas;
    }

    function callAll(address target, bytes[] calldata calls) external view returns (Answer[] memory answers) {
        answers = new Answer[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            bytes memory data = calls[i];
            uint256 gas = gasleft();
            (answers[i].ok, answers[i].data) = target.staticcall(data);
            answers[i].gas = gas - gasleft();
        }
    }
}
