// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Arguments of the running call, as they were encoded
/// @notice Passes large structures on in one copy instead of decoding and encoding them again. Offsets inside an encoded structure
/// count from its own start, so whoever receives the bytes reads what is read here.
library PassedOn {
    /// @notice Completes the data of a call whose last argument is that of the running call.
    /// @param position Number of the last argument of the running call, from 0. It is of dynamic type.
    /// @param head Selector and all other arguments of the new call, with its own length less 4 for the last one's offset.
    function appendTo(bytes memory head, uint256 position) internal pure returns (bytes memory) {
        uint256 word = 4 + 32 * position;
        uint256 start = 4 + uint256(bytes32(msg.data[word:word + 32]));
        return bytes.concat(head, msg.data[start:]);
    }

    /// @notice The data of a call that has the arguments of the running one, but for the first two, which are words.
    function replaceTwo(bytes4 selector, bytes32 first, bytes32 second) internal pure returns (bytes memory) {
        return bytes.concat(selector, first, second, msg.data[68:]);
    }
}
