// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IFinality } from "../interfaces/IFinality.sol";
import { IHub } from "../interfaces/IHub.sol";
import { NotAContract, ZeroAddress } from "../types/Errors.sol";

/// @title Hub
/// @notice See `IHub`.
contract Hub is IHub {
    uint256 private constant MAX_SOURCES = 8;

    address private immutable SEALER;

    address private _challengeManager;
    address[] private _sources;
    mapping(address account => bool) private _isSource;

    constructor(address sealer_) {
        require(sealer_ != address(0), ZeroAddress());
        SEALER = sealer_;
    }

    /// @inheritdoc IHub
    function seal(address challengeManager_, address[] calldata sources_) external {
        require(msg.sender == SEALER, NotSealer(msg.sender, SEALER));
        require(!isSealed(), AlreadySealed());
        require(challengeManager_.code.length != 0, NotAContract(challengeManager_));
        address managerHub = address(IFinality(challengeManager_).hub());
        require(managerHub == address(this), ForeignManager(challengeManager_, managerHub));
        require(sources_.length != 0 && sources_.length <= MAX_SOURCES, SourceCount(sources_.length, MAX_SOURCES));

        for (uint256 i; i < sources_.length; ++i) {
            address source = sources_[i];
            require(source.code.length != 0, NotAContract(source));
            require(!_isSource[source], DuplicateSource(source));
            address obeyed = IClaimSource(source).challengeManager();
            require(obeyed == challengeManager_, ForeignSource(source, obeyed));
            _isSource[source] = true;
        }
        _challengeManager = challengeManager_;
        _sources = sources_;
        emit HubSealed(challengeManager_, sources_);
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
        return _isSource[account];
    }

    /// @inheritdoc IHub
    function sources() external view returns (address[] memory) {
        return _sources;
    }

    /// @inheritdoc IHub
    function isSealed() public view returns (bool) {
        return _challengeManager != address(0);
    }
}
