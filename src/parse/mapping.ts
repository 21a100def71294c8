/** One "header:attribute" of a header mapping. */
export interface Pair {
  readonly header: string;
  readonly attribute: string;
  /** From 1, as the program counts. */
  readonly position: number;
}

/** A mapping that parses, or the first thing about it that does not. */
export type Mapping =
  | { readonly status: 'parsed'; readonly pairs: readonly Pair[] }
  | {
      readonly status: 'invalid';
      readonly position: number;
      /** The pair as written. */
      readonly pair: string;
      readonly kind: 'empty-pair' | 'no-colon' | 'empty-side';
      /** In the program's own words. */
      readonly message: string;
    };

/** What the right side is called: "label" in v0.3, "attribute" from v0.4 on. */
export type Side = 'attribute' | 'label';

/** White space to Go's strings.TrimSpace: unicode.White_Space, which has U+0085 and lacks U+FEFF. */
const goSpace =
  /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;
const trim = (text: string): string => text.replace(goSpace, '');

/** Parses a mapping value as ParseRequestHeaderAttributeMapping does: envoyproxy/ai-gateway internal/internalapi/internalapi.go. */
export function parseMapping(value: string, side: Side = 'attribute'): Mapping {
  if (value === '') return { status: 'parsed', pairs: [] };
  const pairs: Pair[] = [];
  for (const [index, raw] of value.split(',').entries()) {
    const parsed = pairOf(trim(raw), index + 1, side);
    if ('status' in parsed) return parsed;
    pairs.push(parsed);
  }
  return { status: 'parsed', pairs };
}

function pairOf(pair: string, position: number, side: Side): Pair | Extract<Mapping, { status: 'invalid' }> {
  const wrong = { status: 'invalid', position, pair } as const;
  if (pair === '') return { ...wrong, kind: 'empty-pair', message: `empty header-${side} pair at position ${position}` };
  const colon = pair.indexOf(':');
  const quoted = JSON.stringify(pair);
  if (colon === -1) {
    const message = `invalid header-${side} pair at position ${position}: ${quoted} (expected format: header:${side})`;
    return { ...wrong, kind: 'no-colon', message };
  }
  const header = trim(pair.slice(0, colon));
  const attribute = trim(pair.slice(colon + 1));
  if (header !== '' && attribute !== '') return { header, attribute, position };
  return { ...wrong, kind: 'empty-side', message: `empty header or ${side} at position ${position}: ${quoted}` };
}

/** The mapping in effect: by header, a later pair overrides an earlier one; base first, then metrics (internal/requestheaderattrs/resolve.go@v0.6.0). */
export function mergePairs(...lists: readonly (readonly Pair[])[]): readonly Pair[] {
  const byHeader = new Map<string, Pair>();
  for (const pair of lists.flat()) byHeader.set(pair.header, pair);
  return [...byHeader.values()];
}

/** The pairs of one mapping that another lacks, whatever their order. */
export function pairsMissing(from: readonly Pair[], wanted: readonly Pair[]): readonly Pair[] {
  return wanted.filter((pair) => !from.some((other) => other.header === pair.header && other.attribute === pair.attribute));
}

/** Whether two mappings say the same, whatever their order. */
export function sameMapping(left: readonly Pair[], right: readonly Pair[]): boolean {
  return pairsMissing(left, right).length === 0 && pairsMissing(right, left).length === 0;
}

/** As a flag value: "x-user-id:user_id,x-dept:department". */
export function printMapping(pairs: readonly Pair[]): string {
  return pairs.map((pair) => `${pair.header}:${pair.attribute}`).join(',');
}

/** How a release turns attribute names into label names under underscore escaping: model.EscapeName up to v0.4, otlptranslator's LabelNamer from v0.5 on. */
export type Escaping = 'escape-name' | 'label-namer';

/** The label that an attribute becomes on /metrics under underscore escaping. Recorded: hazard-report.txt of v0.4.0 and v1.1.0. */
export function labelOf(attribute: string, escaping: Escaping): string {
  if (escaping === 'escape-name') {
    return [...attribute].map((rune, index) => (/[A-Za-z_:]/.test(rune) || (index > 0 && /\d/.test(rune)) ? rune : '_')).join('');
  }
  if (/^__.*__$/.test(attribute)) return attribute;
  const label = attribute.replace(/[^A-Za-z0-9_]/gu, '_').replace(/_+/g, '_');
  return /^\d/.test(label) ? `key_${label}` : label;
}
