import { describe, expect, it } from 'vitest';
import { ReadError } from '../../../src/model/source.ts';
import { bareUrl, placeOf } from '../../../src/sources/endpoint.ts';
import { forbidden, natureOf, permissionText, refusedUser, statusOf } from '../../../src/sources/status.ts';
import { tunnelError } from '../../../src/sources/tunnel-error.ts';
import { noWay } from '../../../src/sources/way-closed.ts';

describe('a permission', () => {
  it.each([
    [{ verbs: ['list'], resource: 'pods', namespace: null }, 'list pods in all namespaces'],
    [
      { verbs: ['get', 'create'], resource: 'pods/portforward', namespace: 'ns' },
      'get pods/portforward and create pods/portforward in namespace ns',
    ],
  ])('reads as in RBAC', (permission, text) => expect(permissionText(permission)).toBe(text));

  it.each([
    [
      'pods is forbidden: User "system:serviceaccount:ns:tokmeter" cannot list resource "pods" in API group "" at the cluster scope',
      'system:serviceaccount:ns:tokmeter',
    ],
    ['pods is forbidden: User "a \\"b\\"" cannot get resource', 'a \\"b\\"'],
    ['admission webhook "x" denied the request', null],
  ])('is refused to someone: %s', (message, user) => expect(refusedUser(message)).toBe(user));

  it('refused by someone else says why', () => {
    const { message } = forbidden(
      'list pods',
      { verbs: ['list'], resource: 'pods', namespace: null },
      { code: 403, reason: 'Forbidden', message: 'outside office hours' },
    );
    expect(message).toBe('pods is forbidden (needs list in all namespaces): outside office hours');
  });
});

describe('a Status', () => {
  it.each([
    [
      '{"kind":"Status","apiVersion":"v1","code":403,"reason":"Forbidden","message":"no"}',
      { code: 403, reason: 'Forbidden', message: 'no' },
    ],
    ['{"kind":"Status","apiVersion":"v1"}', { code: 0, reason: '', message: '' }],
    ['{"status":"error"}', null],
    ['[]', null],
    ['null', null],
    ['404 page not found', null],
  ])('%s', (body, status) => expect(statusOf(body)).toEqual(status));
});

describe('an unexpected body', () => {
  it.each([
    ['', 'application/json', 'nothing'],
    ['<!DOCTYPE html><title> Sign in </title>', 'text/html', 'an HTML page ("Sign in")'],
    ['<html>', '', 'an HTML page'],
    ['\u001b[31mred', 'text/plain', 'no JSON: "\\u001b[31mred"'],
  ])('%j is named', (body, type, nature) => expect(natureOf(body, type)).toBe(nature));
});

describe('the end of a tunnel', () => {
  it.each([
    ['error forwarding port 1064 to pod X, uid Y: dial tcp4 127.0.0.1:1064: connect: connection refused', 'refused'],
    ['socat[1] E connect(5, AF=2 127.0.0.1:80, 16): Connection refused', 'refused'],
    ['read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer', 'reset'],
    ['failed to find sandbox "abc" in store: not found', 'gone'],
    ['{"closeConnection":true,"message":"connection refused"}', 'refused'],
    ['{"broken', 'lost'],
    ['', 'lost'],
  ])('%j', (said, problem) => expect(tunnelError(said).problem).toBe(problem));

  it('without a word tells its code', () => expect(tunnelError('', 1006).said).toBe('the websocket ended with code 1006'));
});

describe('an endpoint', () => {
  it.each([
    [{ at: 'pod', namespace: 'ns', pod: 'p', port: 1 } as const, 'port 1 of pod ns/p'],
    [{ at: 'service', namespace: 'ns', service: 's', port: 'web' } as const, 'port web of service ns/s'],
    [{ at: 'url', url: 'https://user:secret@prom.example/a/' } as const, 'https://prom.example/a'],
  ])('is named', (endpoint, place) => expect(placeOf(endpoint)).toBe(place));

  it('that is no URL stays what it is', () => expect(bareUrl('nonsense')).toBe('nonsense'));
});

describe('closed ways', () => {
  const denied = new ReadError('forbidden', 'x', 'pods/proxy is forbidden', { needs: 'get pods/proxy in namespace ns' });
  const dead = new ReadError('unreachable', 'x', 'the node is dead');
  it('one alone is the error', () => expect(noWay('get', 'it', [['proxy', denied]])).toBe(denied));
  it('several are all told, with the permission that would open one', () => {
    expect(
      noWay('get', 'it', [
        ['port-forward', dead],
        ['proxy', denied],
      ]),
    ).toMatchObject({
      reason: 'forbidden',
      needs: 'get pods/proxy in namespace ns',
      message: 'it cannot be reached by port-forward: the node is dead; by the proxy of the API server: pods/proxy is forbidden',
    });
  });
});
