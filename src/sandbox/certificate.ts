import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { bitString, bool, der, integer, octetString, oid, sequence, set, utcTime, utf8String } from './der.ts';

/** A key and its certificate, both PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

const day = 24 * 3600 * 1000;

/** A fresh self-signed certificate for 127.0.0.1 and localhost, its own authority, made in a few milliseconds (RFC 5280). */
export function selfSigned(name: string, now: Date = new Date()): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const subject = sequence(set(sequence(oid('2.5.4.3'), utf8String(name))));
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    subject,
    sequence(utcTime(new Date(now.getTime() - day)), utcTime(new Date(now.getTime() + 365 * day))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions())),
  );
  const certificate = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, privateKey)));
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: pem(certificate) };
}

function extensions(): readonly Buffer[] {
  const names = sequence(der(0x82, Buffer.from('localhost', 'latin1')), der(0x87, Buffer.from([127, 0, 0, 1])));
  const serverAuth = sequence(oid('1.3.6.1.5.5.7.3.1'));
  // digitalSignature and keyCertSign: bits 0 and 5, two unused bits.
  const usage = der(0x03, Buffer.from([2, 0b1000_0100]));
  return [
    extension('2.5.29.19', true, sequence(bool(true))),
    extension('2.5.29.15', true, usage),
    extension('2.5.29.37', false, serverAuth),
    extension('2.5.29.17', false, names),
  ];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [bool(true)] : []), octetString(value));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}
