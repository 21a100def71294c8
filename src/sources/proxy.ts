import { BlockList, isIP } from 'node:net';
import { KubeconfigError } from './kubeconfig-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The proxy-url of a kubeconfig's cluster; null when there is none. kubernetes/client-go tools/clientcmd/helpers.go parseProxyURL */
export function proxyOf(proxyUrl: string, cluster: string): URL | null {
  if (proxyUrl === '') return null;
  const wrong = (why: string) => new KubeconfigError(`invalid proxy-url for cluster ${JSON.stringify(cluster)}: ${why}`);
  if (!URL.canParse(proxyUrl)) throw wrong('it is no URL');
  const url = new URL(proxyUrl);
  if (['http:', 'https:', 'socks5:'].includes(url.protocol)) return url;
  throw wrong(`unsupported scheme ${JSON.stringify(url.protocol.slice(0, -1))}, must be http, https, or socks5`);
}

/** The proxy that HTTPS_PROXY or HTTP_PROXY name for this server, unless NO_PROXY leaves it out. golang.org/x/net/http/httpproxy */
export function proxyFromEnvironment(server: URL, env: Env): URL | null {
  const secure = server.protocol === 'https:';
  // A CGI program could be given HTTP_PROXY by its client: httpproxy.Config.CGI
  if (!secure && env.REQUEST_METHOD) return null;
  const name = secure ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = env[name] || env[name.toLowerCase()] || '';
  if (text === '' || !useProxy(server, env.NO_PROXY || env.no_proxy || '')) return null;
  const url = parsed(text.includes('://') ? text : `http://${text}`);
  if (url === null) throw new KubeconfigError(`${name} is no proxy address: it must look like http://HOST:PORT`);
  return url;
}

function parsed(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return ['http:', 'https:', 'socks5:', 'socks5h:'].includes(url.protocol) && url.hostname !== '' ? url : null;
}

/** Whether NO_PROXY lets a request to this server go through a proxy. */
export function useProxy(server: URL, noProxy: string): boolean {
  const host = server.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || isLoopback(host)) return false;
  const entries = noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');
  return !entries.some(
    (entry) => entry === '*' || (isIP(host) === 0 ? domainMatches(entry, host, port) : addressMatches(entry, host, port)),
  );
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function addressMatches(entry: string, host: string, port: string): boolean {
  const range = /^(.+)\/(\d{1,3})$/.exec(entry);
  if (range !== null) return inRange(range[1] ?? '', Number(range[2]), host);
  const { name, port: wanted } = split(entry);
  return isIP(name) !== 0 && sameAddress(name, host) && (wanted === '' || wanted === port);
}

function inRange(network: string, bits: number, host: string): boolean {
  const family = isIP(network);
  if (family === 0 || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

function sameAddress(a: string, b: string): boolean {
  return inRange(a, isIP(a) === 4 ? 32 : 128, b);
}

/** "foo.com" is for itself and below, ".foo.com" and "*.foo.com" only for what is below. */
function domainMatches(entry: string, host: string, port: string): boolean {
  const { name, port: wanted } = split(entry);
  if (name === '' || (wanted !== '' && wanted !== port)) return false;
  const bare = name.startsWith('*.') ? name.slice(1) : name;
  return bare.startsWith('.') ? host.endsWith(bare) : host === bare || host.endsWith(`.${bare}`);
}

function split(entry: string): { readonly name: string; readonly port: string } {
  if (isIP(entry) !== 0) return { name: entry, port: '' };
  const [, name = entry, port = ''] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return { name: name.replace(/^\[|\]$/g, ''), port };
}
