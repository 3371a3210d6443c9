// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IHub } from "./IHub.sol";

/// @title How long a dispute can take
/// @notice The part of the challenge manager that claim sources need when they are deployed.
interface IFinality {
    /// @notice The hub of this deployment; a claim source checks that its staking contract names the same one.
    function hub() external view returns (IHub);

    /// @notice The longest time that a transaction can be censored or the sequencer be down. Immutable per deployment.
    function inclusionDelay() external view returns (uint32);

    /// @notice Worst-case time from an answer to the end of every dispute about it, in closed form:
    /// `challengeWindow + refutation + depth * (supply + grace) + air gap`.
    /// @param depth The model's longest chain of demands, `L`.
    function worstCaseFinality(uint32 challengeWindow, uint8 depth) external view returns (uint32);
}
