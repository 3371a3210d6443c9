// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IGovernedParameters } from "../interfaces/IGovernedParameters.sol";
import { ParameterOutOfBounds } from "../types/Errors.sol";
import {
    ChallengeParams,
    JobParams,
    LotteryParams,
    Parameters,
    ReceiptParams,
    StakingParams
} from "../types/Parameters.sol";
import { ParameterRules } from "./ParameterRules.sol";
import { ProtocolClock } from "./ProtocolClock.sol";

/// @title GovernedParameters
/// @notice See `IGovernedParameters`.
abstract contract GovernedParameters is ProtocolClock, IGovernedParameters {
    /// @notice Beside unbonding, the time to notice an announcement and to ask for an exit.
    uint32 public constant NOTICE = 3 days;

    uint32 private constant MIN_INCLUSION = 10 minutes;
    uint32 private constant MAX_INCLUSION = 3 days;

    uint32 private immutable INCLUSION_DELAY;

    Parameters private _parameters;
    bytes32 private _proposed;
    uint48 private _effectiveAt;
    uint32 private _version = 1;

    constructor(uint32 inclusionDelay_, Parameters memory parameters) {
        require(
            inclusionDelay_ >= MIN_INCLUSION && inclusionDelay_ <= MAX_INCLUSION,
            ParameterOutOfBounds("inclusionDelay", inclusionDelay_, MIN_INCLUSION, MAX_INCLUSION)
        );
        INCLUSION_DELAY = inclusionDelay_;
        ParameterRules.requireValid(parameters, inclusionDelay_);
        _parameters = parameters;
        emit ParametersChanged(_hash(parameters), parameters);
    }

    /// @inheritdoc IGovernedParameters
    function proposeParameters(Parameters calldata parameters) external restricted {
        ParameterRules.requireValid(parameters, INCLUSION_DELAY);
        bytes32 hash = _hash(parameters);
        uint48 effectiveAt = time() + _parameters.staking.unbonding + NOTICE;
        _proposed = hash;
        _effectiveAt = effectiveAt;
        emit ParametersProposed(hash, effectiveAt, parameters);
    }

    /// @inheritdoc IGovernedParameters
    function cancelProposal() external restricted {
        bytes32 hash = _proposed;
        require(hash != 0, NotProposed(0, 0));
        _proposed = 0;
        emit ProposalCancelled(hash);
    }

    /// @inheritdoc IGovernedParameters
    function applyParameters(Parameters calldata parameters) external {
        bytes32 hash = _hash(parameters);
        require(hash == _proposed, NotProposed(hash, _proposed));
        require(time() >= _effectiveAt, NotYetEffective(_effectiveAt));
        _proposed = 0;
        ++_version;
        _parameters = parameters;
        emit ParametersChanged(hash, parameters);
    }

    /// @inheritdoc IGovernedParameters
    function proposal() external view returns (bytes32 hash, uint48 effectiveAt) {
        hash = _proposed;
        effectiveAt = hash == 0 ? 0 : _effectiveAt;
    }

    /// @inheritdoc IGovernedParameters
    function parametersVersion() external view returns (uint32) {
        return _version;
    }

    /// @inheritdoc IGovernedParameters
    function stakingParams() external view returns (StakingParams memory) {
        return _parameters.staking;
    }

    /// @inheritdoc IGovernedParameters
    function jobParams() external view returns (JobParams memory) {
        return _parameters.jobs;
    }

    /// @inheritdoc IGovernedParameters
    function jobClock() external view returns (uint48 now_, JobParams memory params) {
        return (time(), _parameters.jobs);
    }

    /// @inheritdoc IGovernedParameters
    function receiptParams() external view returns (ReceiptParams memory) {
        return _parameters.receipts;
    }

    /// @inheritdoc IGovernedParameters
    function challengeParams() external view returns (ChallengeParams memory) {
        return _parameters.challenges;
    }

    /// @inheritdoc IGovernedParameters
    function lotteryParams() external view returns (LotteryParams memory) {
        return _parameters.lottery;
    }

    /// @inheritdoc IGovernedParameters
    function inclusionDelay() external view returns (uint32) {
        return INCLUSION_DELAY;
    }

    /// @inheritdoc IGovernedParameters
    function worstCaseFinality(uint32 challengeWindow, uint8 depth) external view returns (uint32) {
        return ParameterRules.worstCaseFinality(_parameters.challenges, challengeWindow, depth);
    }

    function _hash(Parameters memory parameters) private pure returns (bytes32) {
        return keccak256(abi.encode(parameters));
    }
}
