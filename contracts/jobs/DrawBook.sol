// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IDrawBook } from "../interfaces/IDrawBook.sol";
import { IHub } from "../interfaces/IHub.sol";
import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { BlockSeed } from "../libraries/BlockSeed.sol";
import { Roster } from "../libraries/Roster.sol";
import { NotAContract } from "../types/Errors.sol";
import { DrawTerms, JobNeeds } from "../types/Job.sol";
import { JobParams } from "../types/Parameters.sol";

/// @title Draws by weight
/// @notice See `IDrawBook`.
abstract contract DrawBook is IDrawBook {
    using Roster for Roster.List;

    /// Picks for one seed.
    uint256 private constant PICKS = 16;

    /// Terms that count from `since` on, and those before them.
    struct Entry {
        DrawTerms terms;
        DrawTerms before;
        uint32 since;
        bool enlisted;
        /// Jobs that it was drawn to and has not answered.
        uint16 waiting;
    }

    struct Draw {
        uint48 seedBlock;
        uint32 epoch;
    }

    IHub internal immutable HUB;
    IModelRegistry internal immutable REGISTRY;
    IOperatorStaking internal immutable STAKING;

    mapping(bytes32 modelId => Roster.List) private _rosters;
    mapping(bytes32 modelId => mapping(address operator => Entry)) private _entries;
    mapping(address caller => mapping(bytes32 drawId => Draw)) private _draws;

    modifier onlySource() {
        require(HUB.mayLock(msg.sender), NotSource(msg.sender));
        _;
    }

    constructor(IModelRegistry registry_, IOperatorStaking staking_) {
        require(address(registry_).code.length != 0, NotAContract(address(registry_)));
        require(address(staking_).code.length != 0, NotAContract(address(staking_)));
        REGISTRY = registry_;
        STAKING = staking_;
        HUB = staking_.hub();
    }

    /// @inheritdoc IDrawBook
    function enlist(bytes32 modelId, DrawTerms calldata terms) external {
        _requireServable(modelId, terms.currency, terms.maxLock, terms.minDuration, terms.concurrency);
        uint32 next = HUB.epoch() + 1;
        Entry storage entry = _entries[modelId][msg.sender];
        _setTerms(entry, terms, next);
        entry.enlisted = true;
        emit Enlisted(msg.sender, modelId, next, terms);
        uint72 weight = _weigh(modelId, msg.sender, STAKING.drawStakeOf(msg.sender, next), next);
        require(weight != 0, NoDrawStake(msg.sender, next));
    }

    /// @inheritdoc IDrawBook
    function delist(bytes32 modelId) external {
        Entry storage entry = _enlisted(modelId, msg.sender);
        uint32 next = HUB.epoch() + 1;
        entry.enlisted = false;
        emit Delisted(msg.sender, modelId, next);
        _weigh(modelId, msg.sender, 0, next);
    }

    /// @inheritdoc IDrawBook
    function refresh(bytes32 modelId, address operator) external {
        _enlisted(modelId, operator);
        uint32 next = HUB.epoch() + 1;
        _weigh(modelId, operator, STAKING.drawStakeOf(operator, next), next);
    }

    /// @inheritdoc IDrawBook
    function place(bytes32 drawId, bytes32 modelId) external onlySource {
        require(_draws[msg.sender][drawId].seedBlock == 0, DrawExists(drawId));
        uint32 epoch = HUB.epoch();
        require(_rosters[modelId].total(epoch) != 0, NobodyEnlisted(modelId, epoch));
        _place(drawId, modelId, epoch);
    }

    /// @inheritdoc IDrawBook
    function cancel(bytes32 drawId) external onlySource {
        uint48 seedBlock = _standing(drawId).seedBlock;
        require(block.number < seedBlock, SeedFixed(drawId, seedBlock));
        delete _draws[msg.sender][drawId];
        emit DrawCancelled(msg.sender, drawId);
    }

    /// @inheritdoc IDrawBook
    function draw(bytes32 drawId, JobNeeds calldata needs) external onlySource returns (address operator) {
        Draw memory standing = _standing(drawId);
        require(block.number > standing.seedBlock, SeedNotKnown(drawId, standing.seedBlock));
        bytes32 blockHash = BlockSeed.hashOf(standing.seedBlock);
        uint32 current = HUB.epoch();
        // Weights are kept for the current epoch and the one before.
        if (blockHash != 0 && standing.epoch + 1 >= current) {
            operator = _pick(standing.epoch, keccak256(abi.encode(blockHash, msg.sender, drawId)), needs);
        }
        if (operator == address(0)) {
            _place(drawId, needs.modelId, current);
        } else {
            delete _draws[msg.sender][drawId];
            ++_entries[needs.modelId][operator].waiting;
            emit Drawn(msg.sender, drawId, operator);
        }
    }

    /// @inheritdoc IDrawBook
    function totalWeight(bytes32 modelId, uint32 epoch) external view returns (uint256) {
        return _rosters[modelId].total(epoch);
    }

    /// @inheritdoc IDrawBook
    function weightOf(bytes32 modelId, address operator, uint32 epoch) external view returns (uint256) {
        return _rosters[modelId].weightOf(operator, epoch);
    }

    /// @inheritdoc IDrawBook
    function drawnWaiting(bytes32 modelId, address operator) external view returns (uint16) {
        return _entries[modelId][operator].waiting;
    }

    /// @inheritdoc IDrawBook
    function drawOf(address caller, bytes32 drawId) external view returns (uint48 seedBlock, uint32 epoch) {
        Draw storage standing = _draws[caller][drawId];
        return (standing.seedBlock, standing.epoch);
    }

    /// @inheritdoc IDrawBook
    function registry() external view returns (IModelRegistry) {
        return REGISTRY;
    }

    /// @inheritdoc IDrawBook
    function staking() external view returns (IOperatorStaking) {
        return STAKING;
    }

    /// @inheritdoc IDrawBook
    function operatorAt(bytes32 modelId, uint32 epoch, uint256 point) public view returns (address) {
        return _rosters[modelId].at(epoch, point);
    }

    /// @inheritdoc IDrawBook
    function termsOf(bytes32 modelId, address operator, uint32 epoch) public view returns (DrawTerms memory) {
        Entry storage entry = _entries[modelId][operator];
        return epoch >= entry.since ? entry.terms : entry.before;
    }

    function _releaseDrawn(address operator, bytes32 modelId) internal {
        --_entries[modelId][operator].waiting;
    }

    /// Refuses terms that no request could meet.
    function _requireServable(
        bytes32 modelId,
        address currency,
        uint96 maxLock,
        uint32 minDuration,
        uint16 concurrency
    ) internal view {
        JobParams memory params = HUB.jobParams();
        require(REGISTRY.acceptsClaims(modelId), ModelClosed(modelId));
        require(HUB.isCurrency(currency), CurrencyNotListed(currency));
        require(concurrency != 0, NoConcurrency());
        require(maxLock >= params.lockFloor, LockOutOfRange(maxLock, params.lockFloor, type(uint96).max));
        require(minDuration <= params.maxDuration, DurationOutOfRange(minDuration, 0, params.maxDuration));
    }

    function _setTerms(Entry storage entry, DrawTerms calldata terms, uint32 next) private {
        // Terms posted earlier in this epoch do not count yet and are replaced; those that began with this epoch stay
        // until it ends, or the terms of the epoch before it would be lost to draws that are made late.
        if (entry.since != next) {
            require(entry.since + 1 < next, TermsSettling(next));
            entry.before = entry.terms;
            entry.since = next;
        }
        entry.terms = terms;
    }

    function _weigh(bytes32 modelId, address operator, uint96 stake, uint32 from) private returns (uint72 weight) {
        weight = _rosters[modelId].set(operator, stake, from);
        emit WeightChanged(operator, modelId, from, weight);
    }

    function _enlisted(bytes32 modelId, address operator) private view returns (Entry storage entry) {
        entry = _entries[modelId][operator];
        require(entry.enlisted, NotEnlisted(operator, modelId));
    }

    function _place(bytes32 drawId, bytes32 modelId, uint32 epoch) private {
        uint48 seedBlock = uint48(block.number + BlockSeed.DELAY);
        _draws[msg.sender][drawId] = Draw(seedBlock, epoch);
        emit DrawPlaced(msg.sender, drawId, modelId, seedBlock, epoch);
    }

    function _standing(bytes32 drawId) private view returns (Draw memory standing) {
        standing = _draws[msg.sender][drawId];
        require(standing.seedBlock != 0, UnknownDraw(drawId));
    }

    function _pick(uint32 epoch, bytes32 seed, JobNeeds calldata needs) private view returns (address) {
        Roster.List storage roster = _rosters[needs.modelId];
        uint256 total = roster.total(epoch);
        if (total == 0) return address(0);
        for (uint256 i; i < PICKS; ++i) {
            address operator = roster.at(epoch, uint256(keccak256(abi.encode(seed, i))) % total);
            if (_canServe(operator, epoch, needs)) return operator;
        }
        return address(0);
    }

    function _canServe(address operator, uint32 epoch, JobNeeds calldata needs) private view returns (bool) {
        DrawTerms memory terms = termsOf(needs.modelId, operator, epoch);
        return
            terms.currency == needs.currency &&
            terms.price <= needs.fee &&
            terms.maxLock >= needs.lock &&
            terms.minDuration <= needs.duration &&
            _entries[needs.modelId][operator].waiting < terms.concurrency &&
            STAKING.freeDrawStake(operator) >= needs.lock;
    }
}
