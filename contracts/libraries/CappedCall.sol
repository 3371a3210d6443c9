// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Calls into code that nobody trusts
/// @notice The callee gets all of the gas that it was promised and not a unit more, and nothing that it returns is copied.
/// @dev A call forwards at most 63/64 of what is left once the price of reaching the account is paid. If too little was left the
/// callee would silently get less, fail, and the failure would look like its own: so the caller is refused before the call.
library CappedCall {
    /// @notice Reaching an account that this transaction has not touched. What is reserved where it is warm is not spent.
    uint256 private constant COLD_ACCOUNT = 2600;
    /// What the check, the call's stack work and the forwarding itself take between the reading of `gasleft` and the call.
    uint256 private constant MARGIN = 400;

    /// Less gas is left than the call needs.
    error NotEnoughGas(uint256 left, uint256 needed);

    /// @notice Gas that must be left when `attempt` is called with `gasLimit`.
    function needed(uint256 gasLimit) internal pure returns (uint256) {
        // x - x / 64 >= gasLimit holds from x = gasLimit + ceil(gasLimit / 63) on.
        return gasLimit + (gasLimit + 62) / 63 + COLD_ACCOUNT + MARGIN;
    }

    /// @notice Calls `target` with exactly `gasLimit` gas and no value.
    /// @return success False where it reverted or ran out of gas; true for accounts without code.
    function attempt(address target, uint256 gasLimit, bytes memory data) internal returns (bool success) {
        uint256 least = needed(gasLimit);
        require(gasleft() >= least, NotEnoughGas(gasleft(), least));
        assembly ("memory-safe") {
            success := call(gasLimit, target, 0, add(data, 0x20), mload(data), 0, 0)
        }
    }
}
