import { describe, expect, it } from 'vitest';
import { proxyFromEnvironment, proxyOf, useProxy } from '../../../src/sources/proxy.ts';

describe('NO_PROXY', () => {
  // The cases of golang.org/x/net/http/httpproxy proxy_test.go, and CIDRs.
  it.each<[server: string, noProxy: string, uses: boolean]>([
    ['https://example.com', '', true],
    ['https://localhost:6443', '', false],
    ['https://127.0.0.1:6443', '', false],
    ['https://127.200.1.1', '', false],
    ['https://[::1]:6443', '', false],
    ['https://example.com', '*', false],
    ['https://example.com', 'a.b, * ,c', false],
    ['https://example.com', 'example.com', false],
    ['https://EXAMPLE.com', 'Example.COM', false],
    ['https://www.example.com', 'example.com', false],
    ['https://example.com', '.example.com', true],
    ['https://www.example.com', '.example.com', false],
    ['https://www.example.com', '*.example.com', false],
    ['https://example.com', '*.example.com', true],
    ['https://notexample.com', 'example.com', true],
    ['https://example.com:6443', 'example.com:6443', false],
    ['https://example.com:6443', 'example.com:443', true],
    ['https://example.com', 'example.com:443', false],
    ['http://example.com', 'example.com:80', false],
    ['https://example.com', ' , ,example.org', true],
    ['https://10.1.2.3:6443', '10.0.0.0/8', false],
    ['https://10.1.2.3:6443', '10.1.2.0/24,192.168.0.0/16', false],
    ['https://11.1.2.3:6443', '10.0.0.0/8', true],
    ['https://10.1.2.3:6443', '10.1.2.3', false],
    ['https://10.1.2.3:6443', '10.1.2.3:6443', false],
    ['https://10.1.2.3:6443', '10.1.2.3:443', true],
    ['https://10.1.2.3:6443', '10.1.2', true],
    ['https://10.1.2.3:6443', '10.0.0.0/99', true],
    ['https://[fd00::1]:6443', 'fd00::/8', false],
    ['https://[fe00::1]:6443', 'fd00::/8', true],
    ['https://[fd00::1]:6443', 'fd00:0::1', false],
    ['https://[fd00::1]:6443', '[fd00::1]:6443', false],
    ['https://[fd00::1]:6443', '10.0.0.0/8', true],
  ])('%s with %j: %s', (server, noProxy, uses) => {
    expect(useProxy(new URL(server), noProxy)).toBe(uses);
  });
});

describe('a proxy from the environment', () => {
  it.each<[server: string, env: Record<string, string>, proxy: string | null]>([
    ['https://a', { HTTPS_PROXY: 'http://p:3128' }, 'http://p:3128/'],
    ['https://a', { https_proxy: 'http://p:3128' }, 'http://p:3128/'],
    ['https://a', { HTTPS_PROXY: 'http://up:1', https_proxy: 'http://low:2' }, 'http://up:1/'],
    ['https://a', { HTTP_PROXY: 'http://p:3128' }, null],
    ['http://a', { HTTP_PROXY: 'http://p:3128' }, 'http://p:3128/'],
    ['http://a', { HTTP_PROXY: 'http://p:3128', REQUEST_METHOD: 'GET' }, null],
    ['http://a', { HTTPS_PROXY: 'http://p:3128' }, null],
    ['https://a', { HTTPS_PROXY: 'p:3128' }, 'http://p:3128/'],
    ['https://a', { HTTPS_PROXY: 'p' }, 'http://p/'],
    ['https://a', { HTTPS_PROXY: '10.0.0.1:3128' }, 'http://10.0.0.1:3128/'],
    ['https://a', { HTTPS_PROXY: 'socks5://u:p@p:1080' }, 'socks5://u:p@p:1080'],
    ['https://a', { HTTPS_PROXY: 'https://p' }, 'https://p/'],
    ['https://a', { HTTPS_PROXY: 'http://p', NO_PROXY: 'a' }, null],
    ['https://a', { HTTPS_PROXY: 'http://p', no_proxy: 'a' }, null],
    ['https://a', { HTTPS_PROXY: '' }, null],
    ['https://a', {}, null],
  ])('%s with %j: %s', (server, env, proxy) => {
    expect(proxyFromEnvironment(new URL(server), env)?.href ?? null).toBe(proxy);
  });

  it('is refused without its value, which may hold a password, when it is none', () => {
    expect(() => proxyFromEnvironment(new URL('https://a'), { HTTPS_PROXY: 'http://u:secret@:::' })).toThrow(
      /^HTTPS_PROXY is no proxy address: it must look like http:\/\/HOST:PORT$/,
    );
  });
});

describe('proxy-url', () => {
  it.each([
    ['http://p:3128', 'http://p:3128/'],
    ['https://u:p@p', 'https://u:p@p/'],
    ['socks5://p:1080', 'socks5://p:1080'],
    ['', undefined],
  ])('%j', (given, expected) => {
    expect(proxyOf(given, 'c')?.href).toBe(expected);
  });

  it.each([
    ['socks4://p', 'invalid proxy-url for cluster "c": unsupported scheme "socks4", must be http, https, or socks5'],
    ['ftp://p', 'unsupported scheme "ftp"'],
    ['p:3128', 'unsupported scheme "p"'],
    ['nonsense', 'it is no URL'],
  ])('%j is refused', (given, message) => {
    expect(() => proxyOf(given, 'c')).toThrow(message);
  });
});
