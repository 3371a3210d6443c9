// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IModelRegistry } from "./IModelRegistry.sol";
import { IOperatorStaking } from "./IOperatorStaking.sol";
import { DrawTerms, JobNeeds } from "../types/Job.sol";

/// @title Who serves a model to strangers
/// @notice Operators enlist for a model with terms, and are drawn with a chance in proportion to the stake that they have set
/// aside for draws. Whatever changes counts from the next epoch on, so nothing that happens after a seed is known
/// bends the draw that it decides.
/// @dev Contracts that the hub lets lock stake have draws here, under ids of their own. The seed of a draw is the hash of a block
/// that is fixed when the draw is placed, with the caller and the draw's id.
interface IDrawBook {
    event Enlisted(address indexed operator, bytes32 indexed modelId, uint32 fromEpoch, DrawTerms terms);
    event Delisted(address indexed operator, bytes32 indexed modelId, uint32 fromEpoch);
    /// @notice The hash of `seedBlock` decides, by the weights of `epoch`. Where it is lost, or draws nobody, the draw is placed anew.
    event DrawPlaced(
        address indexed caller,
        bytes32 indexed drawId,
        bytes32 indexed modelId,
        uint48 seedBlock,
        uint32 epoch
    );
    event Drawn(address indexed caller, bytes32 indexed drawId, address indexed operator);
    event DrawCancelled(address indexed caller, bytes32 indexed drawId);
    event WeightChanged(address indexed operator, bytes32 indexed modelId, uint32 fromEpoch, uint256 weight);

    /// @dev The model takes no new claims.
    error ModelClosed(bytes32 modelId);
    error CurrencyNotListed(address currency);
    error LockOutOfRange(uint256 lock, uint256 min, uint256 max);
    error DurationOutOfRange(uint32 duration, uint32 min, uint32 max);
    error NotSource(address caller);
    error NoDrawStake(address operator, uint32 epoch);
    error NoConcurrency();
    error NotEnlisted(address operator, bytes32 modelId);
    /// @dev The terms that were posted in the last epoch have just begun to count; they can be changed from `epoch` on.
    error TermsSettling(uint32 epoch);
    /// @dev Nobody can be drawn in this epoch.
    error NobodyEnlisted(bytes32 modelId, uint32 epoch);
    error DrawExists(bytes32 drawId);
    error UnknownDraw(bytes32 drawId);
    error SeedNotKnown(bytes32 drawId, uint48 seedBlock);
    /// @dev The seed may be known already: what it draws counts.
    error SeedFixed(bytes32 drawId, uint48 seedBlock);

    /// @notice Posts or changes the caller's terms for drawn jobs on a model, and counts its draw stake, both from the next epoch.
    /// @dev Caller: an owner. Requires terms that a job could meet, a model that accepts claims and draw stake in the next epoch. Terms can change in one
    /// of two consecutive epochs, so that those of the previous epoch are never lost.
    function enlist(bytes32 modelId, DrawTerms calldata terms) external;

    /// @notice Takes the caller out of the draws on a model from the next epoch on. Jobs that it is drawn to until then
    /// have to be answered.
    function delist(bytes32 modelId) external;

    /// @notice Counts an operator's draw stake of the next epoch. Anybody may call, as often as they like.
    function refresh(bytes32 modelId, address operator) external;

    /// @notice Fixes the block and the epoch that decide a draw of the caller. From here on both are out of everybody's reach.
    /// @dev Sources and lockers only, here and below. Requires somebody with weight, and an id that no standing draw of the caller has.
    function place(bytes32 drawId, bytes32 modelId) external;

    /// @notice Takes back a draw of the caller whose seed can't be known yet: before its seed block.
    function cancel(bytes32 drawId) external;

    /// @notice Draws an operator that can serve: `hash(seed, i)` for i from 0 to 15 picks by weight, and the first pick whose
    /// terms fit and that has room and stake is taken. The draw is then over.
    /// @dev Requires a seed block that has passed. One job more waits for the operator's answer, until `release`.
    /// @return operator Zero where the seed or the weights are lost or none of the sixteen could serve; then the draw was
    /// placed anew.
    function draw(bytes32 drawId, JobNeeds calldata needs) external returns (address operator);

    /// @notice The operator that `point` falls on, in `[0, totalWeight)`.
    function operatorAt(bytes32 modelId, uint32 epoch, uint256 point) external view returns (address);

    /// @notice Sum of all weights for a model, in units of 2^24 of the stake token's smallest.
    function totalWeight(bytes32 modelId, uint32 epoch) external view returns (uint256);

    /// @notice Weight of one operator; zero where it is not enlisted.
    function weightOf(bytes32 modelId, address operator, uint32 epoch) external view returns (uint256);

    /// @notice The terms that count in `epoch`: the current one or its neighbours.
    function termsOf(bytes32 modelId, address operator, uint32 epoch) external view returns (DrawTerms memory);

    /// @notice How many jobs that `operator` was drawn to wait for its answer.
    function drawnWaiting(bytes32 modelId, address operator) external view returns (uint16);

    /// @notice A standing draw; zeros for others.
    function drawOf(address caller, bytes32 drawId) external view returns (uint48 seedBlock, uint32 epoch);

    function registry() external view returns (IModelRegistry);

    function staking() external view returns (IOperatorStaking);
}
