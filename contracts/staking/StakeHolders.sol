// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC20Permit } from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { IDelegatorFees } from "../interfaces/IDelegatorFees.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { PoolShares } from "../libraries/PoolShares.sol";
import { ZeroAddress } from "../types/Errors.sol";
import { Exit, Pool, Position } from "../types/Stake.sol";
import { DelegatorFees } from "./DelegatorFees.sol";
import { StakePools } from "./StakePools.sol";

/// @title Deposits and exits
/// @notice A holder is the operator itself, in its own pool, or a delegator.
abstract contract StakeHolders is StakePools {
    struct QueuedExit {
        uint128 shares;
        uint48 readyAt;
        uint32 era;
        uint32 generation;
    }

    /// What a retired pool still holds, frozen: its shares are worth this part of it.
    struct RetiredPool {
        uint96 tokens;
        uint128 shares;
    }

    IDelegatorFees private immutable FEES;

    /// Shares outside the exit queue. The operator's own pools and the delegated ones have other holders, so one mapping
    /// serves for both.
    mapping(address operator => mapping(uint32 generation => mapping(address holder => uint128))) private _shares;
    mapping(address operator => mapping(address holder => uint32)) private _exitCounts;
    mapping(address operator => mapping(address holder => mapping(uint32 exitId => QueuedExit))) private _exits;
    mapping(address operator => mapping(bool own => mapping(uint32 generation => RetiredPool))) private _retired;

    constructor() {
        FEES = new DelegatorFees(HUB);
    }

    // --------------------------------------------------------------- deposits

    /// @inheritdoc IOperatorStaking
    function deposit(address operator, uint256 amount) external nonReentrant {
        _deposit(operator, amount);
    }

    /// @inheritdoc IOperatorStaking
    function depositWithPermit(
        address operator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Anybody can present the permit first; then the allowance is there already and the deposit goes through.
        bool allowed;
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {
            allowed = true;
        } catch {
            allowed = TOKEN.allowance(msg.sender, address(this)) >= amount;
        }
        require(allowed, PermitRefused(msg.sender));
        _deposit(operator, amount);
    }

    // ------------------------------------------------------------------ exits

    /// @inheritdoc IOperatorStaking
    function requestExit(address operator, uint256 amount) external returns (uint32 exitId) {
        _turn(operator);
        Pool memory pool = _pool(_accounts[operator], msg.sender == operator);
        uint256 held = _shares[operator][pool.generation][msg.sender];
        uint256 tokens = uint256(pool.active) + pool.exiting;
        uint256 available = PoolShares.worth(held, tokens, pool.shares);
        require(amount != 0, ZeroAmount());
        require(amount <= available, InsufficientStake(msg.sender, amount, available));
        // All of it takes the last share along, which may be worth less than a wei.
        uint256 shares = amount == available ? held : PoolShares.sharesWorth(amount, tokens, pool.shares);
        return _queue(operator, pool.generation, uint128(shares), amount);
    }

    /// @inheritdoc IOperatorStaking
    function requestFullExit(address operator) external returns (uint32 exitId) {
        _turn(operator);
        Pool memory pool = _pool(_accounts[operator], msg.sender == operator);
        uint128 held = _shares[operator][pool.generation][msg.sender];
        require(held != 0, ZeroAmount());
        uint256 amount = PoolShares.worth(held, uint256(pool.active) + pool.exiting, pool.shares);
        return _queue(operator, pool.generation, held, amount);
    }

    /// @inheritdoc IOperatorStaking
    function cancelExit(address operator, uint32 exitId) external {
        _turn(operator);
        QueuedExit memory queued = _takeExit(operator, exitId);
        uint32 generation = _pool(_accounts[operator], msg.sender == operator).generation;
        require(queued.generation == generation, ExitRetired(exitId, queued.generation));
        if (queued.era == _accounts[operator].era) _stopLeaving(operator, queued.shares);
        else _return(operator, queued.shares);
        _setShares(operator, queued.generation, _shares[operator][queued.generation][msg.sender] + queued.shares);
        emit ExitCancelled(operator, msg.sender, exitId);
    }

    /// @inheritdoc IOperatorStaking
    function withdrawExit(address operator, uint32 exitId, address receiver) external nonReentrant {
        require(receiver != address(0), ZeroAddress());
        uint48 now_ = HUB.runningTime();
        _turn(operator);
        QueuedExit memory queued = _takeExit(operator, exitId);
        require(now_ >= queued.readyAt, ExitNotReady(exitId, queued.readyAt));
        uint96 amount = _takeOut(operator, exitId, queued);
        emit ExitWithdrawn(operator, msg.sender, exitId, receiver, amount);
        _pay(receiver, amount);
    }

    /// @inheritdoc IOperatorStaking
    function redeemRetired(address operator, uint32 generation, address receiver) external nonReentrant {
        require(receiver != address(0), ZeroAddress());
        HUB.requireRunning();
        bool own = msg.sender == operator;
        uint32 current = _pool(_accounts[operator], own).generation;
        require(generation < current, NotRetired(operator, generation));
        uint128 shares = _shares[operator][generation][msg.sender];
        require(shares != 0, ZeroAmount());
        _setShares(operator, generation, 0);
        uint96 amount = _takeRetired(_retired[operator][own][generation], shares);
        emit RetiredRedeemed(operator, msg.sender, generation, receiver, amount);
        _pay(receiver, amount);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IOperatorStaking
    function position(address operator, address holder) external view returns (Position memory) {
        Pool memory pool = _poolAfterTurn(operator, holder == operator);
        uint128 shares = _shares[operator][pool.generation][holder];
        return
            Position({
                amount: uint96(PoolShares.worth(shares, uint256(pool.active) + pool.exiting, pool.shares)),
                shares: shares,
                exitCount: _exitCounts[operator][holder]
            });
    }

    /// @inheritdoc IOperatorStaking
    function exit(address operator, address holder, uint32 exitId) external view returns (Exit memory) {
        QueuedExit memory queued = _exits[operator][holder][exitId];
        if (queued.shares == 0) return Exit(0, 0, 0, false);
        bool own = holder == operator;
        Pool memory pool = _poolAfterTurn(operator, own);
        uint256 worth;
        bool unlocked = true;
        if (queued.generation == pool.generation) {
            unlocked = _isUnlocked(operator, queued.era);
            worth = PoolShares.worth(queued.shares, uint256(pool.active) + pool.exiting, pool.shares);
        } else {
            RetiredPool memory retired = _retired[operator][own][queued.generation];
            worth = PoolShares.worth(queued.shares, retired.tokens, retired.shares);
        }
        return
            Exit({ amount: uint96(worth), readyAt: queued.readyAt, generation: queued.generation, unlocked: unlocked });
    }

    /// @inheritdoc IOperatorStaking
    function retiredPosition(
        address operator,
        address holder,
        uint32 generation
    ) external view returns (uint256 amount) {
        RetiredPool memory retired = _retired[operator][holder == operator][generation];
        if (retired.shares == 0) return 0;
        return PoolShares.worth(_shares[operator][generation][holder], retired.tokens, retired.shares);
    }

    /// @inheritdoc IOperatorStaking
    function delegatorFees() external view returns (IDelegatorFees) {
        return FEES;
    }

    // --------------------------------------------------------------- internal

    function _deposit(address operator, uint256 amount) private {
        require(operator != address(0), ZeroAddress());
        require(amount != 0, ZeroAmount());
        bool own = msg.sender == operator;
        uint96 least = own ? 0 : HUB.stakingParams().minDelegation;
        require(amount >= least, DelegationTooSmall(amount, least));
        _turn(operator);
        Account storage a = _accounts[operator];
        Pool memory pool = _retireIfWornOut(operator, own);
        uint256 tokens = uint256(pool.active) + pool.exiting;
        // Active and exiting stake must fit 96 bits together, because either can turn into the other.
        require(amount <= type(uint96).max - tokens, AmountTooLarge(amount));
        uint256 minted = PoolShares.sharesFor(amount, tokens, pool.shares);
        require(minted <= type(uint128).max - pool.shares, AmountTooLarge(amount));

        pool.active += uint96(amount);
        pool.shares += uint128(minted);
        _setPool(a, own, pool);
        _setShares(operator, pool.generation, _shares[operator][pool.generation][msg.sender] + uint128(minted));
        emit Deposited(operator, msg.sender, amount, minted);
        _receive(amount);
    }

    /// A pool that slashing has worn out gives way to a new one; what is left stays with the holders of the old.
    function _retireIfWornOut(address operator, bool own) private returns (Pool memory pool) {
        Account storage a = _accounts[operator];
        pool = _pool(a, own);
        uint96 tokens = pool.active + pool.exiting;
        if (!PoolShares.isWornOut(tokens, pool.shares)) return pool;
        require(pool.locked == 0, PoolLocked(operator, pool.locked));
        _retired[operator][own][pool.generation] = RetiredPool(tokens, pool.shares);
        emit PoolRetired(operator, own, pool.generation, tokens);
        if (own) a.ownLeaving = 0;
        else a.delegatedLeaving = 0;
        return Pool({ active: 0, exiting: 0, locked: 0, shares: 0, generation: pool.generation + 1 });
    }

    function _queue(
        address operator,
        uint32 generation,
        uint128 shares,
        uint256 amount
    ) private returns (uint32 exitId) {
        Account storage a = _accounts[operator];
        _setShares(operator, generation, _shares[operator][generation][msg.sender] - shares);
        if (msg.sender == operator) a.ownLeaving += shares;
        else a.delegatedLeaving += shares;
        _turnNextEpoch(a);
        uint48 readyAt = HUB.time() + HUB.stakingParams().unbonding;
        exitId = _exitCounts[operator][msg.sender]++;
        _exits[operator][msg.sender][exitId] = QueuedExit(shares, readyAt, a.era, generation);
        emit ExitRequested(operator, msg.sender, exitId, amount, readyAt);
    }

    function _takeExit(address operator, uint32 exitId) private returns (QueuedExit memory queued) {
        queued = _exits[operator][msg.sender][exitId];
        require(queued.shares != 0, UnknownExit(operator, msg.sender, exitId));
        delete _exits[operator][msg.sender][exitId];
    }

    /// The exit was asked for in this epoch: its shares are active still.
    function _stopLeaving(address operator, uint128 shares) private {
        Account storage a = _accounts[operator];
        if (msg.sender == operator) a.ownLeaving -= shares;
        else a.delegatedLeaving -= shares;
    }

    /// Takes an exit back out of the queue.
    function _return(address operator, uint128 shares) private {
        Account storage a = _accounts[operator];
        bool own = msg.sender == operator;
        Pool memory pool = _pool(a, own);
        uint256 worth = PoolShares.worth(shares, uint256(pool.active) + pool.exiting, pool.shares);
        uint96 moved = uint96(Math.min(worth, pool.exiting));
        pool.exiting -= moved;
        pool.active += moved;
        _setPool(a, own, pool);
    }

    /// Takes what an exit is worth out of its pool.
    function _takeOut(address operator, uint32 exitId, QueuedExit memory queued) private returns (uint96 amount) {
        Account storage a = _accounts[operator];
        bool own = msg.sender == operator;
        Pool memory pool = _pool(a, own);
        // A pool retires without locks: nothing that it backed can stand.
        if (queued.generation != pool.generation) {
            return _takeRetired(_retired[operator][own][queued.generation], queued.shares);
        }
        uint256 standing = _passEras(operator, queued.era);
        require(standing == 0, ExitBacksLocks(exitId, standing));
        uint256 worth = PoolShares.worth(queued.shares, uint256(pool.active) + pool.exiting, pool.shares);
        // Roundings may have left a wei more in the active part, or in what others have queued: it stays, because locks may
        // count on it.
        uint256 spare = uint256(pool.active) + pool.exiting - pool.locked;
        amount = uint96(Math.min(Math.min(worth, pool.exiting), spare));
        pool.exiting -= amount;
        pool.shares -= queued.shares;
        _setPool(a, own, pool);
    }

    function _takeRetired(RetiredPool storage retired, uint128 shares) private returns (uint96 amount) {
        amount = uint96(PoolShares.worth(shares, retired.tokens, retired.shares));
        retired.tokens -= amount;
        retired.shares -= shares;
    }

    /// Moves on over eras without standing locks. `era` is over: its exits started to leave.
    /// @return standing Locks of the first era that still has some, up to and including `era`.
    function _passEras(address operator, uint32 era) private returns (uint256 standing) {
        Account storage a = _accounts[operator];
        uint32 oldest = a.oldestEra;
        while (oldest <= era) {
            standing = _eraLocks[operator][oldest];
            if (standing != 0) return standing;
            ++oldest;
        }
        a.oldestEra = oldest;
    }

    function _isUnlocked(address operator, uint32 era) private view returns (bool) {
        Account storage a = _accounts[operator];
        if (a.era == era && !_isDue(a)) return false;
        if (a.era == era && a.eraLocks != 0) return false;
        for (uint32 i = a.oldestEra; i <= era; ++i) if (_eraLocks[operator][i] != 0) return false;
        return true;
    }

    function _setShares(address operator, uint32 generation, uint128 shares) private {
        _shares[operator][generation][msg.sender] = shares;
        if (msg.sender != operator) FEES.setShares(operator, generation, msg.sender, shares);
    }
}
