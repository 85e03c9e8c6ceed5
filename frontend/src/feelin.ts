// FEEL for the server's embedded JavaScript engine: one global function, no browser needed.
import "./intl_stub";
import "./office_time";
import { evaluate, unaryTest } from "@bpmn-io/feelin";

type Call = [name: string, args: unknown[]];
type Answers = Record<string, unknown>;

interface Request {
  kind: "expression" | "test";
  expression: string;
  context: Record<string, unknown>;
  functions: Record<string, "number" | "date time">;
  answers: Answers;
  now: number;
}

// Calendar functions are answered by the host between two passes: a pass that meets an unanswered
// call goes on with a stand-in and reports the call, so that the host can ask again with answers.
function withFunctions(request: Request, calls: Call[]): Record<string, unknown> {
  const context = request.context;
  for (const [name, kind] of Object.entries(request.functions)) {
    context[name] = (...args: unknown[]) => {
      const call: Call = [name, args.map(plain)];
      const answer = request.answers[JSON.stringify(call)];
      if (answer === undefined) {
        calls.push(call);
      }
      const value = answer ?? (kind === "number" ? 0 : "2000-01-03T09:00:00Z");
      return kind === "number" ? value : evaluate("date and time(text)", { text: value }).value;
    };
  }
  return context;
}

interface Temporal {
  isLuxonDateTime?: boolean;
  isLuxonDuration?: boolean;
  year: number;
  zone: { isUniversal: boolean; name: string };
  startOf(unit: string): { toMillis(): number };
  toMillis(): number;
  toISO(options?: object): string;
  toISODate(): string;
  toISOTime(options?: object): string;
}

function plain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Error(`The result ${value} is not a number.`);
    return value;
  }
  if (Array.isArray(value)) return value.map(plain);
  const temporal = value as Temporal;
  if (temporal.isLuxonDateTime) return moment(temporal);
  if (temporal.isLuxonDuration) return temporal.toISO();
  if (Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  }
  throw new Error("The result is a function or a range; a value is needed.");
}

function moment(value: Temporal): string {
  if (value.year === 1900) return value.toISOTime({ suppressMilliseconds: true });
  const midnight = value.startOf("day").toMillis() === value.toMillis();
  const isDate = midnight && value.zone.isUniversal && value.zone.name === "UTC";
  return isDate ? value.toISODate() : value.toISO({ suppressMilliseconds: true });
}

function run(text: string): string {
  const request = JSON.parse(text) as Request;
  (globalThis as unknown as { hostNow: number }).hostNow = request.now;
  const calls: Call[] = [];
  try {
    const context = withFunctions(request, calls);
    const { value, warnings } =
      request.kind === "test"
        ? unaryTest(request.expression, context)
        : evaluate(request.expression, context);
    if (calls.length > 0) return JSON.stringify({ calls });
    return JSON.stringify({
      value: plain(value),
      warnings: warnings.map(({ type, message, details, position }) => ({
        type,
        message,
        name: /'([^']*)'/.exec(message)?.[1] ?? String(details.values["name"] ?? ""),
        position: position.from,
      })),
    });
  } catch (error) {
    if (calls.length > 0) return JSON.stringify({ calls });
    const { message, position } = error as Error & { position?: { from: number } };
    return JSON.stringify({ error: message, position: position?.from });
  }
}

Object.assign(globalThis, { feel: run });
