// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice One of an operator's two pools: its own stake, or what is delegated to it. Holders have shares, whose price only
/// slashing lowers.
struct Pool {
    /// Tokens that back new locks.
    uint96 active;
    /// Tokens that are queued to leave: slashed like the others, but they back no new locks.
    uint96 exiting;
    /// Sum of the parts of standing locks that this pool backs; never above `active + exiting`.
    uint96 locked;
    /// All shares, those in the exit queue included.
    uint128 shares;
    /// Counts the pools that were slashed to dust and retired before this one.
    uint32 generation;
}

/// @notice What a holder has in a pool, outside the exit queue.
struct Position {
    uint96 amount;
    uint128 shares;
    /// Number of exits ever requested; their ids are 0 to `exitCount - 1`.
    uint32 exitCount;
}

/// @notice One request to take stake out.
struct Exit {
    /// Tokens that would leave now; zero once withdrawn or cancelled, or when slashing took all.
    uint96 amount;
    /// Protocol time from which it may leave; zero if there is no such exit.
    uint48 readyAt;
    /// Of the pool that it leaves, which may have retired since.
    uint32 generation;
    /// Whether no lock stands any more that it backed.
    bool unlocked;
}

/// @notice Stake that only draws can lock.
struct DrawStake {
    /// In this epoch.
    uint96 current;
    /// From the next epoch on.
    uint96 next;
    /// Locked by drawn claims.
    uint96 locked;
}

/// @notice What an operator asks of its delegators, and where it is paid.
struct OperatorTerms {
    /// Where earnings are credited; the owner itself if it never named another.
    address payout;
    /// Part of a fee that the operator takes before it shares the rest, in basis points.
    uint16 commission;
    /// Announced commission; equals `commission` if nothing is announced.
    uint16 nextCommission;
    /// Protocol time from which the announced one applies.
    uint48 commissionAt;
}

/// @notice How well an operator keeps its deadlines.
struct Conduct {
    /// Strikes in the current epoch.
    uint8 strikes;
    bool jailed;
    /// Protocol time from which a jailed operator may be released.
    uint48 releasableAt;
}

/// @notice One lock.
struct Lock {
    uint96 amount;
    /// Part that the operator's own stake backs; rewards of a slash come out of it alone.
    uint96 own;
    bool drawn;
}
