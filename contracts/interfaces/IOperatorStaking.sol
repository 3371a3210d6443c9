// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import { IDelegatorFees } from "./IDelegatorFees.sol";
import { IHub } from "./IHub.sol";
import { IOperatorProfiles } from "./IOperatorProfiles.sol";
import { Reward } from "../types/Reward.sol";
import { Conduct, DrawStake, Exit, Lock, Pool, Position } from "../types/Stake.sol";

/// @title Operators' stake, and what is delegated to them
/// @notice An operator is its owner's address. It stakes, and others may delegate to it. One wei of stake backs at most one
/// lock, and what backs a lock stays until the lock is gone.
/// @dev Tokens that take a fee on transfer or rebase are refused by comparing balances; a token that starts to do so later
/// is outside the trust model. `lock`, `unlock`, `slash` and `strike` touch a bounded number of slots and call only the hub.
/// Exits, and stake set aside for draws, change with the end of an epoch: what a draw saw when it began stays until then.
interface IOperatorStaking {
    event Deposited(address indexed operator, address indexed holder, uint256 amount, uint256 shares);
    event ExitRequested(
        address indexed operator,
        address indexed holder,
        uint32 indexed exitId,
        uint256 amount,
        uint48 readyAt
    );
    event ExitCancelled(address indexed operator, address indexed holder, uint32 indexed exitId);
    event ExitWithdrawn(
        address indexed operator,
        address indexed holder,
        uint32 indexed exitId,
        address receiver,
        uint256 amount
    );
    /// @notice Slashes have worn a pool out: it gives way to a new one, and its holders can redeem what is left.
    event PoolRetired(address indexed operator, bool own, uint32 indexed generation, uint256 amount);
    event RetiredRedeemed(
        address indexed operator,
        address indexed holder,
        uint32 indexed generation,
        address receiver,
        uint256 amount
    );
    /// @notice What waited for the end of an epoch applies; `era` is the one of locks from now on.
    event EpochTurned(address indexed operator, uint32 era);
    event DrawStakeAnnounced(address indexed operator, uint256 amount, uint32 fromEpoch);
    event Locked(address indexed operator, address indexed source, bytes32 indexed lockId, uint256 amount, uint256 own);
    event Unlocked(address indexed operator, address indexed source, bytes32 indexed lockId, uint256 amount);
    event Slashed(
        address indexed operator,
        address indexed source,
        bytes32 indexed lockId,
        uint256 amount,
        uint256 own,
        uint256 burnt
    );
    /// @notice A lock is gone: `amount` of it burns for a missed deadline, `own` of that the operator's; the rest is free.
    event Penalised(
        address indexed operator,
        address indexed source,
        bytes32 indexed lockId,
        uint256 amount,
        uint256 own
    );
    event Rewarded(address indexed account, bytes32 indexed lockId, uint256 amount);
    event RewardWithdrawn(address indexed account, address receiver, uint256 amount);
    /// @notice Slashed tokens left the supply; `destroyed` is false where they went to the dead address instead.
    event Burnt(uint256 amount, bool destroyed);
    event Struck(address indexed operator, address indexed source, uint8 strikes);
    event JailEntered(address indexed operator, uint48 releasableAt);
    event JailLeft(address indexed operator, uint256 fee);

