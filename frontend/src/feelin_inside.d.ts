// The interpreter's parts that let a parsed expression be kept. `build.mjs` opens them up.
declare module "feelin-inside" {
  export interface Warning {
    type: string;
    message: string;
    details: { values: Record<string, unknown> };
    position: { from: number };
  }
  export class InterpreterContext {
    warnings: Warning[];
    addWarning(
      node: unknown,
      type: string,
      details: { template: string; values: Record<string, unknown> },
    ): void;
  }
  export type Evaluable = ((context: unknown, ...rest: unknown[]) => unknown) & {
    type?: string;
    source?: string;
  };
  export interface Interpreter {
    evaluate(
      expression: string,
      context: object,
      dialect: undefined,
      warnings: InterpreterContext,
    ): { root: Evaluable };
    unaryTest(
      expression: string,
      context: object,
      dialect: undefined,
      warnings: InterpreterContext,
    ): { root: Evaluable };
  }
  interface Tree {
    iterate(visit: { enter(node: TreeNode): void }): void;
  }
  interface TreeNode {
    name: string;
    from: number;
    to: number;
    type: { isError: boolean };
    node: { parent: { name: string; from: number } | null };
  }
  export const interpreter: Interpreter;
  export function getType(value: unknown): string;
  export function parseExpression(expression: string): Tree;
}

declare const VIEWER_PATTERNS: Record<"email" | "phone", string>;
