// FEEL for the server's embedded JavaScript engine: one global function, no browser needed.
import "./intl_stub";
import "./office_time";
import {
  type Evaluable,
  InterpreterContext,
  interpreter,
  parseExpression,
} from "feelin-inside";
import { officeDate } from "./office_time";
import { plain } from "./plain_values";

type Call = [name: string, args: unknown[]];
type Context = Record<string, unknown>;

type Temporal = "date" | "time" | "date and time";

interface Evaluation {
  kind: "expression" | "test" | `test ${Temporal}`;
  expression: string;
  context: Context;
  functions: Record<string, "number" | "date time">;
  answers: Record<string, unknown>;
  now: number;
}

interface Names {
  kind: "names";
  expression: string;
}

interface Pattern {
  kind: "pattern" | "preset";
  expression: string;
  text: string;
}

interface Compiled {
  root: Evaluable;
  warnings: InterpreterContext;
}

const MAX_COMPILED = 400;
const MAX_SHAPE = 2_000;
const compiled = new Map<string, Compiled>();

// Parsing depends on the names in the context, not on their values.
function shape(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shape).join()}]`;
  if (value === null || typeof value !== "object") return "";
  return `{${Object.entries(value).map(([key, inner]) => JSON.stringify(key) + shape(inner)).join()}}`;
}

function compile(kind: "expression" | "test", expression: string, context: Context): Compiled {
  const names = shape(context);
  const key = `${kind}\n${expression}\n${names}`;
  const kept = compiled.get(key);
  if (kept) {
    kept.warnings.warnings = [];
    return kept;
  }
  const warnings = new InterpreterContext();
  const { root } =
    kind === "test"
      ? interpreter.unaryTest(expression, context, undefined, warnings)
      : interpreter.evaluate(expression, context, undefined, warnings);
  const fresh = { root, warnings };
  if (names.length <= MAX_SHAPE) {
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(key, fresh);
  }
  return fresh;
}

function evaluated(kind: "expression" | "test", expression: string, context: Context) {
  const { root, warnings } = compile(kind, expression, context);
  const result = root(context);
  const value = kind === "test" ? (result as Evaluable)(context["?"] ?? null) : result;
  return { value, warnings: warnings.warnings };
}

function moment(text: unknown, type: Temporal = "date and time"): unknown {
  return evaluated("expression", `${type}(text)`, { text }).value;
}

// Dates reach the engine as texts; a column of such a type compares them as what they are.
function withType(request: Evaluation, context: Context): ["expression" | "test", Context] {
  const [kind, type] = request.kind.split(/ (.*)/) as ["expression" | "test", Temporal?];
  const tested = context["?"];
  if (type && typeof tested === "string") context["?"] = moment(tested, type);
  return [kind, context];
}

// Calendar functions are answered by the host between two passes: a pass that meets an unanswered
// call goes on with a stand-in and reports the call, so that the host can ask again with answers.
function withFunctions(request: Evaluation, calls: Call[]): Context {
  const context = request.context;
  for (const [name, kind] of Object.entries(request.functions)) {
    context[name] = (...args: unknown[]) => {
      const call: Call = [name, args.map(plain)];
      const answer = request.answers[JSON.stringify(call)];
      if (answer === undefined) calls.push(call);
      const value = answer ?? (kind === "number" ? 0 : "2000-01-03T09:00:00Z");
      return kind === "number" ? value : moment(value);
    };
  }
  if (request.expression.includes("today") && !("today" in context)) {
    context["today"] = () => evaluated("expression", "date(text)", { text: officeDate() }).value;
  }
  return context;
}

function answer(request: Evaluation): object {
  (globalThis as unknown as { hostNow: number }).hostNow = request.now;
  const calls: Call[] = [];
  try {
    const [kind, context] = withType(request, withFunctions(request, calls));
    const { value, warnings } = evaluated(kind, request.expression, context);
    if (calls.length > 0) return { calls };
    return {
      value: plain(value),
      warnings: warnings.map(({ type, message, details, position }) => ({
        type,
        message,
        name: String(details.values["name"] ?? /'([^']*)'/.exec(message)?.[1] ?? ""),
        position: position.from,
      })),
    };
  } catch (error) {
    if (calls.length > 0) return { calls };
    throw error;
  }
}

// Names that an expression may read from its context; those that it binds itself are left out.
function names({ expression }: Names): object {
  const read = new Set<string>();
  const bound = new Set<string>(["item", "partial"]);
  parseExpression(expression).iterate({
    enter({ name, from, to, type, node }) {
      if (type.isError) throw Object.assign(new Error("It can't be read."), { position: { from } });
      const text = expression.slice(from, to).replace(/\s+/g, " ");
      const inPath = node.parent?.name === "PathExpression" && node.parent.from !== from;
      if (name === "VariableName" && !inPath) read.add(text);
      if (name === "Name" || name === "ParameterName" || name === "Key") bound.add(text);
    },
  });
  return { value: [...read].filter((name) => !bound.has(name)) };
}

function matched({ kind, expression, text }: Pattern): object {
  const preset = VIEWER_PATTERNS[expression as keyof typeof VIEWER_PATTERNS];
  return { value: new RegExp(kind === "preset" ? preset : expression).test(text) };
}

function run(text: string): string {
  const request = JSON.parse(text) as Evaluation | Names | Pattern;
  try {
    if (request.kind === "names") return JSON.stringify(names(request));
    if (request.kind === "pattern" || request.kind === "preset") {
      return JSON.stringify(matched(request as Pattern));
    }
    return JSON.stringify(answer(request as Evaluation));
  } catch (error) {
    const { message, position } = error as Error & { position?: { from: number } };
    return JSON.stringify({ error: message, position: position?.from });
  }
}

Object.assign(globalThis, { feel: run });