    error ZeroAmount();
    /// @dev Stakes are kept in 96 bits, shares in 128.
    error AmountTooLarge(uint256 amount);
    error DelegationTooSmall(uint256 amount, uint256 min);
    /// @dev The token delivered another amount than was sent.
    error TransferMismatch(uint256 expected, uint256 received);
    /// @dev The token refused the permit, and no allowance was there.
    error PermitRefused(address holder);
    /// @dev The token's balance fell below what is owed: it rebases, or took tokens away.
    error BalanceShort(uint256 balance, uint256 owed);
    /// @dev `account` has less in its position, or less that is free to be locked or set aside.
    error InsufficientStake(address account, uint256 requested, uint256 available);
    error UnknownExit(address operator, address holder, uint32 exitId);
    error ExitNotReady(uint32 exitId, uint48 readyAt);
    /// @dev Locks stand that the exit backed; `standing` counts those of the oldest era that has some.
    error ExitBacksLocks(uint32 exitId, uint256 standing);
    /// @dev The exit's pool has retired, so there is nothing to go back to: withdraw it.
    error ExitRetired(uint32 exitId, uint32 generation);
    /// @dev The worn-out pool can't retire, nor take a deposit, before its locks are gone.
    error PoolLocked(address operator, uint256 locked);
    error NotRetired(address operator, uint32 generation);
    /// @dev The hub does not let the caller lock.
    error NotLocker(address caller);
    error LockExists(address source, bytes32 lockId);
    error UnknownLock(address source, bytes32 lockId);
    error TooManyRewards(uint256 count, uint256 max);
    error Jailed(address operator);
    error NotJailed(address operator);
    error StillInJail(address operator, uint48 releasableAt);
    error NothingToWithdraw(address account);

    // ------------------------------------------------------ deposits and exits

    /// @notice Adds to `operator`'s own stake where the caller is the operator; delegates to it otherwise.
    /// @dev Requires an allowance; of a delegation at least the minimum. Effects: the pool grows by exactly what arrived,
    /// the caller gets shares at the pool's price.
    function deposit(address operator, uint256 amount) external;

