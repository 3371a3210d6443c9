// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Tolerance } from "../libraries/Tolerance.sol";
import { Verdict } from "../types/Challenge.sol";

/// @notice Test only: verdicts over many cases in one call.
contract ToleranceHarness {
    struct Case {
        uint8 dtype;
        uint32 atol;
        uint32 rtol;
        uint64 claimed;
        uint64 audited;
    }

    function judge(Case[] calldata cases) external pure returns (Verdict[] memory verdicts) {
        verdicts = new Verdict[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            Case calldata c = cases[i];
            verdicts[i] = Tolerance.judge(c.dtype, c.atol, c.rtol, c.claimed, c.audited);
        }
    }
}
