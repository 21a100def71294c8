import { isIPv4, isIPv6 } from 'node:net';
import type { Snapshot } from '../model/snapshot.ts';

/** Whether a host of a URL is an address: "10.0.0.1", "[fd00::5]". */
export function isAddress(host: string): boolean {
  return isIPv4(host) || isIPv6(host.replace(/^\[|\]$/g, ''));
}

// In a regular expression of a query the dots are escaped, once or, within a string, twice.
const fourth = /(?<![\d.])(\d{1,3})(\\*\.)(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?![\d.])/g;
const sixth = /(?<![\w:.])(?:[\dA-Fa-f]{0,4}:){2,7}[\dA-Fa-f]{0,4}(?![\w:]|\.\d)/g;
const mail = /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;

/** Replaces each IPv4 address by one of 10.0.0.0/8 and each IPv6 address by one of fd00::/96, the same for the same and in the same order, and mail addresses. */
export function addressless(snapshot: Snapshot): (value: string) => string {
  const texts = [...stringsIn([snapshot.lists, snapshot.gets])];
  const old = numbered(new Set(texts.flatMap((text) => (text.match(fourth) ?? []).map(dotted))), oldAddress);
  const young = numbered(new Set(texts.flatMap((text) => (text.match(sixth) ?? []).flatMap(canonical))), youngAddress);
  return (value) =>
    value
      .replace(fourth, (each, _first, dot: string) => old.get(dotted(each))?.replaceAll('.', dot) ?? each)
      .replace(sixth, (each) => canonical(each).flatMap((known) => young.get(known) ?? [])[0] ?? each)
      .replace(mail, 'someone@example.com');
}

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const field of Object.values(value)) yield* stringsIn(field);
}

const dotted = (address: string): string => address.replaceAll('\\', '');

/** The one way to write an address; nothing for what only looks like one, such as a time of day or the name of a recording rule. */
function canonical(address: string): readonly string[] {
  return isIPv6(address) && /\d/.test(address) ? [new URL(`http://[${address}]`).hostname.slice(1, -1)] : [];
}

// They say of every machine the same.
const everywhere = new Set(['127.0.0.1', '0.0.0.0', '::1', '::']);

function numbered(addresses: ReadonlySet<string>, nameOf: (at: number) => string): ReadonlyMap<string, string> {
  const told = [...addresses].filter((address) => !everywhere.has(address)).sort();
  return new Map(told.map((address, at) => [address, nameOf(at)]));
}

// Three digits each, so that texts sort as before.
function oldAddress(at: number): string {
  return ['10', ...[Math.floor(at / 22_500), Math.floor(at / 150), at].map((part) => String(100 + (part % 150)))].join('.');
}

function youngAddress(at: number): string {
  const group = (part: number): string => (0x1000 + (part % 0xe000)).toString(16);
  return `fd00::${group(Math.floor(at / 0xe000))}:${group(at)}`;
}
