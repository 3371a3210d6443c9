// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IDrawBook } from "./IDrawBook.sol";
import { JobNeeds, Offer } from "../types/Job.sol";

/// @title Who serves what, and at which terms
/// @notice Offers for jobs that name the operator are here, the terms for jobs that are drawn in `IDrawBook`. The two are
/// counted apart, so that nobody can fill an operator's room for draws by naming it.
interface IOfferBook is IDrawBook {
    event OfferChanged(address indexed operator, bytes32 indexed modelId, Offer offer);

    error OfferClosed(address operator, bytes32 modelId);
    error OfferBusy(address operator, bytes32 modelId, uint16 concurrency);
    /// @dev The operator's offer is in another currency.
    error CurrencyMismatch(address given, address asked);
    error PriceAboveMaximum(uint256 price, uint256 max);

    /// @notice Posts or changes the caller's terms for jobs that name it. Running jobs keep theirs.
    /// @dev Caller: an owner; its worker can't change terms. Whoever has an open offer must answer in time what it takes, or lose
    /// part of the lock: close it before going offline. An offer can always be closed.
    function setOffer(bytes32 modelId, Offer calldata offer) external;

    /// @notice Takes an open offer: one job more waits for the operator's answer, until `release`.
    /// @dev Sources and lockers only, here and below. Requires an offer whose terms fit; `needs.fee` is the most to pay.
    function take(address operator, JobNeeds calldata needs) external returns (uint80 price, uint32 answerGas);

    /// @notice One job less waits for the operator's answer.
    /// @param drawn Whether it was drawn, rather than named.
    function release(address operator, bytes32 modelId, bool drawn) external;

    /// @notice The terms of `operator` for a model, and how many jobs that name it wait for its answer.
    function offerOf(address operator, bytes32 modelId) external view returns (Offer memory offer, uint16 waiting);
}
