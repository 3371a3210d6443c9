// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IFinality } from "../interfaces/IFinality.sol";
import { IHub } from "../interfaces/IHub.sol";

/// @notice Tells a claim source what the challenge manager would, at a test's word: rules of sources are tested without
/// playing a whole dispute for each.
contract ToyManager is IFinality {
    IHub private immutable HUB;
    uint32 private immutable INCLUSION_DELAY;
    uint32 private immutable DISPUTE;

    constructor(IHub hub_, uint32 inclusionDelay_, uint32 dispute_) {
        HUB = hub_;
        INCLUSION_DELAY = inclusionDelay_;
        DISPUTE = dispute_;
    }

    function open(IClaimSource source, bytes32 claimId) external {
        source.challengeOpened(claimId);
    }

    function close(IClaimSource source, bytes32 claimId) external {
        source.challengeClosed(claimId);
    }

    function wrong(IClaimSource source, bytes32 claimId, address[] calldata challengers) external {
        source.settleWrong(claimId, challengers);
    }

    function void(IClaimSource source, bytes32 claimId) external {
        source.settleVoid(claimId);
    }

    function hub() external view returns (IHub) {
        return HUB;
    }

    function inclusionDelay() external view returns (uint32) {
        return INCLUSION_DELAY;
    }

    function worstCaseFinality(uint32 challengeWindow, uint8 depth) external view returns (uint32) {
        return challengeWindow + uint32(depth) * DISPUTE;
    }
}
