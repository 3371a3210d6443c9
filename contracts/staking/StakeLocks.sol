// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { LockSplit } from "../libraries/LockSplit.sol";
import { Reward } from "../types/Reward.sol";
import { DrawStake, Lock, Pool } from "../types/Stake.sol";
import { StakePools } from "./StakePools.sol";

/// @title Locks and slashes
/// @notice One wei of free stake backs at most one lock. Taking, freeing and slashing one touch a bounded number of slots and
/// call nobody but the hub.
abstract contract StakeLocks is StakePools {
    /// Eight challengers, a consumer, and room for later kinds of reward.
    uint256 private constant MAX_REWARDS = 16;

    /// One slot.
    struct LockRecord {
        uint96 amount;
        uint96 own;
        uint32 era;
        bool drawn;
    }

    mapping(address source => mapping(address operator => mapping(bytes32 lockId => LockRecord))) private _locks;

    /// @inheritdoc IOperatorStaking
    function lock(address operator, bytes32 lockId, uint96 amount) external onlyLocker {
        _turn(operator);
        Account storage a = _accounts[operator];
        uint256 own = _free(a.ownActive, a.ownLocked);
        uint256 delegated = _free(a.delegatedActive, a.delegatedLocked);
        uint256 reserve = a.draws ? _free(a.drawReserve, a.drawLocked) : 0;
        uint256 free = Math.saturatingSub(LockSplit.capacity(own, delegated), reserve);
        require(amount <= free, InsufficientStake(operator, amount, free));
        _lock(operator, lockId, amount, LockSplit.ownPart(amount, own, delegated), false);
    }

    /// @inheritdoc IOperatorStaking
    function lockDrawn(address operator, bytes32 lockId, uint96 amount) external onlyLocker {
        _turn(operator);
        Account storage a = _accounts[operator];
        uint256 own = _free(a.ownActive, a.ownLocked);
        uint256 delegated = _free(a.delegatedActive, a.delegatedLocked);
        uint256 free = Math.min(LockSplit.capacity(own, delegated), _free(a.drawStake, a.drawLocked));
        require(amount <= free, InsufficientStake(operator, amount, free));
        a.drawLocked += amount;
        _lock(operator, lockId, amount, LockSplit.ownPart(amount, own, delegated), true);
    }

    /// @inheritdoc IOperatorStaking
    function unlock(address operator, bytes32 lockId) external {
        (uint96 amount, ) = _takeLock(operator, lockId);
        emit Unlocked(operator, msg.sender, lockId, amount);
    }

    /// @inheritdoc IOperatorStaking
    function slash(address operator, bytes32 lockId, Reward[] calldata rewards) external returns (uint96 slashed) {
        require(rewards.length <= MAX_REWARDS, TooManyRewards(rewards.length, MAX_REWARDS));
        uint96 own;
        (slashed, own) = _takeLock(operator, lockId);
        Account storage a = _accounts[operator];
        _slashPool(a, true, own);
        _slashPool(a, false, slashed - own);

        uint96 budget = own / 2;
        uint96 burnt = slashed;
        for (uint256 i; i < rewards.length; ++i) {
            uint96 amount = rewards[i].amount < budget ? rewards[i].amount : budget;
            if (amount == 0 || rewards[i].to == address(0)) continue;
            budget -= amount;
            burnt -= amount;
            _rewards[rewards[i].to] += amount;
            emit Rewarded(rewards[i].to, lockId, amount);
        }
        _pendingBurn += burnt;
        emit Slashed(operator, msg.sender, lockId, slashed, own, burnt);
    }

    /// @inheritdoc IOperatorStaking
    function penalise(address operator, bytes32 lockId, uint96 amount) external {
        (uint96 locked, uint96 own) = _takeLock(operator, lockId);
        require(amount <= locked, InsufficientStake(operator, amount, locked));
        uint96 fromOwn = uint96(Math.ceilDiv(uint256(amount) * own, locked));
        Account storage a = _accounts[operator];
        _slashPool(a, true, fromOwn);
        _slashPool(a, false, amount - fromOwn);
        _pendingBurn += amount;
        emit Penalised(operator, msg.sender, lockId, amount, fromOwn);
    }

    /// @inheritdoc IOperatorStaking
    function setDrawStake(uint96 amount) external {
        _turn(msg.sender);
        Account storage a = _accounts[msg.sender];
        // What is already set aside or drawn is there; the rest must be free now, and is reserved from now on.
        uint256 free =
            LockSplit.capacity(_free(a.ownActive, a.ownLocked), _free(a.delegatedActive, a.delegatedLocked)) +
                a.drawLocked;
        require(amount <= free, InsufficientStake(msg.sender, amount, free));
        a.nextDrawStake = amount;
        a.drawReserve = a.drawStake > amount ? a.drawStake : amount;
        a.draws = a.drawReserve != 0;
        _turnNextEpoch(a);
        emit DrawStakeAnnounced(msg.sender, amount, a.turnsAt);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IOperatorStaking
    function freeStake(address operator) external view returns (uint256) {
        Account storage a = _accounts[operator];
        if (a.jailed) return 0;
        uint256 reserve = _free(_isDue(a) ? a.nextDrawStake : a.drawReserve, a.drawLocked);
        return Math.saturatingSub(_capacity(operator), reserve);
    }

    /// @inheritdoc IOperatorStaking
    function drawStakeOf(address operator, uint32 epoch) external view returns (uint96) {
        Account storage a = _accounts[operator];
        if (a.jailed) return 0;
        uint96 stake = a.turnsAt != 0 && epoch >= a.turnsAt ? a.nextDrawStake : a.drawStake;
        Pool memory own = a.turnsAt != 0 && epoch >= a.turnsAt ? _afterTurn(a, true) : _pool(a, true);
        Pool memory delegated = a.turnsAt != 0 && epoch >= a.turnsAt ? _afterTurn(a, false) : _pool(a, false);
        // Exits and slashes may have taken some of what was set aside.
        return uint96(Math.min(stake, LockSplit.capacity(own.active, delegated.active)));
    }

    /// @inheritdoc IOperatorStaking
    function freeDrawStake(address operator) external view returns (uint256) {
        Account storage a = _accounts[operator];
        if (a.jailed) return 0;
        uint96 stake = _isDue(a) ? a.nextDrawStake : a.drawStake;
        return Math.min(_capacity(operator), _free(stake, a.drawLocked));
    }

    /// @inheritdoc IOperatorStaking
    function drawStake(address operator) external view returns (DrawStake memory) {
        Account storage a = _accounts[operator];
        return DrawStake(_isDue(a) ? a.nextDrawStake : a.drawStake, a.nextDrawStake, a.drawLocked);
    }

    /// @inheritdoc IOperatorStaking
    function lockOf(address source, address operator, bytes32 lockId) external view returns (Lock memory) {
        LockRecord storage record = _locks[source][operator][lockId];
        return Lock(record.amount, record.own, record.drawn);
    }

    // --------------------------------------------------------------- internal

    function _lock(address operator, bytes32 lockId, uint96 amount, uint256 own, bool drawn) private {
        require(amount != 0, ZeroAmount());
        Account storage a = _accounts[operator];
        require(!a.jailed, Jailed(operator));
        LockRecord storage record = _locks[msg.sender][operator][lockId];
        require(record.amount == 0, LockExists(msg.sender, lockId));
        uint96 ownPart = uint96(own);
        record.amount = amount;
        record.own = ownPart;
        record.era = a.era;
        record.drawn = drawn;
        a.ownLocked += ownPart;
        a.delegatedLocked += amount - ownPart;
        ++a.eraLocks;
        emit Locked(operator, msg.sender, lockId, amount, ownPart);
    }

    /// Nobody but a locker has locks, so that looking the caller's up is all the permission that it takes.
    function _takeLock(address operator, bytes32 lockId) private returns (uint96 amount, uint96 own) {
        LockRecord memory record = _locks[msg.sender][operator][lockId];
        (amount, own) = (record.amount, record.own);
        require(amount != 0, UnknownLock(msg.sender, lockId));
        delete _locks[msg.sender][operator][lockId];
        Account storage a = _accounts[operator];
        a.ownLocked -= own;
        a.delegatedLocked -= amount - own;
        if (record.era == a.era) --a.eraLocks;
        else --_eraLocks[operator][record.era];
        if (record.drawn) a.drawLocked -= amount;
    }

    /// The largest lock that the stake could back if nothing were set aside.
    function _capacity(address operator) private view returns (uint256) {
        Pool memory own = _poolAfterTurn(operator, true);
        Pool memory delegated = _poolAfterTurn(operator, false);
        return LockSplit.capacity(_free(own.active, own.locked), _free(delegated.active, delegated.locked));
    }

    /// What starts to leave may be locked still, so that less is active than is locked.
    function _free(uint96 active, uint96 locked) private pure returns (uint256) {
        return active > locked ? active - locked : 0;
    }
}
