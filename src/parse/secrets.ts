/** What stands where a secret stood: as Prometheus writes it (common/config Secret), and a plain text in YAML and JSON alike. */
export const masked = '<secret>';

/** Text that is a secret by its own looks: what a bearer, a JWT, a key of a known vendor or a password in a URL is written like. */
const shapes: readonly RegExp[] = [
  /(?<=\b(?:bearer|basic)\s{1,40})(?!realm\b|auth)[A-Za-z0-9._~+/=-]{6,}/gi,
  /\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/g,
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{12,}/g,
  /\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|hf_|AKIA|ASIA|AIza|npm_)[A-Za-z0-9_-]{10,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(?<=[a-z][a-z0-9+.-]*:\/\/)[^\s/@:"'<>]*:[^\s/@"'<>]+(?=@)/gi,
];

/** A word that names a secret, with what is said to be its value: "password=x", "apiKey: x", "\"client_secret\":\"x\"", and escaped as Go writes JSON: "\u003csecret\u003e" is what masks one there. */
const named =
  /((?:pass(?:word|wd|phrase)|secret|(?:access|refresh|auth|bearer|id|session|api)[_-]?token|\btoken|api[_-]?key|private[_-]?key|client[_-]?secret|credentials|encryption[_-]?seed|\bcookie|authorization)(?:\\?["'])?\s*(?:=|:)\s*(?:\\?["'])?)(?!\s|\*\*\*|<secret>|\\u003csecret|\$|\{|\[|bearer\b|basic\b)((?:[^\s"'\\,;&)}\]]|\\u[0-9a-f]{4}|\\\/){3,})/gi;

/** Text without what looks like a secret. */
export function withoutSecretText(text: string): string {
  const shaped = shapes.reduce((safe, shape) => safe.replace(shape, masked), text);
  return shaped.replace(named, (_, name: string) => `${name}${masked}`);
}

/** Data whose texts are without what looks like a secret; names of fields stay. */
export function withoutSecrets<T>(value: T): T {
  return masking(value) as T;
}

function masking(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecretText(value);
  if (Array.isArray(value)) return value.map(masking);
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, masking(field)]));
}
