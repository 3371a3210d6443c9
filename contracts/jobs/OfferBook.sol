// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { IOfferBook } from "../interfaces/IOfferBook.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { JobNeeds, Offer } from "../types/Job.sol";
import { DrawBook } from "./DrawBook.sol";

/// @title OfferBook
/// @notice See `IOfferBook`. Draws are in the contract that it inherits.
contract OfferBook is DrawBook, IOfferBook {
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

    mapping(address operator => mapping(bytes32 modelId => Record)) private _offers;

    constructor(IModelRegistry registry_, IOperatorStaking staking_) DrawBook(registry_, staking_) {}

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
    function release(address operator, bytes32 modelId, bool drawn) external onlySource {
        if (drawn) _releaseDrawn(operator, modelId);
        else --_offers[operator][modelId].waiting;
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
}
