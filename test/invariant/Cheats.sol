// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The cheat codes of the test runner that these tests use.
interface ICheats {
    function prank(address sender) external;
    function warp(uint256 time) external;
    function roll(uint256 number) external;
    function deal(address account, uint256 balance) external;
    function envOr(string calldata name, uint256 usual) external view returns (uint256);
}

ICheats constant CHEATS = ICheats(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// @dev Calls of a random sequence: `FUZZ_STEPS` where it is set (`npm run test:deep`), else as many as the test says.
function stepsOr(uint256 usual) view returns (uint256) {
    return CHEATS.envOr("FUZZ_STEPS", usual);
}

/// @notice A broken promise; the number is its place in docs/protocol.md.
error Broken(uint256 number, string what);
