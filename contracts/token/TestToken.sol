// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import { ERC20Burnable } from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import { ERC20Permit } from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Stake token for test networks
/// @notice Burnable, with permit, and anybody may draw some from the faucet once in a while. Worth nothing by construction.
contract TestToken is ERC20, ERC20Permit, ERC20Burnable {
    event Dripped(address indexed account, uint256 amount, uint48 nextAt);

    error DripTooSoon(address account, uint48 nextAt);

    uint256 private immutable DRIP;
    uint32 private immutable PERIOD;

    mapping(address account => uint48) private _nextDripAt;

    /// @param holder Receives `supply` at once.
    /// @param drip_ Tokens that the faucet gives an account at a time.
    /// @param period_ Seconds that an account waits between two drips.
    constructor(
        address holder,
        uint256 supply,
        uint256 drip_,
        uint32 period_
    ) ERC20("Touchstone Test Token", "tTOUCH") ERC20Permit("Touchstone Test Token") {
        DRIP = drip_;
        PERIOD = period_;
        _mint(holder, supply);
    }

    /// @notice Mints one drip to the caller, at most once per period.
    function drip() external {
        uint48 nextAt = _nextDripAt[msg.sender];
        require(block.timestamp >= nextAt, DripTooSoon(msg.sender, nextAt));
        nextAt = uint48(block.timestamp) + PERIOD;
        _nextDripAt[msg.sender] = nextAt;
        _mint(msg.sender, DRIP);
        emit Dripped(msg.sender, DRIP, nextAt);
    }

    /// @notice When `account` may draw again; in the past if it may now.
    function nextDripAt(address account) external view returns (uint48) {
        return _nextDripAt[account];
    }

    function dripAmount() external view returns (uint256) {
        return DRIP;
    }

    function dripPeriod() external view returns (uint32) {
        return PERIOD;
    }
}
