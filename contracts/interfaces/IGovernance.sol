// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IHub } from "./IHub.sol";
import { IModelRegistry } from "./IModelRegistry.sol";

/// @notice Who governs a deployment, and how long it has to wait.
struct Seats {
    /// Announces parameters, lists currencies, retires formats, holds the emergency role and administers roles; zero for the deployer.
    address governor;
    /// Pauses, ends pauses and withdraws announcements; zero for the deployer.
    address guardian;
    /// Seconds from scheduling a change of roles until it can be executed; longer than unbonding.
    uint32 adminDelay;
    /// Seconds from scheduling an emergency void until it can be executed; at most half of the longest pause.
    uint32 emergencyDelay;
}

/// @title Who may do what to a deployment
/// @notice OpenZeppelin's access manager with the roles of the suite. The deployer sets it up and leaves with one call, in
/// which the delays are checked.
/// @dev No role can move funds, upgrade a contract, change the wiring or a running claim. Parameters wait in the hub, for
/// unbonding and a margin, whoever governs; changes of roles wait here.
interface IGovernance {
    event HandedOver(address indexed hub, Seats seats);

    /// @dev Only the deployer, once.
    error CannotHandOver(address caller);
    error DelayTooShort(uint32 delay, uint32 min);

    /// @notice Gives the roles out and takes the deployer's away.
    /// @dev The deployer, once. Requires a sealed hub.
    function handOver(IHub hub, IModelRegistry registry, Seats calldata seats) external;

    /// @notice Role that announces parameters, lists currencies and retires formats.
    // solhint-disable-next-line func-name-mixedcase
    function GOVERNOR() external view returns (uint64);

    /// @notice Role that pauses and withdraws announcements.
    // solhint-disable-next-line func-name-mixedcase
    function GUARDIAN() external view returns (uint64);

    /// @notice Role that voids challenges during a pause.
    // solhint-disable-next-line func-name-mixedcase
    function EMERGENCY() external view returns (uint64);
}
