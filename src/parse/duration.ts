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

/** Seconds for people, as kubectl prints ages: "45s", "6m40s", "12m", "3h5m", "6d". k8s.io/apimachinery pkg/util/duration, HumanDuration. */
export function ageText(age: number): string {
  const seconds = Math.max(0, Math.floor(age));
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  const days = Math.floor(hours / 24);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return joined(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return joined(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return joined(days, 'd', hours % 24, 'h');
  if (days < 2 * 365) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? joined(years, 'y', days % 365, 'd') : `${years}y`;
}

function joined(whole: number, unit: string, part: number, smaller: string): string {
  return part === 0 ? `${whole}${unit}` : `${whole}${unit}${part}${smaller}`;
}
