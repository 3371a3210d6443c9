// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A constructor or call was given the zero address where a contract or an account is needed.
error ZeroAddress();

/// A contract is needed at this address, and there is none.
error NotAContract(address account);

/// A deployment parameter lies outside the bounds that the code fixes for it; `name` is the parameter's field name.
error ParameterOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);

/// The receiver refused a payment of native coin. Nothing was lost: name another receiver.
error PaymentRefused(address receiver, uint256 amount);
