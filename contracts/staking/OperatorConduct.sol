// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { StakingParams } from "../types/Parameters.sol";
import { Conduct } from "../types/Stake.sol";
import { StakePools } from "./StakePools.sol";

/// @title Strikes and jail
/// @notice An operator that misses too many deadlines in one epoch backs no new locks until it has served its time and
/// paid. What it owes already goes on.
abstract contract OperatorConduct is StakePools {
    /// One slot.
    struct Record {
        uint32 epoch;
        uint8 strikes;
        uint48 releasableAt;
    }

    mapping(address operator => Record) private _records;

    /// @inheritdoc IOperatorStaking
    function strike(address operator) external onlyLocker {
        Record memory record = _records[operator];
        uint32 epoch = HUB.epoch();
        if (record.epoch != epoch) (record.epoch, record.strikes) = (epoch, 0);
        if (record.strikes != type(uint8).max) ++record.strikes;
        emit Struck(operator, msg.sender, record.strikes);

        StakingParams memory params = HUB.stakingParams();
        if (record.strikes >= params.strikesToJail && !_accounts[operator].jailed) {
            _accounts[operator].jailed = true;
            record.releasableAt = HUB.time() + params.jailTime;
            emit JailEntered(operator, record.releasableAt);
        }
        _records[operator] = record;
    }

    /// @inheritdoc IOperatorStaking
    function release() external nonReentrant {
        require(_accounts[msg.sender].jailed, NotJailed(msg.sender));
        Record storage record = _records[msg.sender];
        require(HUB.time() >= record.releasableAt, StillInJail(msg.sender, record.releasableAt));
        uint96 fee = HUB.stakingParams().releaseFee;
        record.strikes = 0;
        _accounts[msg.sender].jailed = false;
        _pendingBurn += fee;
        emit JailLeft(msg.sender, fee);
        if (fee != 0) _receive(fee);
    }

    /// @inheritdoc IOperatorStaking
    function isJailed(address operator) external view returns (bool) {
        return _accounts[operator].jailed;
    }

    /// @inheritdoc IOperatorStaking
    function conductOf(address operator) external view returns (Conduct memory) {
        Record memory record = _records[operator];
        return
            Conduct({
                strikes: record.epoch == HUB.epoch() ? record.strikes : 0,
                jailed: _accounts[operator].jailed,
                releasableAt: record.releasableAt
            });
    }
}
