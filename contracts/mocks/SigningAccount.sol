// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC1271 } from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import { Address } from "@openzeppelin/contracts/utils/Address.sol";

/// @notice A contract account whose signatures are what a test says: a digest that it approved, or a kind of misbehaviour.
contract SigningAccount is IERC1271 {
    enum Mood {
        Honest,
        Reverts,
        Burns,
        Floods,
        Short
    }

    error NotInTheMood();

    Mood public mood;
    mapping(bytes32 digest => bool) public approved;

    receive() external payable {}

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function approve(bytes32 digest) external {
        approved[digest] = true;
    }

    /// Forwards a call, and its revert.
    function execute(address target, bytes calldata data) external payable returns (bytes memory) {
        return Address.functionCallWithValue(target, data, msg.value);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        require(mood != Mood.Reverts, NotInTheMood());
        if (mood == Mood.Burns) {
            uint256 spent;
            while (true) spent += gasleft();
        }
        if (mood == Mood.Floods) _return(new bytes(64_000));
        if (mood == Mood.Short) _return(hex"1626ba7e");
        return approved[digest] ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function _return(bytes memory data) private pure {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            return(add(data, 32), mload(data))
        }
    }
}
