// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Time, and the guardian's pause
/// @notice Protocol time is chain time without the seconds that were spent in pauses. It stands still during a pause, so
/// that every deadline, window and waiting time of the suite is extended by exactly the pause, those that begin in it
/// included. While nothing was ever paused both times are equal.
/// @dev All times that the suite stores or compares are protocol times, unless their name says `chainTime`.
interface IProtocolClock {
    /// @notice The pause ends by itself at chain time `endsAt`, unless it is ended earlier.
    event PauseBegun(address indexed guardian, uint48 endsAt);
    event PauseEnded(address indexed guardian);

    /// @dev What exits or pays out, and what opens a dispute, waits for the end of the pause, at chain time `endsAt`.
    error Paused(uint48 endsAt);
    error NotPaused();
    /// @dev The next pause may begin at chain time `notBefore`.
    error PauseTooSoon(uint48 notBefore);

    /// @notice Stops exits, payouts and new disputes for at most `MAX_PAUSE`. Refutations and supplies go on.
    /// @dev Restricted to the guardian role. Requires that nothing is paused and that the last pause ended `MIN_RUN` ago.
    /// It can't move funds, shorten a clock or change who owns what.
    function pause() external;

    /// @notice Ends a pause before its time.
    /// @dev Restricted to the guardian role. Requires a pause.
    function unpause() external;

    /// @notice Protocol time.
    function time() external view returns (uint48);

    /// @notice Protocol time, in one call with the check that nothing is paused: for everything that a pause stops.
    /// @dev Reverts with `Paused`.
    function runningTime() external view returns (uint48);

    /// @notice Reverts with `Paused` during a pause.
    function requireRunning() external view;

    /// @notice The protocol time that a chain time of the past had; for signed times. A chain time to come maps as now.
    function timeAt(uint48 chainTime) external view returns (uint48);

    /// @notice Number of the current epoch: protocol time divided by `EPOCH`. Promises that hold for an epoch (stake set
    /// aside for draws, strikes) change at its end.
    function epoch() external view returns (uint32);

    function isPaused() external view returns (bool);

    /// @notice Begin and end of the last pause, in chain time; zeros if there never was one. The end lies ahead while it lasts.
    function lastPause() external view returns (uint48 begin, uint48 end);

    /// @notice Length of an epoch, in seconds.
    // solhint-disable-next-line func-name-mixedcase
    function EPOCH() external view returns (uint32);

    /// @notice Longest pause, in seconds.
    // solhint-disable-next-line func-name-mixedcase
    function MAX_PAUSE() external view returns (uint32);

    /// @notice Least time between two pauses, in seconds.
    // solhint-disable-next-line func-name-mixedcase
    function MIN_RUN() external view returns (uint32);
}
