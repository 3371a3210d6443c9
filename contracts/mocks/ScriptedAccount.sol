// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";

/// @notice A contract account that calls what a test tells it to, and reacts to payments as told: accept, refuse, or call
/// back.
contract ScriptedAccount {
    error PaymentsRefused();

    bool public refuses;
    address public reactionTarget;
    bytes public reactionData;
    /// Whether the last reaction's call went through.
    bool public reactionSucceeded;

    receive() external payable {
        _react();
    }

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    /// Calls `target` once, at the next payment.
    function setReaction(address target, bytes calldata data) external {
        reactionTarget = target;
        reactionData = data;
    }

    /// Forwards a call, and its revert.
    function execute(address target, bytes calldata data) external payable returns (bytes memory) {
        return Address.functionCallWithValue(target, data, msg.value);
    }

    function _react() private {
        require(!refuses, PaymentsRefused());
        address target = reactionTarget;
        if (target == address(0)) return;
        reactionTarget = address(0);
        reactionSucceeded = LowLevelCall.callNoReturn(target, reactionData);
    }
}
