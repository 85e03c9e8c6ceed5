// The embedded JavaScript engine gets its time from the host and lives in the office's time zone,
// Europe/Vilnius: UTC+2, and UTC+3 from the last Sunday of March to the last Sunday of October.
const scope = globalThis as unknown as { hostNow: number };
scope.hostNow = 0;
Date.now = () => scope.hostNow;

function lastSunday(year: number, month: number): number {
  const lastDay = new Date(Date.UTC(year, month + 1, 0, 1));
  return lastDay.getTime() - lastDay.getUTCDay() * 86_400_000;
}

Date.prototype.getTimezoneOffset = function (this: Date): number {
  const instant = this.getTime();
  const year = new Date(instant).getUTCFullYear();
  const summer = instant >= lastSunday(year, 2) && instant < lastSunday(year, 9);
  return summer ? -180 : -120;
};

// The office's date at the host's time, such as 2026-03-29.
export function officeDate(): string {
  const now = new Date(scope.hostNow);
  return new Date(scope.hostNow - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}