    /// @notice Deposits with an EIP-2612 permit.
    /// @dev A permit that somebody else has used already does no harm: only the allowance counts.
    function depositWithPermit(
        address operator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Queues stake of the caller for leaving. It earns no fees from now on, backs new locks until the epoch
    /// ends, and is slashed like all other stake until it has left.
    /// @return exitId Counts the caller's exits with this operator, from 0.
    function requestExit(address operator, uint256 amount) external returns (uint32 exitId);

    /// @notice The same for all that the caller has in the pool, whatever it is worth.
    function requestFullExit(address operator) external returns (uint32 exitId);

    /// @notice Takes a queued exit of the caller back into the stake.
    function cancelExit(address operator, uint32 exitId) external;

    /// @notice Pays a queued exit of the caller out after unbonding, unless a lock stands that it backed.
    /// @dev Not during a pause. Anybody may finalise what is final, and so free such a lock.
    function withdrawExit(address operator, uint32 exitId, address receiver) external;

    /// @notice Pays what the caller has left in a pool that retired. It backs nothing any more, so there is nothing to wait
    /// for.
    /// @dev Not during a pause.
    function redeemRetired(address operator, uint32 generation, address receiver) external;

    // ------------------------------------------------------------------ draws

    /// @notice Sets `amount` of the caller's free stake, with what is delegated to it, aside for draws, from the next epoch on.
    /// @dev Requires that much free stake now. No other lock can take it from now on.
    function setDrawStake(uint96 amount) external;

    // ------------------------------------------------- for claim sources only

    /// @notice Sets stake aside for a claim or a reservation.
    /// @dev Contracts that the hub lets lock. Requires an operator out of jail with that much free stake; ids are the source's
    /// own. At least a fifth of every lock is the operator's own stake.
    function lock(address operator, bytes32 lockId, uint96 amount) external;

    /// @notice The same from the stake set aside for draws in this epoch.
    function lockDrawn(address operator, bytes32 lockId, uint96 amount) external;

    /// @notice Frees a lock of the caller's.
    /// @param operator Whose stake it is: a lock is found by its source, operator and id, and its source knows all three.
    function unlock(address operator, bytes32 lockId) external;

    /// @notice Takes a whole lock of the caller's, from both pools. Rewards are credited in order while they fit into half of its own part; the
    /// rest burns.
    /// @dev Reverts only for an unknown lock or more than `MAX_REWARDS` rewards, neither of which the slashed operator
    /// can cause. A reward to the zero address, and what exceeds the half, burns.
    /// @return slashed Always the full lock.
    function slash(address operator, bytes32 lockId, Reward[] calldata rewards) external returns (uint96 slashed);

    /// @notice Burns `amount` of a lock, from both pools in proportion, and frees the rest: for a broken promise that is no
    /// offence.
    /// @dev Reverts only for an unknown lock or more than it holds.
    function penalise(address operator, bytes32 lockId, uint96 amount) external;

    /// @notice Counts a missed deadline. Too many in one epoch send the operator to jail: it backs no new locks.
    /// @dev Never reverts for a locker.
    function strike(address operator) external;

    // ------------------------------------------------------------- settlement

    /// @notice Lets the caller out of jail when its time has come, for a fee in stake tokens that burns.
    /// @dev Requires an allowance for the fee.
    function release() external;

    /// @notice Makes several of the caller's calls in one transaction: all its exits and rewards, say.
    /// @dev All or none succeed.
    function multicall(bytes[] calldata data) external returns (bytes[] memory results);

    /// @notice Pays the caller's rewards to `receiver`.
    /// @dev Not during a pause.
    function withdrawReward(address receiver) external;

    /// @notice Destroys the slashed tokens that wait for it. Anybody may call.
    /// @dev Apart from `slash`, so that no token behaviour can stand in the way of a slash. Does nothing where nothing
    /// waits.
    function burnSlashed() external;

    // ------------------------------------------------------------------ views

    /// @notice The operator's own stake.
    function ownPool(address operator) external view returns (Pool memory);

    /// @notice What is delegated to the operator.
    function delegatedPool(address operator) external view returns (Pool memory);

    /// @notice Stake outside the exit queues, in one read: what leaves at the end of an epoch counts until it is next touched.
    function activeStake(address operator) external view returns (uint96 own, uint96 delegated);

    /// @notice What `holder` has with `operator`, outside the exit queue.
    function position(address operator, address holder) external view returns (Position memory);

    function exit(address operator, address holder, uint32 exitId) external view returns (Exit memory);

    /// @notice What `holder` could redeem of a pool that retired.
    function retiredPosition(
        address operator,
        address holder,
        uint32 generation
    ) external view returns (uint256 amount);

    /// @notice Stake that a new lock could take, other than of a draw.
    function freeStake(address operator) external view returns (uint256);

    /// @notice All tokens that stand behind the operator and can be slashed, queued exits included.
    function stakeOf(address operator) external view returns (uint256);

    function drawStake(address operator) external view returns (DrawStake memory);

    /// @notice The operator's weight in draws of an epoch: what it has set aside, as far as it is there; zero in jail.
    /// @param epoch The current one, or a later one as far as is known.
    function drawStakeOf(address operator, uint32 epoch) external view returns (uint96);

    /// @notice What a new draw's lock could take; zero in jail.
    function freeDrawStake(address operator) external view returns (uint256);

    /// @notice A lock; its amount is zero if there is none.
    function lockOf(address source, address operator, bytes32 lockId) external view returns (Lock memory);

    function isJailed(address operator) external view returns (bool);

    function conductOf(address operator) external view returns (Conduct memory);

    /// @notice Stake tokens credited to `account` from slashes.
    function rewardOf(address account) external view returns (uint256);

    /// @notice Slashed tokens waiting for `burnSlashed`.
    function pendingBurn() external view returns (uint256);

    /// @notice All tokens owed: stakes, rewards and pending burns. The balance never falls below it.
    function totalOwed() external view returns (uint256);

    function token() external view returns (IERC20);

    function hub() external view returns (IHub);

    /// @notice Keys and terms of operators.
    function profiles() external view returns (IOperatorProfiles);

    /// @notice Where delegators collect their part of fees.
    function delegatorFees() external view returns (IDelegatorFees);
}
