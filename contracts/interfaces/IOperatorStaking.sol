// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import { IHub } from "./IHub.sol";
import { Reward } from "../types/Reward.sol";

/// @notice An operator's stake and keys.
struct OperatorAccount {
    /// Tokens outside the exit queue. New locks are taken against what is not locked of them.
    uint96 active;
    /// Tokens in the exit queue: they back standing locks only where `active` falls short.
    uint96 exiting;
    /// Sum of the standing locks; never above `active + exiting`.
    uint96 locked;
    /// Hot key: answers jobs. Zero if none.
    address worker;
    /// Proposed hot key that has not accepted yet.
    address pendingWorker;
    /// Where earnings are credited; the owner itself if it never named another.
    address payout;
    /// Number of exits ever requested; their ids are 0 to `exitCount - 1`.
    uint32 exitCount;
}

/// @notice One request to take stake out.
struct Exit {
    /// Tokens that will leave; zero once withdrawn, cancelled, or sent back to the stake by a slash.
    uint96 amount;
    uint48 readyAt;
}

/// @title Operators' stake
/// @notice An operator is its owner's address. The owner (cold key) moves stake and names keys; the worker (hot key) answers.
/// One wei of stake backs at most one lock, and what backs a lock stays until the lock is gone.
/// @dev Tokens that take a fee on transfer or rebase are refused by comparing balances; a token that starts to do so later
/// is outside the trust model. `lock`, `unlock` and `slash` touch a bounded number of slots and call nobody.
interface IOperatorStaking {
    event Deposited(address indexed operator, uint256 amount);
    event ExitRequested(address indexed operator, uint32 indexed exitId, uint256 amount, uint48 readyAt);
    event ExitCancelled(address indexed operator, uint32 indexed exitId, uint256 amount);
    event ExitWithdrawn(address indexed operator, uint32 indexed exitId, address receiver, uint256 amount);
    /// @notice A slash reached into the exit queue: what it left there, `amount`, is active stake again.
    event ExitsReset(address indexed operator, uint256 amount);
    event WorkerProposed(address indexed operator, address indexed worker);
    event WorkerChanged(address indexed operator, address indexed previous, address indexed current);
    event PayoutChanged(address indexed operator, address indexed payout);
    event Locked(address indexed operator, address indexed source, bytes32 indexed lockId, uint256 amount);
    event Unlocked(address indexed operator, address indexed source, bytes32 indexed lockId, uint256 amount);
    event Slashed(
        address indexed operator,
        address indexed source,
        bytes32 indexed lockId,
        uint256 amount,
        uint256 burnt
    );
    event Rewarded(address indexed account, bytes32 indexed lockId, uint256 amount);
    event RewardWithdrawn(address indexed account, address receiver, uint256 amount);
    /// @notice Slashed tokens left the supply; `destroyed` is false where they went to the dead address instead.
    event Burnt(uint256 amount, bool destroyed);

    error ZeroAmount();
    /// @dev Stakes are kept in 96 bits.
    error AmountTooLarge(uint256 amount);
    /// @dev The token delivered another amount than was sent.
    error TransferMismatch(uint256 expected, uint256 received);
    /// @dev The token refused the permit, and no allowance was there.
    error PermitRefused(address operator);
    /// @dev The token's balance fell below what is owed: it rebases, or took tokens away.
    error BalanceShort(uint256 balance, uint256 owed);
    error InsufficientStake(address operator, uint256 requested, uint256 available);
    error UnknownExit(address operator, uint32 exitId);
    error ExitNotReady(uint32 exitId, uint48 readyAt);
    /// @dev The exit still backs standing locks: without it `remaining` tokens would stand for `locked`.
    error ExitBacksLocks(uint32 exitId, uint256 remaining, uint256 locked);
    error NotSource(address caller);
    error LockExists(address source, bytes32 lockId);
    error UnknownLock(address source, bytes32 lockId);
    error TooManyRewards(uint256 count, uint256 max);
    error WorkerTaken(address worker, address operator);
    error WorkerNotProposed(address operator, address worker);
    error NoWorker(address operator);
    error NothingToWithdraw(address account);

