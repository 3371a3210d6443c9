import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };

/**
 * What tokens do that contracts did not expect. All have the storage of an ordinary token, so that one can turn into another, as tokens do
 * that are upgraded. Compiled here and not with the contracts: code made through the IR, whose gas is committed, differs with the set of
 * sources that are compiled together.
 */
const SOURCE = `
pragma solidity 0.8.37;

contract Fair {
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;
    uint256 public totalSupply;

    function approve(address spender, uint256 amount) external virtual returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external virtual returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external virtual returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function burn(uint256 amount) external virtual {
        balanceOf[msg.sender] -= amount;
        totalSupply -= amount;
    }

    function _move(address from, address to, uint256 amount) internal virtual {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

contract TakesFee is Fair {
    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, amount - amount / 100);
        super._move(from, address(0xfee), amount / 100);
    }
}

contract Silent is Fair {
    function transfer(address to, uint256 amount) external override returns (bool) {
        _move(msg.sender, to, amount);
        assembly { return(0, 0) }
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        assembly { return(0, 0) }
    }
}

contract SaysNo is Fair {
    function transfer(address, uint256) external pure override returns (bool) { return false; }
    function transferFrom(address, address, uint256) external pure override returns (bool) { return false; }
    function burn(uint256) external override {}
}

contract SaysNoAndMoves is Fair {
    function transfer(address to, uint256 amount) external override returns (bool) {
        _move(msg.sender, to, amount);
        return false;
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return false;
    }
}

contract Pretends is Fair {
    function _move(address, address, uint256) internal override {}
    function burn(uint256) external override {}
}

contract RefusesZero is Fair {
    function _move(address from, address to, uint256 amount) internal override {
        require(amount != 0);
        super._move(from, to, amount);
    }
}

contract OneApproval is Fair {
    function approve(address spender, uint256 amount) external override returns (bool) {
        require(amount == 0 || allowance[msg.sender][spender] == 0);
        allowance[msg.sender][spender] = amount;
        return true;
    }
}

contract Frozen is Fair {
    function _move(address, address, uint256) internal pure override { revert(); }
    function burn(uint256) external pure override { revert(); }
}
`;

export const HABITS = [
  "Fair",
  "TakesFee",
  "Silent",
  "SaysNo",
  "SaysNoAndMoves",
  "Pretends",
  "RefusesZero",
  "OneApproval",
  "Frozen",
] as const;
export type Habit = (typeof HABITS)[number];

/** Runtime code of tokens by habit. */
export function compileHabits(): Readonly<Record<Habit, string>> {
  const input = {
    language: "Solidity",
    sources: { habits: { content: SOURCE } },
    settings: { evmVersion: "cancun", outputSelection: { habits: { "*": ["evm.deployedBytecode.object"] } } },
  };
  const { contracts, errors } = JSON.parse(solc.compile(JSON.stringify(input))) as {
    contracts?: { habits: Record<Habit, { evm: { deployedBytecode: { object: string } } }> };
    errors?: { formattedMessage: string }[];
  };
  if (contracts === undefined) throw new Error(errors?.map(({ formattedMessage }) => formattedMessage).join("\n"));
  const codes = HABITS.map((habit) => [habit, `0x${contracts.habits[habit].evm.deployedBytecode.object}`]);
  return Object.fromEntries(codes) as Record<Habit, string>;
}
