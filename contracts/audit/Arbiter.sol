// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IArbiter } from "../interfaces/IArbiter.sol";
import { IReduceEvaluator } from "../interfaces/IReduceEvaluator.sol";
import { IScalarEvaluator } from "../interfaces/IScalarEvaluator.sol";
import { NodeReader } from "../libraries/NodeReader.sol";
import { TensorTree } from "../libraries/TensorTree.sol";
import { DType } from "../types/DType.sol";
import { Evidence, Facts, OperandNode, ResultOpening } from "../types/Evidence.sol";
import {
    ElementOutOfRange,
    InputRootsMismatch,
    NodeIndexOutOfRange,
    NodeNotInGraph,
    OperandNodeNotInGraph,
    OperandNotNode,
    OperandOpeningsLength,
    ResultLeafNotInTensor,
    ResultNotInTrace
} from "../types/EvidenceErrors.sol";
import { Node, Operand, Source } from "../types/Node.sol";
import { ElementEvaluator } from "./ElementEvaluator.sol";

/// @title The judge of one element
contract Arbiter is IArbiter, ElementEvaluator {
    /// Node lists up to this length ride along with a challenge, so they need no demands.
    uint256 private constant LISTED_NODES = 2048;
    /// Levels of a tree that one demand reveals.
    uint256 private constant DEMAND_LEVELS = 8;

    constructor(IScalarEvaluator scalars, IReduceEvaluator reductions) ElementEvaluator(scalars, reductions) {}

    /// @inheritdoc IArbiter
    function check(Facts calldata facts, Evidence calldata evidence) external view returns (bool consistent) {
        uint256 nodeIndex = evidence.nodeIndex;
        require(nodeIndex < facts.nodeCount, NodeIndexOutOfRange(nodeIndex, facts.nodeCount));
        bytes32 graph = _graphRoot(facts.nodeCount, nodeIndex, evidence.node, evidence.nodeProof);
        require(graph == facts.graphRoot, NodeNotInGraph(nodeIndex));
        require(
            evidence.inputRoots.length == facts.inputSizes.length &&
                keccak256(abi.encodePacked(evidence.inputRoots)) == facts.inputsRoot,
            InputRootsMismatch()
        );

        (bool ok, Node memory node) = NodeReader.parse(evidence.node);
        if (!ok || !_fitsModel(facts, nodeIndex, node)) return false;
        uint256 operands = node.operands.length;
        uint256 given = evidence.operandOpenings.length;
        require(given == operands, OperandOpeningsLength(given, operands));
        if (!_operandNodesAgree(facts, evidence, node)) return false;
        require(evidence.element < node.elements, ElementOutOfRange(evidence.element, node.elements));

        uint256 bits;
        (ok, bits) = _evaluate(facts, evidence, node);
        return ok && bits == _asserted(facts, evidence, node);
    }

    /// @inheritdoc IArbiter
    function resultShape(
        bytes32 graphRoot,
        uint32 nodeCount,
        uint32 nodeIndex,
        bytes calldata node,
        bytes32[] calldata nodeProof
    ) external pure returns (uint32 elements, uint8 dtype) {
        require(nodeIndex < nodeCount, NodeIndexOutOfRange(nodeIndex, nodeCount));
        require(_graphRoot(nodeCount, nodeIndex, node, nodeProof) == graphRoot, NodeNotInGraph(nodeIndex));
        (bool ok, Node memory parsed) = NodeReader.parse(node);
        if (ok) (elements, dtype) = (uint32(parsed.elements), _resultDtype(parsed));
    }

    /// The rules that a node has to keep towards the rest of the model.
    function _fitsModel(Facts calldata facts, uint256 nodeIndex, Node memory node) private pure returns (bool) {
        for (uint256 i; i < node.operands.length; ++i) {
            Operand memory operand = node.operands[i];
            uint256 index = operand.index;
            if (operand.source == Source.NODE && index >= nodeIndex) return false;
            if (operand.source == Source.INPUT) {
                if (index >= facts.inputSizes.length || operand.numel != facts.inputSizes[index]) return false;
                if (operand.dtype != uint8(facts.inputDtypes[index])) return false;
            }
        }
        uint256 levels = TensorTree.depth(TensorTree.leafCount(node.elements, DType.size(_resultDtype(node))));
        uint256 chain = 1 + _demands(levels);
        if (facts.nodeCount > LISTED_NODES) chain += _demands(TensorTree.depth(facts.nodeCount));
        return chain <= facts.depth;
    }

    /// Whether the nodes that operands read are of the size and dtype that the operands state, as far as shown.
    function _operandNodesAgree(
        Facts calldata facts,
        Evidence calldata evidence,
        Node memory node
    ) private pure returns (bool) {
        for (uint256 i; i < evidence.operandNodes.length; ++i) {
            OperandNode calldata shown = evidence.operandNodes[i];
            uint256 number = shown.operand;
            require(
                number < node.operands.length && node.operands[number].source == Source.NODE,
                OperandNotNode(number)
            );
            Operand memory operand = node.operands[number];
            bytes32 graph = _graphRoot(facts.nodeCount, operand.index, shown.node, shown.nodeProof);
            require(graph == facts.graphRoot, OperandNodeNotInGraph(number));
            (bool ok, Node memory read) = NodeReader.parse(shown.node);
            if (!ok || read.elements != operand.numel || _resultDtype(read) != operand.dtype) return false;
        }
        return true;
    }

    /// The bits that the trace has for the element.
    function _asserted(
        Facts calldata facts,
        Evidence calldata evidence,
        Node memory node
    ) private pure returns (uint256 bits) {
        ResultOpening calldata result = evidence.result;
        uint256 nodeIndex = evidence.nodeIndex;
        bytes32 trace = TensorTree.listRoot(facts.nodeCount, nodeIndex, result.root, result.listProof);
        require(trace == facts.traceRoot, ResultNotInTrace(nodeIndex));

        uint256 width = DType.size(_resultDtype(node));
        uint256 position = evidence.element * width;
        uint256 leaf = position / TensorTree.LEAF;
        require(result.leaf.length == TensorTree.LEAF, TensorTree.LeavesLength(result.leaf.length));
        bytes32 root = TensorTree.rangeRoot(
            TensorTree.leafCount(node.elements, width),
            leaf,
            result.leaf,
            result.proof
        );
        require(root == result.root, ResultLeafNotInTensor(leaf));
        return NodeReader.uintAt(result.leaf, position % TensorTree.LEAF, width);
    }

    function _graphRoot(
        uint256 nodeCount,
        uint256 nodeIndex,
        bytes calldata node,
        bytes32[] calldata proof
    ) private pure returns (bytes32) {
        return TensorTree.listRoot(nodeCount, nodeIndex, keccak256(node), proof);
    }

    /// The dtype of what is committed: that of the last step.
    function _resultDtype(Node memory node) private pure returns (uint8) {
        uint256 steps = node.steps.length;
        return steps == 0 ? node.dtype : node.steps[steps - 1].dtype;
    }

    /// Demands that it takes to get through so many levels of a tree.
    function _demands(uint256 levels) private pure returns (uint256) {
        return (levels + DEMAND_LEVELS - 1) / DEMAND_LEVELS;
    }
}
