// FEEL values as JSON: dates, times and durations as ISO 8601 texts.
interface Temporal {
  isLuxonDateTime?: boolean;
  isLuxonDuration?: boolean;
  isValid: boolean;
  year: number;
  zone: { isUniversal: boolean; name: string };
  startOf(unit: string): { toMillis(): number };
  toMillis(): number;
  toISO(options?: object): string;
  toISODate(): string;
  toISOTime(options?: object): string;
}

export function plain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Error(`The result ${value} is not a number.`);
    return value;
  }
  if (Array.isArray(value)) return value.map(plain);
  const temporal = value as Temporal;
  if (temporal.isLuxonDateTime || temporal.isLuxonDuration) {
    if (!temporal.isValid) throw new Error("The result is not a valid date, time or duration.");
    return temporal.isLuxonDateTime ? moment(temporal) : temporal.toISO();
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return Object.fromEntries(
      Object.entries(value as object).map(([key, entry]) => [key, plain(entry)]),
    );
  }
  throw new Error("The result is a function or a range; a value is needed.");
}

function moment(value: Temporal): string {
  if (value.year === 1900) return value.toISOTime({ suppressMilliseconds: true });
  const midnight = value.startOf("day").toMillis() === value.toMillis();
  const isDate = midnight && value.zone.isUniversal && value.zone.name === "UTC";
  return isDate ? value.toISODate() : value.toISO({ suppressMilliseconds: true });
}
