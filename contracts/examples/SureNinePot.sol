// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { OutputTensor } from "../interfaces/IModelRegistry.sol";
import { Scores } from "./Scores.sol";
import { NinePot } from "./NinePot.sol";

/// @notice A pot that refuses answers which the tolerance leaves open. Each score may be off by the tolerance, so a lead of
/// up to twice that says nothing about which class the model's exact answer is.
contract SureNinePot is NinePot {
    OutputTensor private _scores;

    event Unsure(bytes32 indexed jobId);

    constructor(IJobEscrow jobs, bytes32 model, uint96 lock) payable NinePot(jobs, model, lock) {
        _scores = jobs.registry().output(model, 0);
    }

    function onAnswer(bytes32 jobId, bytes[] calldata outputs) public override {
        require(msg.sender == address(JOBS), NotMine(jobId));
        if (Scores.isClear(outputs[0], _scores.atol, _scores.rtol)) super.onAnswer(jobId, outputs);
        else emit Unsure(jobId);
    }
}