    /// @notice Adds to the caller's stake.
    /// @dev Requires an allowance. Effects: the caller's active stake grows by exactly what arrived.
    function deposit(uint256 amount) external;

    /// @notice Adds to the caller's stake with an EIP-2612 permit.
    /// @dev A permit that somebody else has used already does no harm: only the allowance counts.
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Queues active stake for leaving. It backs no new locks from now on.
    /// @return exitId Counts the caller's exits, from 0.
    function requestExit(uint256 amount) external returns (uint32 exitId);

    /// @notice Takes a queued exit back into the active stake.
    /// @dev Only for the caller's own exits.
    function cancelExit(uint32 exitId) external;

    /// @notice Pays a queued exit out after unbonding, unless standing locks need it.
    /// @dev Only for the caller's own exits, to a receiver that it names.
    function withdrawExit(uint32 exitId, address receiver) external;

    /// @notice Names the key that shall answer for the caller. The key takes over when it accepts; until then the old one stays.
    /// @dev Proposing oneself takes effect at once. The zero address drops a pending proposal.
    function proposeWorker(address worker) external;

    /// @notice Makes the caller the worker of `operator`, which has proposed it.
    /// @dev A key works for one operator at most. The previous worker is released.
    function acceptWorker(address operator) external;

    /// @notice Takes the caller's worker out of office at once, for a stolen key.
    function dropWorker() external;

    /// @notice Names where the caller's earnings are credited from now on; zero for the caller itself.
    function setPayout(address payout) external;

    /// @notice Sets stake aside for a claim or a reservation.
    /// @dev Contracts that the hub lets lock, here and below. Requires enough active stake that no other lock has; ids are the
    /// source's own.
    function lock(address operator, bytes32 lockId, uint96 amount) external;

    /// @notice Frees a lock.
    /// @param operator Whose stake it is: a lock is found by its source, operator and id, and its source knows all three.
    function unlock(address operator, bytes32 lockId) external;

    /// @notice Takes a whole lock. Rewards are credited in order while they fit into half of it; the rest burns.
    /// @dev Reverts only for an unknown lock or more than `MAX_REWARDS` rewards, neither of which the
    /// slashed operator can cause. A reward to the zero address, and what exceeds the half, burns.
    /// @return slashed Always the full lock.
    function slash(address operator, bytes32 lockId, Reward[] calldata rewards) external returns (uint96 slashed);

    /// @notice Pays the caller's rewards to `receiver`.
    function withdrawReward(address receiver) external;

    /// @notice Destroys the slashed tokens that wait for it. Anybody may call.
    /// @dev Apart from `slash`, so that no token behaviour can stand in the way of a slash. Does nothing where nothing
    /// waits.
    function burnSlashed() external;

    function account(address operator) external view returns (OperatorAccount memory);

    function exit(address operator, uint32 exitId) external view returns (Exit memory);

    /// @notice Stake that a new lock could take.
    function freeStake(address operator) external view returns (uint256);

    /// @notice All tokens of the operator that can be slashed, queued exits included.
    function stakeOf(address operator) external view returns (uint256);

    /// @return amount Zero if there is no such lock.
    function lockOf(address source, address operator, bytes32 lockId) external view returns (uint96 amount);

    /// @notice The operator's hot key, or zero.
    function workerOf(address operator) external view returns (address);

    /// @notice The operator that `worker` answers for, or zero.
    function operatorOf(address worker) external view returns (address);

    /// @notice Where the operator's earnings are credited.
    function payoutOf(address operator) external view returns (address);

    /// @notice Stake tokens credited to `account` from slashes.
    function rewardOf(address account) external view returns (uint256);

    /// @notice Slashed tokens waiting for `burnSlashed`.
    function pendingBurn() external view returns (uint256);

    /// @notice All tokens owed: stakes, rewards and pending burns. The balance never falls below it.
    function totalOwed() external view returns (uint256);

    function token() external view returns (IERC20);

    function hub() external view returns (IHub);

    function unbonding() external view returns (uint32);
}
