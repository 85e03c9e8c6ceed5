// The embedded JavaScript engine has no Intl; the date library asks for it once while loading.
const scope = globalThis as unknown as { Intl?: unknown };

if (scope.Intl === undefined) {
  class DateTimeFormat {
    resolvedOptions(): Record<string, string> {
      return { locale: "en-US", timeZone: "UTC", numberingSystem: "latn", calendar: "gregory" };
    }
    format(): string {
      return "";
    }
    formatToParts(): [] {
      return [];
    }
  }
  class NumberFormat {
    format(value: number): string {
      return String(value);
    }
  }
  scope.Intl = { DateTimeFormat, NumberFormat };
}
