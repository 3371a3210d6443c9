// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import { IJobCallback } from "../interfaces/IJobCallback.sol";

/// @notice A callback that reports what it was given, and misbehaves at a test's word.
contract CallbackProbe is IJobCallback {
    enum Mode {
        Accept,
        Revert,
        Spend,
        Bomb,
        Reenter
    }

    event Called(bytes32 jobId, bytes[] outputs);
    event GasGiven(uint256 gas);

    error Unwilling();

    Mode public mode;
    address private _target;
    bytes private _data;
    /// Gas at the first instruction of the last call to `measure`.
    uint256 public lastGas;
    uint256 public calls;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setReentry(address target, bytes calldata data) external {
        mode = Mode.Reenter;
        (_target, _data) = (target, data);
    }

    function onAnswer(bytes32 jobId, bytes[] calldata outputs) external {
        ++calls;
        if (mode == Mode.Revert) revert Unwilling();
        if (mode == Mode.Spend) while (true) ++lastGas;
        if (mode == Mode.Bomb) {
            // A megabyte to be copied by whoever is careless.
            bytes memory bomb = new bytes(1_000_000);
            require(bomb.length == 0, string(bomb));
        }
        if (mode == Mode.Reenter) {
            require(!LowLevelCall.callNoReturn(_target, _data), Unwilling());
        }
        emit Called(jobId, outputs);
    }

    /// Reports the gas that arrived.
    fallback() external {
        emit GasGiven(gasleft());
    }
}
