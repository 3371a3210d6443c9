// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { AccessManaged } from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IFinality } from "../interfaces/IFinality.sol";
import { IHub } from "../interfaces/IHub.sol";
import { NotAContract, ZeroAddress } from "../types/Errors.sol";
import { Parameters } from "../types/Parameters.sol";
import { GovernedParameters } from "./GovernedParameters.sol";
import { ProtocolClock } from "./ProtocolClock.sol";

/// @title Hub
/// @notice See `IHub`. The clock and the parameters are in the contracts that it inherits.
contract Hub is GovernedParameters, IHub {
    uint256 private constant MAX_SOURCES = 8;
    uint256 private constant MAX_TOKENS = 8;

    /// Both in one slot: staking asks for one of them, the challenge manager for the other.
    struct Role {
        bool isSource;
        bool mayLock;
    }

    address private immutable SEALER;

    address private _challengeManager;
    address[] private _sources;
    address[] private _lockers;
    mapping(address account => Role) private _roles;
    /// The native coin, as zero, comes first.
    address[] private _currencies;
    mapping(address token => bool) private _isCurrency;

    /// @param sealer_ May seal, once.
    /// @param authority_ OpenZeppelin access manager that says who is governor and guardian.
    constructor(
        address sealer_,
        address authority_,
        uint32 inclusionDelay_,
        uint32 epoch_,
        Parameters memory parameters
    ) AccessManaged(authority_) ProtocolClock(epoch_) GovernedParameters(inclusionDelay_, parameters) {
        require(sealer_ != address(0), ZeroAddress());
        require(authority_.code.length != 0, NotAContract(authority_));
        SEALER = sealer_;
        _currencies.push(address(0));
        _isCurrency[address(0)] = true;
    }

    /// @inheritdoc IHub
    function seal(address challengeManager_, address[] calldata sources_, address[] calldata lockers_) external {
        require(msg.sender == SEALER, NotSealer(msg.sender, SEALER));
        require(!isSealed(), AlreadySealed());
        require(challengeManager_.code.length != 0, NotAContract(challengeManager_));
        address managerHub = address(IFinality(challengeManager_).hub());
        require(managerHub == address(this), ForeignManager(challengeManager_, managerHub));
        uint256 count = sources_.length + lockers_.length;
        require(sources_.length != 0 && count <= MAX_SOURCES, SourceCount(count, MAX_SOURCES));

        for (uint256 i; i < sources_.length; ++i) {
            address source = sources_[i];
            _appoint(source, true);
            address obeyed = IClaimSource(source).challengeManager();
            require(obeyed == challengeManager_, ForeignSource(source, obeyed));
        }
        for (uint256 i; i < lockers_.length; ++i) _appoint(lockers_[i], false);
        _challengeManager = challengeManager_;
        _sources = sources_;
        _lockers = lockers_;
        emit HubSealed(challengeManager_, sources_, lockers_);
    }

    /// @inheritdoc IHub
    function addCurrency(address token) external restricted {
        require(token.code.length != 0, NotAContract(token));
        require(!_isCurrency[token], CurrencyListed(token));
        uint256 index = _currencies.length;
        require(index <= MAX_TOKENS, TooManyCurrencies(MAX_TOKENS));
        _currencies.push(token);
        _isCurrency[token] = true;
        emit CurrencyAdded(token, index);
    }

    /// @inheritdoc IHub
    function sealer() external view returns (address) {
        return SEALER;
    }

    /// @inheritdoc IHub
    function challengeManager() external view returns (address) {
        return _challengeManager;
    }

    /// @inheritdoc IHub
    function isSource(address account) external view returns (bool) {
        return _roles[account].isSource;
    }

    /// @inheritdoc IHub
    function mayLock(address account) external view returns (bool) {
        return _roles[account].mayLock;
    }

    /// @inheritdoc IHub
    function sources() external view returns (address[] memory) {
        return _sources;
    }

    /// @inheritdoc IHub
    function lockers() external view returns (address[] memory) {
        return _lockers;
    }

    /// @inheritdoc IHub
    function isCurrency(address token) external view returns (bool) {
        return _isCurrency[token];
    }

    /// @inheritdoc IHub
    function currencies() external view returns (address[] memory) {
        return _currencies;
    }

    /// @inheritdoc IHub
    function isSealed() public view returns (bool) {
        return _challengeManager != address(0);
    }

    function _appoint(address account, bool isSource_) private {
        require(account.code.length != 0, NotAContract(account));
        require(!_roles[account].mayLock, DuplicateSource(account));
        _roles[account] = Role({ isSource: isSource_, mayLock: true });
    }
}
