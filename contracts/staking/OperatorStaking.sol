// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { ERC20Burnable } from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import { IERC20Permit } from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { IHub } from "../interfaces/IHub.sol";
import { Exit, IOperatorStaking, OperatorAccount } from "../interfaces/IOperatorStaking.sol";
import { NotAContract, ZeroAddress } from "../types/Errors.sol";
import { Reward } from "../types/Reward.sol";

/// @title OperatorStaking
/// @notice See `IOperatorStaking`.
/// @dev Invariants: `locked <= active + exiting` for every operator; `locked` is the sum of its standing locks; the token
/// balance is at least `totalOwed`, which is the sum of all `active + exiting`, rewards and the pending burn.
contract OperatorStaking is IOperatorStaking, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// Eight challengers, a consumer, and room for later kinds of reward.
    uint256 private constant MAX_REWARDS = 16;
    address private constant DEAD = 0x000000000000000000000000000000000000dEaD;

    /// One slot for what every lock touches, one for what exits and answers do.
    struct Account {
        uint96 active;
        uint96 locked;
        uint32 exitCount;
        /// Number of times that a slash emptied the exit queue; exits of earlier queues are gone.
        uint32 queue;
        uint96 exiting;
        address worker;
        address pendingWorker;
        address payout;
    }

    struct QueuedExit {
        uint96 amount;
        uint48 readyAt;
        uint32 queue;
    }

    IERC20 private immutable TOKEN;
    IHub private immutable HUB;
    bool private immutable BURNABLE;

    mapping(address operator => Account) private _accounts;
    mapping(address operator => mapping(uint32 exitId => QueuedExit)) private _exits;
    mapping(address source => mapping(address operator => mapping(bytes32 lockId => uint96))) private _locks;
    mapping(address worker => address operator) private _operators;
    mapping(address account => uint256) private _rewards;
    uint256 private _pendingBurn;
    uint256 private _totalOwed;

    modifier onlySource() {
        require(HUB.mayLock(msg.sender), NotSource(msg.sender));
        _;
    }

    constructor(IERC20 token_, IHub hub_, bool burnable) {
        require(address(token_).code.length != 0, NotAContract(address(token_)));
        require(address(hub_).code.length != 0, NotAContract(address(hub_)));
        TOKEN = token_;
        HUB = hub_;
        BURNABLE = burnable;
    }

    // ------------------------------------------------------------------ stake

    /// @inheritdoc IOperatorStaking
    function deposit(uint256 amount) external nonReentrant {
        _deposit(amount);
    }

    /// @inheritdoc IOperatorStaking
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external nonReentrant {
        // Anybody can present the permit first; then the allowance is there already and the deposit goes through.
        bool allowed;
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {
            allowed = true;
        } catch {
            allowed = TOKEN.allowance(msg.sender, address(this)) >= amount;
        }
        require(allowed, PermitRefused(msg.sender));
        _deposit(amount);
    }

    /// @inheritdoc IOperatorStaking
    function requestExit(uint256 amount) external returns (uint32 exitId) {
        Account storage account_ = _accounts[msg.sender];
        require(amount != 0, ZeroAmount());
        require(amount <= account_.active, InsufficientStake(msg.sender, amount, account_.active));
        uint48 readyAt = HUB.time() + HUB.stakingParams().unbonding;

        exitId = account_.exitCount++;
        account_.active -= uint96(amount);
        account_.exiting += uint96(amount);
        _exits[msg.sender][exitId] = QueuedExit(uint96(amount), readyAt, account_.queue);
        emit ExitRequested(msg.sender, exitId, amount, readyAt);
    }

    /// @inheritdoc IOperatorStaking
    function cancelExit(uint32 exitId) external {
        (uint96 amount, ) = _takeExit(exitId);
        Account storage account_ = _accounts[msg.sender];
        account_.exiting -= amount;
        account_.active += amount;
        emit ExitCancelled(msg.sender, exitId, amount);
    }

    /// @inheritdoc IOperatorStaking
    function withdrawExit(uint32 exitId, address receiver) external nonReentrant {
        require(receiver != address(0), ZeroAddress());
        (uint96 amount, uint48 readyAt) = _takeExit(exitId);
        require(HUB.runningTime() >= readyAt, ExitNotReady(exitId, readyAt));
        Account storage account_ = _accounts[msg.sender];
        uint96 remaining = account_.active + account_.exiting - amount;
        require(remaining >= account_.locked, ExitBacksLocks(exitId, remaining, account_.locked));

        account_.exiting -= amount;
        emit ExitWithdrawn(msg.sender, exitId, receiver, amount);
        _pay(receiver, amount);
    }

    // ------------------------------------------------------------------- keys

    /// @inheritdoc IOperatorStaking
    function proposeWorker(address worker) external {
        if (worker == msg.sender) {
            _setWorker(msg.sender, worker);
        } else {
            _accounts[msg.sender].pendingWorker = worker;
            emit WorkerProposed(msg.sender, worker);
        }
    }

    /// @inheritdoc IOperatorStaking
    function acceptWorker(address operator) external {
        require(_accounts[operator].pendingWorker == msg.sender, WorkerNotProposed(operator, msg.sender));
        _accounts[operator].pendingWorker = address(0);
        _setWorker(operator, msg.sender);
    }

    /// @inheritdoc IOperatorStaking
    function dropWorker() external {
        address previous = _accounts[msg.sender].worker;
        require(previous != address(0), NoWorker(msg.sender));
        _accounts[msg.sender].worker = address(0);
        delete _operators[previous];
        emit WorkerChanged(msg.sender, previous, address(0));
    }

    /// @inheritdoc IOperatorStaking
    function setPayout(address payout) external {
        _accounts[msg.sender].payout = payout;
        emit PayoutChanged(msg.sender, payoutOf(msg.sender));
    }

    // ------------------------------------------------------------------ locks

    /// @inheritdoc IOperatorStaking
    function lock(address operator, bytes32 lockId, uint96 amount) external onlySource {
        require(amount != 0, ZeroAmount());
        require(_locks[msg.sender][operator][lockId] == 0, LockExists(msg.sender, lockId));
        uint256 free = freeStake(operator);
        require(amount <= free, InsufficientStake(operator, amount, free));

        _accounts[operator].locked += amount;
        _locks[msg.sender][operator][lockId] = amount;
        emit Locked(operator, msg.sender, lockId, amount);
    }

    /// @inheritdoc IOperatorStaking
    function unlock(address operator, bytes32 lockId) external onlySource {
        uint96 amount = _takeLock(operator, lockId);
        emit Unlocked(operator, msg.sender, lockId, amount);
    }

    /// @inheritdoc IOperatorStaking
    function slash(
        address operator,
        bytes32 lockId,
        Reward[] calldata rewards
    ) external onlySource returns (uint96 slashed) {
        require(rewards.length <= MAX_REWARDS, TooManyRewards(rewards.length, MAX_REWARDS));
        slashed = _takeLock(operator, lockId);
        _takeStake(operator, slashed);

        uint96 budget = slashed / 2;
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
        emit Slashed(operator, msg.sender, lockId, slashed, burnt);
    }

    // --------------------------------------------------------------- payments

    /// @inheritdoc IOperatorStaking
    function withdrawReward(address receiver) external nonReentrant {
        require(receiver != address(0), ZeroAddress());
        HUB.requireRunning();
        uint256 amount = _rewards[msg.sender];
        require(amount != 0, NothingToWithdraw(msg.sender));
        _rewards[msg.sender] = 0;
        emit RewardWithdrawn(msg.sender, receiver, amount);
        _pay(receiver, amount);
    }

    /// @inheritdoc IOperatorStaking
    function burnSlashed() external nonReentrant {
        uint256 amount = _pendingBurn;
        if (amount == 0) return;
        _pendingBurn = 0;
        emit Burnt(amount, BURNABLE);
        if (!BURNABLE) {
            _pay(DEAD, amount);
            return;
        }
        _totalOwed -= amount;
        uint256 before = TOKEN.balanceOf(address(this));
        ERC20Burnable(address(TOKEN)).burn(amount);
        uint256 gone = before - TOKEN.balanceOf(address(this));
        require(gone == amount, TransferMismatch(amount, gone));
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IOperatorStaking
    function account(address operator) external view returns (OperatorAccount memory) {
        Account storage account_ = _accounts[operator];
        return
            OperatorAccount({
                active: account_.active,
                exiting: account_.exiting,
                locked: account_.locked,
                worker: account_.worker,
                pendingWorker: account_.pendingWorker,
                payout: payoutOf(operator),
                exitCount: account_.exitCount
            });
    }

    /// @inheritdoc IOperatorStaking
    function exit(address operator, uint32 exitId) external view returns (Exit memory) {
        QueuedExit storage queued = _exits[operator][exitId];
        bool stands = queued.queue == _accounts[operator].queue;
        return Exit({ amount: stands ? queued.amount : 0, readyAt: queued.readyAt });
    }

    /// @inheritdoc IOperatorStaking
    function stakeOf(address operator) external view returns (uint256) {
        return uint256(_accounts[operator].active) + _accounts[operator].exiting;
    }

    /// @inheritdoc IOperatorStaking
    function lockOf(address source, address operator, bytes32 lockId) external view returns (uint96 amount) {
        return _locks[source][operator][lockId];
    }

    /// @inheritdoc IOperatorStaking
    function workerOf(address operator) external view returns (address) {
        return _accounts[operator].worker;
    }

    /// @inheritdoc IOperatorStaking
    function operatorOf(address worker) external view returns (address) {
        return _operators[worker];
    }

    /// @inheritdoc IOperatorStaking
    function rewardOf(address account_) external view returns (uint256) {
        return _rewards[account_];
    }

    /// @inheritdoc IOperatorStaking
    function pendingBurn() external view returns (uint256) {
        return _pendingBurn;
    }

    /// @inheritdoc IOperatorStaking
    function totalOwed() external view returns (uint256) {
        return _totalOwed;
    }

    /// @inheritdoc IOperatorStaking
    function token() external view returns (IERC20) {
        return TOKEN;
    }

    /// @inheritdoc IOperatorStaking
    function hub() external view returns (IHub) {
        return HUB;
    }

    /// @inheritdoc IOperatorStaking
    function unbonding() external view returns (uint32) {
        return HUB.stakingParams().unbonding;
    }

    /// @inheritdoc IOperatorStaking
    function freeStake(address operator) public view returns (uint256) {
        Account storage account_ = _accounts[operator];
        return account_.active > account_.locked ? account_.active - account_.locked : 0;
    }

    /// @inheritdoc IOperatorStaking
    function payoutOf(address operator) public view returns (address) {
        address payout = _accounts[operator].payout;
        return payout == address(0) ? operator : payout;
    }

    // --------------------------------------------------------------- internal

    function _deposit(uint256 amount) private {
        Account storage account_ = _accounts[msg.sender];
        require(amount != 0, ZeroAmount());
        // Active and exiting stake must fit 96 bits together, because either can turn into the other.
        uint256 room = type(uint96).max - account_.active - account_.exiting;
        require(amount <= room, AmountTooLarge(amount));

        uint256 before = TOKEN.balanceOf(address(this));
        require(before >= _totalOwed, BalanceShort(before, _totalOwed));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balance = TOKEN.balanceOf(address(this));
        uint256 received = balance > before ? balance - before : 0;
        require(received == amount, TransferMismatch(amount, received));

        _totalOwed += amount;
        account_.active += uint96(amount);
        emit Deposited(msg.sender, amount);
    }

    function _pay(address receiver, uint256 amount) private {
        _totalOwed -= amount;
        TOKEN.safeTransfer(receiver, amount);
    }

    function _takeExit(uint32 exitId) private returns (uint96 amount, uint48 readyAt) {
        QueuedExit storage queued = _exits[msg.sender][exitId];
        (amount, readyAt) = (queued.amount, queued.readyAt);
        require(amount != 0 && queued.queue == _accounts[msg.sender].queue, UnknownExit(msg.sender, exitId));
        queued.amount = 0;
    }

    function _takeLock(address operator, bytes32 lockId) private returns (uint96 amount) {
        amount = _locks[msg.sender][operator][lockId];
        require(amount != 0, UnknownLock(msg.sender, lockId));
        delete _locks[msg.sender][operator][lockId];
        _accounts[operator].locked -= amount;
    }

    /// Active stake goes first. Where it falls short the rest comes out of the exit queue, and what is left there has to be
    /// queued again: one counter ends all queued exits at once, however many there are.
    function _takeStake(address operator, uint96 amount) private {
        Account storage account_ = _accounts[operator];
        uint96 active = account_.active;
        if (amount <= active) {
            account_.active = active - amount;
            return;
        }
        // `locked` included `amount` and never exceeds `active + exiting`, so this can't underflow.
        uint96 left = account_.exiting - (amount - active);
        account_.active = left;
        account_.exiting = 0;
        ++account_.queue;
        emit ExitsReset(operator, left);
    }

    function _setWorker(address operator, address worker) private {
        address holder = _operators[worker];
        require(holder == address(0), WorkerTaken(worker, holder));
        address previous = _accounts[operator].worker;
        if (previous != address(0)) delete _operators[previous];
        _accounts[operator].worker = worker;
        _operators[worker] = operator;
        emit WorkerChanged(operator, previous, worker);
    }
}
