// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IHub } from "./IHub.sol";
import { IOperatorStaking } from "./IOperatorStaking.sol";
import { OperatorTerms } from "../types/Stake.sol";

/// @title Who speaks for an operator, and who is paid
/// @notice An operator is its owner's address. The owner (cold key) names the worker (hot key), which answers jobs and signs
/// receipts, and says where earnings go and what part its delegators leave to it.
/// @dev Apart from stake: nothing here can move any.
interface IOperatorProfiles {
    event WorkerProposed(address indexed operator, address indexed worker);
    event WorkerChanged(address indexed operator, address indexed previous, address indexed current);
    event PayoutChanged(address indexed operator, address indexed payout);
    event CommissionAnnounced(address indexed operator, uint16 commission, uint48 effectiveAt);

    error CommissionTooHigh(uint16 commission, uint16 max);
    error WorkerTaken(address worker, address operator);
    error WorkerNotProposed(address operator, address worker);
    error NoWorker(address operator);

    /// @notice Names the key that shall answer and sign for the caller. The key takes over when it accepts; until then the old
    /// one stays.
    /// @dev Proposing oneself takes effect at once. The zero address drops a pending proposal.
    function proposeWorker(address worker) external;

    /// @notice Makes the caller the worker of `operator`, which has proposed it.
    /// @dev A key works for one operator at most. The previous worker is released.
    function acceptWorker(address operator) external;

    /// @notice Takes the caller's worker out of office at once, for a stolen key. What it signed before stays valid.
    function dropWorker() external;

    /// @notice Names where the caller's earnings are credited from now on; zero for the caller itself.
    function setPayout(address payout) external;

    /// @notice Announces what the caller takes of each fee before its delegators share the rest. It applies after the
    /// commission delay; an earlier announcement that does not apply yet is dropped.
    /// @param commission In basis points, at most 10,000.
    function setCommission(uint16 commission) external;

    /// @notice How a fee that the operator earned is shared now: `toDelegators` to its delegators, the rest to `payout`.
    function feeSplit(address operator, uint256 fee) external view returns (address payout, uint256 toDelegators);

    function termsOf(address operator) external view returns (OperatorTerms memory);

    /// @notice The operator's commission now, in basis points.
    function commissionOf(address operator) external view returns (uint16);

    /// @notice Where the operator's earnings are credited.
    function payoutOf(address operator) external view returns (address);

    /// @notice The operator's hot key, or zero.
    function workerOf(address operator) external view returns (address);

    /// @notice The key that was in office at a chain time of the past, or zero: its signatures of that time stay valid. A key
    /// is in office until the end of the second in which it is replaced, its successor from the next one on.
    function workerAt(address operator, uint48 chainTime) external view returns (address);

    /// @notice The proposed key that has not accepted yet, or zero.
    function pendingWorkerOf(address operator) external view returns (address);

    /// @notice The operator that `worker` answers for, or zero.
    function operatorOf(address worker) external view returns (address);

    function staking() external view returns (IOperatorStaking);

    function hub() external view returns (IHub);
}
