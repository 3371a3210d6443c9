// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The cheat codes of the test runner that these tests use.
interface ICheats {
    function prank(address sender) external;
    function warp(uint256 time) external;
    function roll(uint256 number) external;
    function deal(address account, uint256 balance) external;
    function envOr(string calldata name, uint256 usual) external view returns (uint256);
    function envOr(string calldata name, string calldata usual) external view returns (string memory);
    function snapshotState() external returns (uint256 id);
    function revertToState(uint256 id) external returns (bool);
    function toString(bytes calldata value) external pure returns (string memory);
    function writeLine(string calldata path, string calldata line) external;
}

ICheats constant CHEATS = ICheats(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// @notice A broken promise; the number is its place in docs/protocol.md.
error Broken(uint256 number, string what);
