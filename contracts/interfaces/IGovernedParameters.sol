// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    ChallengeParams,
    JobParams,
    LotteryParams,
    Parameters,
    ReceiptParams,
    StakingParams
} from "../types/Parameters.sol";

/// @title Parameters that governance can change, inside bounds
/// @notice A change is announced as a whole set, judged as a whole, and applies no earlier than unbonding and a margin
/// after that: whoever dislikes it can leave before. The delay runs in protocol time, so a pause extends it too.
/// @dev What runs keeps the terms that it began with: claims, reservations, challenges and exits store what they need.
/// Governance can't go beyond the bounds, shorten the delay, touch funds or change the wiring.
interface IGovernedParameters {
    event ParametersProposed(bytes32 indexed hash, uint48 effectiveAt, Parameters parameters);
    event ProposalCancelled(bytes32 indexed hash);
    event ParametersChanged(bytes32 indexed hash, Parameters parameters);

    /// @dev Nothing is announced, or something else.
    error NotProposed(bytes32 hash, bytes32 proposed);
    error NotYetEffective(uint48 effectiveAt);
    /// @dev A window leaves no time to detect and to answer under censorship.
    error WindowTooShort(bytes32 name, uint32 value, uint32 min);
    /// @dev Stake could leave before the longest dispute about it ends.
    error UnbondingTooShort(uint32 unbonding, uint32 min);

    /// @notice Announces a new set; it replaces an announced one, and the delay begins anew.
    /// @dev Restricted to the governor role. Requires the rules of `ParameterRules`.
    function proposeParameters(Parameters calldata parameters) external;

    /// @notice Withdraws what is announced.
    /// @dev Restricted to the guardian role. Requires an announcement.
    function cancelProposal() external;

    /// @notice Makes the announced set the one in force once its time has come. Anybody may call.
    /// @param parameters Exactly as announced.
    function applyParameters(Parameters calldata parameters) external;

    /// @return hash Of the announced set; zero if there is none.
    /// @return effectiveAt Protocol time from which it can be applied.
    function proposal() external view returns (bytes32 hash, uint48 effectiveAt);

    /// @notice Number of the set in force, from 1; signed documents name it.
    function parametersVersion() external view returns (uint32);

    function stakingParams() external view returns (StakingParams memory);

    function jobParams() external view returns (JobParams memory);

    /// @notice What requests and answers of jobs need, in one call: protocol time, and the parameters of jobs.
    function jobClock() external view returns (uint48 now_, JobParams memory params);

    function receiptParams() external view returns (ReceiptParams memory);

    function challengeParams() external view returns (ChallengeParams memory);

    function lotteryParams() external view returns (LotteryParams memory);

    /// @notice The longest time that a transaction can be censored or the sequencer be down. Immutable.
    function inclusionDelay() external view returns (uint32);

    /// @notice Worst-case time from an answer to the end of every dispute about it, in closed form:
    /// `challengeWindow + refutation + depth * (supply + grace) + air gap`, under the parameters in force.
    /// @param depth The model's longest chain of demands, `L`.
    function worstCaseFinality(uint32 challengeWindow, uint8 depth) external view returns (uint32);
}
