// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Receiver of final answers
/// @notice A contract that a job names as its callback.
interface IJobCallback {
    /// @notice The job is final and these are its outputs: row-major, big-endian, in the model's order.
    /// @dev Called by the job escrow, at most once with success for a job. Check `msg.sender`, and that the job is your own.
    /// Anything may be done here, new requests included; what it returns is ignored, and if it fails the answer stays final.
    function onAnswer(bytes32 jobId, bytes[] calldata outputs) external;
}
