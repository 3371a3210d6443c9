// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IGovernedParameters } from "./IGovernedParameters.sol";
import { IProtocolClock } from "./IProtocolClock.sol";

/// @title What all contracts of a deployment share
/// @notice The one piece of wiring that immutables can't carry, because staking is deployed before the contracts that use
/// it: the challenge manager, the claim sources and the other contracts that may lock stake. Written once, then nobody can
/// change it. With it the clock, the governed parameters and the currencies of fees, so that a transaction reads one
/// account for all of these.
/// @dev The sealer is a constructor argument and not `msg.sender`, so that factories can deploy the hub. Before it is
/// sealed nobody can lock, so no claim can arise: an interrupted deployment is inert.
interface IHub is IProtocolClock, IGovernedParameters {
    /// @notice The wiring is complete and final.
    event HubSealed(address indexed challengeManager, address[] sources, address[] lockers);
    event CurrencyAdded(address indexed token, uint256 index);

    error NotSealer(address caller, address sealer);
    error AlreadySealed();
    /// @dev No sources, or with the lockers more than `max`.
    error SourceCount(uint256 count, uint256 max);
    error DuplicateSource(address source);
    /// @dev The challenge manager belongs to another deployment.
    error ForeignManager(address challengeManager, address hub);
    /// @dev `source` settles for another challenge manager, or none is deployed there.
    error ForeignSource(address source, address challengeManager);
    error CurrencyListed(address token);
    error TooManyCurrencies(uint256 max);

    /// @notice Fixes the challenge manager, the claim sources and the other contracts that may lock stake, for ever.
    /// @dev Callable once, by the sealer. The challenge manager must name this hub, and every source that manager.
    /// @param lockers Contracts that lock stake for something else than answers, as the audit lottery. May be empty. What they
    /// claim can be disputed like claims of sources.
    function seal(address challengeManager, address[] calldata sources, address[] calldata lockers) external;

    /// @notice Lists an ERC-20 in which fees may be asked. Nothing is ever taken off the list.
    /// @dev Restricted to the governor role. At most 8; requires a contract that is not listed yet.
    function addCurrency(address token) external;

    /// @notice The account that may seal, once. It has no other power.
    function sealer() external view returns (address);

    function isSealed() external view returns (bool);

    /// @notice The challenge manager; zero before sealing.
    function challengeManager() external view returns (address);

    /// @notice Whether `account` is a claim source; false for everybody before sealing.
    function isSource(address account) external view returns (bool);

    /// @notice Whether `account` may lock and slash stake: a source or another locker.
    function mayLock(address account) external view returns (bool);

    /// @notice All claim sources; empty before sealing.
    function sources() external view returns (address[] memory);

    /// @notice The other contracts that may lock stake; empty before sealing.
    function lockers() external view returns (address[] memory);

    /// @notice Whether fees may be asked in `token`; the zero address stands for the native coin and is always listed.
    function isCurrency(address token) external view returns (bool);

    /// @notice The native coin, as zero, and all listed tokens, in the order in which they were added.
    function currencies() external view returns (address[] memory);
}
