// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { PoolShares } from "../libraries/PoolShares.sol";
import { Pool } from "../types/Stake.sol";
import { StakeTokens } from "./StakeTokens.sol";

/// @title Own stake and delegated stake
/// @notice The state of an operator's two pools, and the turn of the epoch.
/// @dev What leaves a pool, and what is set aside for draws, changes only when an epoch ends: `_turn` applies it when the
/// operator is first touched after that. So all that a draw saw when an epoch began is there until it ends.
///
/// Exits are told apart by **eras**. An era ends when stake starts to leave; a lock belongs to the era in which it was taken, and
/// is backed by all stake that had not started to leave by then. So an exit may go when no lock of its own era or an
/// earlier one stands.
abstract contract StakePools is StakeTokens {
    /// The first slot is all that taking a lock reads of the stake, the second all that it writes beside the lock.
    struct Account {
        uint96 ownActive;
        uint96 delegatedActive;
        /// Epoch with which pending changes apply; zero if there are none.
        uint32 turnsAt;
        bool jailed;
        /// Whether stake is, or will be, set aside for draws.
        bool draws;
        uint96 ownLocked;
        uint96 delegatedLocked;
        uint32 era;
        /// Standing locks of the current era.
        uint32 eraLocks;
        uint96 ownExiting;
        uint96 delegatedExiting;
        /// No lock of an earlier era stands.
        uint32 oldestEra;
        uint128 ownShares;
        uint128 delegatedShares;
        /// Shares that start to leave at the end of the epoch.
        uint128 ownLeaving;
        uint128 delegatedLeaving;
        uint32 ownGeneration;
        uint32 delegatedGeneration;
        uint96 drawStake;
        uint96 nextDrawStake;
        /// The larger of both: no other lock may take it.
        uint96 drawReserve;
        uint96 drawLocked;
    }

    mapping(address operator => Account) internal _accounts;
    /// Standing locks of eras that are over.
    mapping(address operator => mapping(uint32 era => uint32)) internal _eraLocks;

    /// @inheritdoc IOperatorStaking
    function stakeOf(address operator) external view returns (uint256) {
        Account storage a = _accounts[operator];
        return uint256(a.ownActive) + a.ownExiting + a.delegatedActive + a.delegatedExiting;
    }

    /// @inheritdoc IOperatorStaking
    function activeStake(address operator) external view returns (uint96 own, uint96 delegated) {
        return (_accounts[operator].ownActive, _accounts[operator].delegatedActive);
    }

    /// @inheritdoc IOperatorStaking
    function ownPool(address operator) external view returns (Pool memory) {
        return _poolAfterTurn(operator, true);
    }

    /// @inheritdoc IOperatorStaking
    function delegatedPool(address operator) external view returns (Pool memory) {
        return _poolAfterTurn(operator, false);
    }

    /// Applies what waited for the end of an epoch.
    function _turn(address operator) internal {
        Account storage a = _accounts[operator];
        if (!_isDue(a)) return;
        a.turnsAt = 0;
        if (a.ownLeaving != 0 || a.delegatedLeaving != 0) {
            (Pool memory own, Pool memory delegated) = (_afterTurn(a, true), _afterTurn(a, false));
            (a.ownActive, a.ownExiting, a.ownLeaving) = (own.active, own.exiting, 0);
            (a.delegatedActive, a.delegatedExiting, a.delegatedLeaving) = (delegated.active, delegated.exiting, 0);
            if (a.eraLocks != 0) _eraLocks[operator][a.era] = a.eraLocks;
            (a.era, a.eraLocks) = (a.era + 1, 0);
        }
        (a.drawStake, a.drawReserve, a.draws) = (a.nextDrawStake, a.nextDrawStake, a.nextDrawStake != 0);
        emit EpochTurned(operator, a.era);
    }

    /// Has `_turn` run when the current epoch is over.
    function _turnNextEpoch(Account storage a) internal {
        a.turnsAt = HUB.epoch() + 1;
    }

    /// Slashes a pool. Both parts give in proportion, so that nobody gains by queueing in time; `amount` is at most what both
    /// hold, so that neither part can fall short: the active part gives the proportion rounded up.
    function _slashPool(Account storage a, bool own, uint96 amount) internal {
        if (amount == 0) return;
        Pool memory p = _pool(a, own);
        uint96 fromExiting = uint96((uint256(amount) * p.exiting) / (uint256(p.active) + p.exiting));
        p.exiting -= fromExiting;
        p.active -= amount - fromExiting;
        _setPool(a, own, p);
    }

    function _pool(Account storage a, bool own) internal view returns (Pool memory) {
        return
            own
                ? Pool(a.ownActive, a.ownExiting, a.ownLocked, a.ownShares, a.ownGeneration)
                : Pool(
                    a.delegatedActive,
                    a.delegatedExiting,
                    a.delegatedLocked,
                    a.delegatedShares,
                    a.delegatedGeneration
                );
    }

    function _setPool(Account storage a, bool own, Pool memory p) internal {
        if (own) {
            (a.ownActive, a.ownExiting, a.ownShares, a.ownGeneration) = (p.active, p.exiting, p.shares, p.generation);
        } else {
            (a.delegatedActive, a.delegatedExiting) = (p.active, p.exiting);
            (a.delegatedShares, a.delegatedGeneration) = (p.shares, p.generation);
        }
    }

    /// A pool as it is once what is due has been applied, for views.
    function _poolAfterTurn(address operator, bool own) internal view returns (Pool memory) {
        Account storage a = _accounts[operator];
        return _isDue(a) ? _afterTurn(a, own) : _pool(a, own);
    }

    /// A pool after what is leaving it has started to.
    function _afterTurn(Account storage a, bool own) internal view returns (Pool memory p) {
        p = _pool(a, own);
        uint256 leaving = own ? a.ownLeaving : a.delegatedLeaving;
        uint256 tokens = PoolShares.worth(leaving, uint256(p.active) + p.exiting, p.shares);
        uint96 moved = uint96(Math.min(tokens, p.active));
        p.active -= moved;
        p.exiting += moved;
    }

    function _isDue(Account storage a) internal view returns (bool) {
        uint32 turnsAt = a.turnsAt;
        return turnsAt != 0 && HUB.epoch() >= turnsAt;
    }
}
