// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IHub } from "../interfaces/IHub.sol";
import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { IOfferBook } from "../interfaces/IOfferBook.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { NotAContract } from "../types/Errors.sol";
import { JobNeeds, Offer } from "../types/Job.sol";
import { JobParams } from "../types/Parameters.sol";

/// @title OfferBook
/// @notice See `IOfferBook`.
contract OfferBook is IOfferBook {
    /// What every job touches is in the second slot.
    struct Record {
        address currency;
        uint80 price;
        uint16 concurrency;
        uint96 maxLock;
        uint32 minDuration;
        uint32 answerGas;
        uint16 waiting;
        bool open;
    }

    IHub private immutable HUB;
    IModelRegistry private immutable REGISTRY;
    IOperatorStaking private immutable STAKING;

    mapping(address operator => mapping(bytes32 modelId => Record)) private _offers;

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

    /// @inheritdoc IOfferBook
    function setOffer(bytes32 modelId, Offer calldata offer) external {
        if (offer.open) {
            _requireServable(modelId, offer.currency, offer.maxLock, offer.minDuration, offer.concurrency);
        }
        Record storage record = _offers[msg.sender][modelId];
        record.currency = offer.currency;
        record.price = offer.price;
        record.concurrency = offer.concurrency;
        record.maxLock = offer.maxLock;
        record.minDuration = offer.minDuration;
        record.answerGas = offer.answerGas;
        record.open = offer.open;
        emit OfferChanged(msg.sender, modelId, offer);
    }

    /// @inheritdoc IOfferBook
    function take(
        address operator,
        JobNeeds calldata needs
    ) external onlySource returns (uint80 price, uint32 answerGas) {
        Record storage record = _offers[operator][needs.modelId];
        require(record.open, OfferClosed(operator, needs.modelId));
        require(record.waiting < record.concurrency, OfferBusy(operator, needs.modelId, record.concurrency));
        require(needs.currency == record.currency, CurrencyMismatch(needs.currency, record.currency));
        require(needs.lock <= record.maxLock, LockOutOfRange(needs.lock, 0, record.maxLock));
        require(
            needs.duration >= record.minDuration,
            DurationOutOfRange(needs.duration, record.minDuration, type(uint32).max)
        );
        price = record.price;
        require(price <= needs.fee, PriceAboveMaximum(price, needs.fee));
        answerGas = record.answerGas;
        ++record.waiting;
    }

    /// @inheritdoc IOfferBook
    function release(address operator, bytes32 modelId) external onlySource {
        --_offers[operator][modelId].waiting;
    }

    /// @inheritdoc IOfferBook
    function offerOf(address operator, bytes32 modelId) external view returns (Offer memory offer, uint16 waiting) {
        Record storage record = _offers[operator][modelId];
        offer = Offer({
            currency: record.currency,
            price: record.price,
            answerGas: record.answerGas,
            maxLock: record.maxLock,
            minDuration: record.minDuration,
            concurrency: record.concurrency,
            open: record.open
        });
        waiting = record.waiting;
    }

    /// @inheritdoc IOfferBook
    function registry() external view returns (IModelRegistry) {
        return REGISTRY;
    }

    /// @inheritdoc IOfferBook
    function staking() external view returns (IOperatorStaking) {
        return STAKING;
    }

    /// Refuses terms that no request could meet.
    function _requireServable(
        bytes32 modelId,
        address currency,
        uint96 maxLock,
        uint32 minDuration,
        uint16 concurrency
    ) private view {
        JobParams memory params = HUB.jobParams();
        require(REGISTRY.acceptsClaims(modelId), ModelClosed(modelId));
        require(HUB.isCurrency(currency), CurrencyNotListed(currency));
        require(concurrency != 0, NoConcurrency());
        require(maxLock >= params.lockFloor, LockOutOfRange(maxLock, params.lockFloor, type(uint96).max));
        require(minDuration <= params.maxDuration, DurationOutOfRange(minDuration, 0, params.maxDuration));
    }
}
