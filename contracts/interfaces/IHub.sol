// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Who may lock and slash
/// @notice The one piece of wiring that immutables can't carry, because staking is deployed before the contracts that use
/// it: the challenge manager and the claim sources of this deployment. Written once, then nobody can change it.
/// @dev The sealer is a constructor argument and not `msg.sender`, so that factories can deploy the hub. Before it is
/// sealed no source exists, so nothing can be locked and no claim can arise: an interrupted deployment is inert.
interface IHub {
    /// @notice The wiring is complete and final.
    event HubSealed(address indexed challengeManager, address[] sources);

    error NotSealer(address caller, address sealer);
    error AlreadySealed();
    /// @dev No sources, or more than `max`.
    error SourceCount(uint256 count, uint256 max);
    error DuplicateSource(address source);
    /// @dev The challenge manager belongs to another deployment.
    error ForeignManager(address challengeManager, address hub);
    /// @dev `source` settles for another challenge manager, or none is deployed there.
    error ForeignSource(address source, address challengeManager);

    /// @notice Fixes the challenge manager and the claim sources for ever.
    /// @dev Callable once, by the sealer. The challenge manager must name this hub, and every source that manager.
    function seal(address challengeManager, address[] calldata sources) external;

    /// @notice The account that may seal, once. It has no other power.
    function sealer() external view returns (address);

    function isSealed() external view returns (bool);

    /// @notice The challenge manager; zero before sealing.
    function challengeManager() external view returns (address);

    /// @notice Whether `account` is a claim source; false for everybody before sealing.
    function isSource(address account) external view returns (bool);

    /// @notice All claim sources; empty before sealing.
    function sources() external view returns (address[] memory);
}
