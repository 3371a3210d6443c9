// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IJobCallback } from "../interfaces/IJobCallback.sol";
import { IJobEscrow, JobRequest } from "../interfaces/IJobEscrow.sol";
import { Scores } from "./Scores.sol";

/// @notice The pot goes to whoever shows the model an image of a nine.
contract NinePot is IJobCallback {
    IJobEscrow public immutable JOBS;
    bytes32 public immutable MODEL;
    uint96 public immutable LOCK;
    mapping(bytes32 jobId => address) public askers;

    event Judged(bytes32 indexed jobId, address indexed asker, uint256 digit);
    error NotMine(bytes32 jobId);
    error Unpaid(address asker);

    constructor(IJobEscrow jobs, bytes32 model, uint96 lock) payable {
        (JOBS, MODEL, LOCK) = (jobs, model, lock);
    }

    /// @param operator Who shall answer; zero to have one drawn.
    function ask(bytes[] calldata image, address operator, uint80 maxFee) external payable returns (bytes32 jobId) {
        JobRequest memory r = JobRequest(MODEL, operator, address(0), maxFee, LOCK, 1 hours, address(this), 1e5);
        jobId = JOBS.request{ value: msg.value }(r, image);
        askers[jobId] = msg.sender;
    }

    function onAnswer(bytes32 jobId, bytes[] calldata outputs) public virtual {
        address asker = askers[jobId];
        require(msg.sender == address(JOBS) && asker != address(0), NotMine(jobId));
        uint256 digit = Scores.best(outputs[0]);
        emit Judged(jobId, asker, digit);
        if (digit != 9) return;
        (bool paid, ) = asker.call{ value: address(this).balance }("");
        require(paid, Unpaid(asker));
    }
}
