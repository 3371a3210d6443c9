// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IHub } from "./IHub.sol";

/// @title Delegators' part of fees
/// @notice What claim sources owe an operator's delegators, in the native coin and every listed currency. It is shared by the
/// shares outside the exit queue at the moment of the credit, and collected by the delegator.
/// @dev Deployed by the staking contract, which tells it of every change of shares before the change takes effect. Rounding
/// leaves less than one unit a credit in the contract for ever.
interface IDelegatorFees {
    event FeesCredited(
        address indexed operator,
        uint32 indexed generation,
        address indexed currency,
        address source,
        uint256 amount
    );
    /// @notice Nobody had a share: the operator has what was meant for its delegators.
    event FeesWithoutDelegators(address indexed operator, address indexed currency, uint256 amount);
    event SharesChanged(address indexed operator, uint32 indexed generation, address indexed holder, uint128 shares);
    event FeesCollected(address indexed account, address indexed currency, address receiver, uint256 amount);

    error NotStaking(address caller, address staking);
    error NotLocker(address caller);
    error UnknownCurrency(address currency);
    /// @dev The value sent is not the amount, or the currency delivered another amount.
    error WrongAmount(uint256 expected, uint256 received);
    error NothingToCollect(address account, address currency);

    /// @notice Credits delegators' part of a fee.
    /// @dev Contracts that may lock only. Native coin is sent along; of an ERC-20 `amount` is pulled and needs an allowance.
    function credit(address operator, address currency, uint256 amount) external payable;

    /// @notice Pays out what the caller has earned in one of `operator`'s delegated pools, with what it had earned in others
    /// when its shares there last changed.
    /// @dev Not during a pause. A receiver that refuses makes it revert: name another.
    /// @param generation Of the pool; retired ones have earnings to collect too.
    function collect(address operator, uint32 generation, address currency, address receiver) external;

    /// @notice Sets a holder's earning shares, after settling what it earned with the ones before.
    /// @dev The staking contract only.
    function setShares(address operator, uint32 generation, address holder, uint128 shares) external;

    /// @notice What `account` could collect now, naming this pool.
    function earned(
        address operator,
        uint32 generation,
        address currency,
        address account
    ) external view returns (uint256);

    /// @notice Earning shares of `holder` and of all holders.
    function sharesOf(
        address operator,
        uint32 generation,
        address holder
    ) external view returns (uint128 held, uint128 total);

    function staking() external view returns (address);

    function hub() external view returns (IHub);
}
