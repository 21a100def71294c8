import { describe, expect, it } from 'vitest';
import { ReadError } from '../../../src/model/source.ts';
import { escapedKey, impersonationOf } from '../../../src/sources/credentials.ts';
import { noUser } from '../../../src/sources/kubeconfig-entry.ts';
import { ipv6Bytes, refusalOf } from '../../../src/sources/socket-proxy.ts';
import { interrupted, type Peer, socketTrouble } from '../../../src/sources/socket-trouble.ts';

const server: Peer = { role: 'server', name: 'https://api.example:6443', host: 'api.example' };
const proxy: Peer = { role: 'proxy', name: 'http://proxy:3128', host: 'proxy' };
const failure = (code: string, more: object = {}) => Object.assign(new Error(`${code} happened`), { code, ...more });

describe('a failed connection is a sentence', () => {
  it.each<[string, Peer, object, RegExp]>([
    ['ECONNREFUSED', server, {}, /^https:\/\/api\.example:6443 refused the connection: nothing listens there$/],
    ['ECONNREFUSED', proxy, {}, /^proxy http:\/\/proxy:3128 refused the connection/],
    ['ENOTFOUND', server, {}, /"api\.example" .* does not exist in DNS$/],
    ['EAI_AGAIN', server, {}, /^DNS did not answer for "api\.example"/],
    ['EHOSTUNREACH', server, {}, /no route/],
    ['ECONNRESET', server, {}, /closed the connection before it was ready/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', server, {}, /self-signed/],
    ['SELF_SIGNED_CERT_IN_CHAIN', server, {}, /unknown authority.*--certificate-authority/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', server, {}, /unknown authority/],
    ['CERT_HAS_EXPIRED', server, {}, /has expired/],
    ['CERT_NOT_YET_VALID', server, {}, /not valid yet/],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      server,
      { cert: { subjectaltname: 'DNS:a.test, IP Address:10.0.0.1' } },
      /is for a\.test, 10\.0\.0\.1:.*--tls-server-name/,
    ],
    ['ERR_TLS_CERT_ALTNAME_INVALID', server, {}, /is for another host/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', server, {}, /does not speak TLS/],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', server, {}, /does not speak TLS/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', server, {}, /TLS version/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', server, {}, /refuses the client certificate/],
    ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', server, {}, /does not belong/],
    ['ERR_OSSL_PEM_NO_START_LINE', server, {}, /not PEM/],
    ['EWHATEVER', server, {}, /^https:\/\/api\.example:6443 cannot be connected to: EWHATEVER happened$/],
  ])('%s', (code, peer, more, message) => {
    const trouble = socketTrouble(failure(code, more), peer);
    expect(trouble).toMatchObject({
      name: 'ReadError',
      reason: 'unreachable',
      what: `connect to ${peer.name}`,
      message: expect.stringMatching(message),
    });
  });

  it('keeps a sentence that is one already', () => {
    const told = new ReadError('forbidden', 'x', 'y');
    expect(socketTrouble(told, server)).toBe(told);
    expect(interrupted(told, server, 1)).toBe(told);
  });

  it('tells time-outs from interruptions', () => {
    expect(socketTrouble(failure('ETIMEDOUT'), server).reason).toBe('timeout');
    expect(interrupted(new DOMException('', 'TimeoutError'), server, 2_500)).toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('within 2.5 s'),
    });
    expect(interrupted(new DOMException('', 'AbortError'), server, 2_500).reason).toBe('interrupted');
  });
});

describe('what a proxy answers to CONNECT', () => {
  const answer = (head: string, loggedIn = false) => refusalOf(`${head}\r\n\r\n`, 'api:443', proxy, loggedIn);

  it.each<[string, boolean, RegExp | null]>([
    ['HTTP/1.1 200 Connection established', false, null],
    ['HTTP/1.0 200 OK', false, null],
    ['HTTP/1.1 200', false, null],
    ['HTTP/1.1 200 OK\r\nContent-Type: text/html', false, /an HTML page: it is a web server or a login portal/],
    ['HTTP/1.1 407 Proxy Authentication Required', false, /407 Proxy Authentication Required: give it a login/],
    ['HTTP/1.1 407 Proxy Authentication Required', true, /does not accept this user and password/],
    [
      'HTTP/1.1 403 Forbidden\r\ncontent-type: text/html; charset=x',
      false,
      /answered 403 Forbidden and an HTML page when asked for api:443/,
    ],
    ['HTTP/1.1 502 Bad Gateway', false, /502 Bad Gateway when asked for api:443/],
    ['SSH-2.0-OpenSSH', false, /is no http proxy: it answered CONNECT with "SSH-2\.0/],
    ['\u001b[31mboo', false, /is no http proxy: it answered CONNECT with "\\u001b/],
  ])('%j', (head, loggedIn, message) => {
    if (message === null) expect(answer(head, loggedIn)).toBeNull();
    else expect(answer(head, loggedIn)).toMatch(message);
  });
});

describe('ipv6Bytes', () => {
  it.each([
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['fd00::1', 'fd000000000000000000000000000001'],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
    ['::ffff:10.1.2.3', '00000000000000000000ffff0a010203'],
  ])('%s', (address, hex) => {
    expect(Buffer.from(ipv6Bytes(address)).toString('hex')).toBe(hex);
  });
});

describe('impersonation headers', () => {
  it.each([
    ['scopes', 'scopes'],
    ['acme.com/Tier', 'acme.com%2FTier'],
    ['100%', '100%25'],
    ['ü', '%C3%BC'],
    ['a b', 'a%20b'],
  ])('the key %s is sent as %s', (key, escaped) => {
    expect(escapedKey(key)).toBe(escaped);
  });

  it('are none without a user', () => {
    expect(impersonationOf({ ...noUser, impersonateGroups: ['g'] })).toEqual([]);
  });

  it('refuse line breaks', () => {
    expect(() => impersonationOf({ ...noUser, impersonate: 'a\r\nImpersonate-Group: system:masters' })).toThrow(/line break/);
  });
});
