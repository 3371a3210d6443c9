// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Claim } from "../types/Claim.sol";

/// @title Where claims come from
/// @notice All that the challenge manager knows of a job, a receipt, or any later kind of claim.
/// @dev The challenge manager is trusted by every source, and only it may call the four functions that change state. None
/// of them calls an account that a party controls, and none reverts for a reason that a party can cause: money moves by
/// credit, to be withdrawn later. The manager decides when a challenge is upheld and in which order; the source decides
/// whether its claim can be challenged at all.
interface IClaimSource {
    /// @notice A challenge now stands against the claim, which can't become final before it is closed.
    event ClaimChallenged(bytes32 indexed claimId, uint32 openChallenges);
    /// @notice A challenge no longer stands against the claim.
    event ClaimChallengeClosed(bytes32 indexed claimId, uint32 openChallenges);
    /// @notice The claim is proven wrong: `slashed` stake tokens are gone, `refund` is credited to the consumer.
    event ClaimWrong(bytes32 indexed claimId, address indexed operator, uint256 slashed, uint256 refund);
    /// @notice The claim is void: `refund` is credited to the consumer and the stake is free.
    event ClaimVoid(bytes32 indexed claimId, address indexed operator, uint256 refund);

    error NotChallengeManager(address caller, address challengeManager);
    /// @dev The claim is unknown, not answered yet, or settled.
    error ClaimNotOpen(bytes32 claimId);
    error ChallengeWindowClosed(bytes32 claimId, uint48 challengeDeadline);
    /// @dev `challengeClosed` without a matching `challengeOpened`.
    error NoOpenChallenge(bytes32 claimId);

    /// @notice Everything about a claim that a challenge needs. Never reverts: an unknown id has status `None`.
    function claim(bytes32 claimId) external view returns (Claim memory);

    /// @notice The only contract whose settlements this source obeys.
    function challengeManager() external view returns (address);

    /// @notice Time from an answer to the end of its challenge window, in seconds.
    function challengeWindow() external view returns (uint32);

    /// @notice Counts a challenge that has been opened, so that the claim stays provisional.
    /// @dev Challenge manager only. The claim must be `Answered` and its challenge deadline not passed; the deadline second
    /// itself still counts.
    function challengeOpened(bytes32 claimId) external;

    /// @notice Uncounts a challenge that ended: refuted, unanswered, upheld or refunded.
    /// @dev Challenge manager only; exactly once for every `challengeOpened`, before or after the claim is settled.
    function challengeClosed(bytes32 claimId) external;

    /// @notice Settles the claim as wrong: its lock is slashed, the fee goes back to the consumer.
    /// @dev Challenge manager only; the claim must be `Answered`. Of the slashed tokens half burns at least; 70% of the
    /// other half is shared equally by `challengers`, 30% goes to the consumer.
    /// @param challengers At least one and at most eight accounts, in the order in which they opened.
    function settleWrong(bytes32 claimId, address[] calldata challengers) external;

    /// @notice Settles the claim as void: the fee goes back to the consumer, the stake is free, nobody is punished.
    /// @dev Challenge manager only; the claim must be `Answered`.
    function settleVoid(bytes32 claimId) external;
}
