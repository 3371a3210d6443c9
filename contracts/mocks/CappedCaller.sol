// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { CappedCall } from "../libraries/CappedCall.sol";

/// @notice The library of capped calls, callable.
contract CappedCaller {
    event Attempted(bool success, uint256 spent);

    /// @param warm Whether to touch the target first.
    function attempt(address target, uint256 gasLimit, bytes calldata data, bool warm) external {
        if (warm && target.balance == type(uint256).max) return;
        uint256 before = gasleft();
        bool success = CappedCall.attempt(target, gasLimit, data);
        emit Attempted(success, before - gasleft());
    }
}
