// prometheus/common model/time.go: units in this order, each at most once.
const pattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const seconds = [365 * 86400, 7 * 86400, 86400, 3600, 60, 1, 0.001];

/** A Prometheus duration such as "30s" or "1h30m" in seconds; null when it is none. */
export function durationOf(text: string | null): number | null {
  if (text === '0') return 0;
  const match = text === null || text === '' ? null : pattern.exec(text);
  if (match === null) return null;
  return seconds.reduce((sum, unit, index) => sum + unit * Number(match[index + 1] ?? 0), 0);
}

/** Seconds for people: "45s", "12m", "3h". */
export function ageText(age: number): string {
  if (age < 120) return `${Math.max(0, Math.round(age))}s`;
  return age < 7200 ? `${Math.round(age / 60)}m` : `${Math.round(age / 3600)}h`;
}
