// Comparisons and conditions that come out null, or compare what can't be compared, leave a warning.
// The interpreter calls `watched` for every node that it builds; the result itself never changes.
import type { Evaluable, InterpreterContext } from "feelin-inside";
import { getType } from "feelin-inside";

interface Node {
  name: string;
  input: string;
}

type Build = (node: Node, args: unknown[], warnings: InterpreterContext) => unknown;

interface Operands {
  left: unknown;
  right: unknown;
}

const ORDERED = [["number"], ["string"], ["date", "date time"], ["time"], ["duration"]];
const stack: Operands[] = [];

function seen(evaluable: Evaluable, side: keyof Operands): Evaluable {
  const seeing = (context: unknown, ...rest: unknown[]) => {
    const value = evaluable(context, ...rest);
    const operands = stack[stack.length - 1];
    if (operands) operands[side] = value;
    return value;
  };
  return Object.assign(seeing, { type: evaluable.type, source: evaluable.source });
}

function isOrder(operator: string | undefined): boolean {
  return operator !== undefined && /^[<>]=?$/.test(operator);
}

function comparable({ left, right }: Operands, operator: string | undefined): boolean {
  if (!isOrder(operator)) return true;
  const [a, b] = [getType(left), getType(right)];
  if (["range", "function", "literal"].includes(b)) return true;
  return ORDERED.some((kinds) => kinds.includes(a) && kinds.includes(b));
}

function comparison(node: Node, args: unknown[], warnings: InterpreterContext, build: Build): unknown {
  const [left, operator, right] = args as [Evaluable, Evaluable, Evaluable];
  const binary = args.length === 3 && typeof operator === "function";
  const compare = build(
    node,
    binary ? [seen(left, "left"), operator, seen(right, "right")] : [seen(left, "left"), ...args.slice(1)],
    warnings,
  ) as Evaluable;
  const checked = (context: unknown, ...rest: unknown[]) => {
    const operands: Operands = { left: undefined, right: undefined };
    stack.push(operands);
    try {
      const result = compare(context, ...rest);
      if (result === null || (binary && !comparable(operands, operator.source))) {
        const empty = binary && operands.left !== null && operands.right === null ? right : left;
        warnings.addWarning(node, "INVALID_COMPARISON", {
          template: "Can't compare {left} with {right} in {comparison}",
          values: {
            left: operands.left ?? null,
            right: operands.right ?? null,
            comparison: node.input,
            name: (empty.source ?? "").split(".").pop(),
          },
        });
      }
      return result;
    } finally {
      stack.pop();
    }
  };
  return Object.assign(checked, { type: compare.type });
}

function condition(node: Node, args: unknown[], warnings: InterpreterContext, build: Build): unknown {
  const decides = args[1] as Evaluable;
  const checked = (context: unknown, ...rest: unknown[]) => {
    const value = decides(context, ...rest);
    if (typeof value !== "boolean") {
      warnings.addWarning(node, "INVALID_CONDITION", {
        template: "The condition {condition} is neither true nor false",
        values: { condition: decides.source ?? "", name: "" },
      });
    }
    return value;
  };
  const watchedArgs = [...args];
  watchedArgs[1] = Object.assign(checked, { type: decides.type, source: decides.source });
  return build(node, watchedArgs, warnings);
}

export function watched(
  node: Node,
  args: unknown[],
  warnings: InterpreterContext,
  build: Build,
): unknown {
  let built: unknown;
  if (node.name === "Comparison") built = comparison(node, args, warnings, build);
  else if (node.name === "IfExpression") built = condition(node, args, warnings, build);
  else built = build(node, args, warnings);
  if (typeof built === "function") Object.assign(built, { source: node.input });
  return built;
}
