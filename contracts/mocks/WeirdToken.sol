// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";

/// @notice A token with every bad habit that tokens have been seen with; each is off until a test turns it on. Not burnable.
contract WeirdToken is ERC20 {
    event BurnClaimed(uint256 amount);

    error Blocklisted(address account);

    uint256 public feePercent;
    address public hookTarget;
    bytes public hookData;
    bool public hookSucceeded;
    mapping(address account => bool) public isBlocked;

    constructor() ERC20("Weird", "WEIRD") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// Takes tokens out of an account without a transfer, as a rebase does.
    function shrink(address account, uint256 amount) external {
        super._update(account, address(0xfee), amount);
    }

    function setFee(uint256 percent) external {
        feePercent = percent;
    }

    function setBlocked(address account, bool blocked) external {
        isBlocked[account] = blocked;
    }

    /// Calls `target` in the middle of every transfer, once.
    function setHook(address target, bytes calldata data) external {
        hookTarget = target;
        hookData = data;
    }

    /// Claims to burn, and doesn't.
    function burn(uint256 amount) external {
        emit BurnClaimed(amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!isBlocked[from], Blocklisted(from));
        require(!isBlocked[to], Blocklisted(to));
        uint256 fee = (amount * feePercent) / 100;
        super._update(from, to, amount - fee);
        if (fee != 0) super._update(from, address(0xfee), fee);
        address target = hookTarget;
        if (target != address(0)) {
            hookTarget = address(0);
            hookSucceeded = LowLevelCall.callNoReturn(target, hookData);
        }
    }
}
