import { describe, expect, it } from 'vitest';
import * as yaml from 'yaml';
import { parseKubeconfig } from '../../../src/sources/kubeconfig-parse.ts';

const parse = (text: string) => parseKubeconfig(text, '/home/jane/.kube/config', yaml);

describe('a broken kubeconfig is told with file and line', () => {
  it.each([
    ['a list', '- a\n', '1: a kubeconfig is a mapping with clusters, users and contexts, not a list'],
    ['a word', '\n\nhello', '3: a kubeconfig is a mapping with clusters, users and contexts, not a string'],
    ['tabs', 'a: 1\nclusters:\n\t- name: c\n', /^3: tabs are not allowed as indentation/],
    ['an open bracket', 'clusters: [{name: c\n', /^2: /],
    ['an unknown alias', 'a: 1\nclusters: *x\n', /^\d: .*unresolved alias/],
    ['NUL', 'a: 1\nb: \u0000\n', '2: holds control characters: this is no YAML'],
    ['an escape sequence', 'a: 1\nb: \u001b[31m\n', '2: holds control characters: this is no YAML'],
    ['clusters as a mapping', 'clusters:\n  c: {server: x}\n', '2: clusters must be a list, not a mapping'],
    ['a cluster that is a word', 'clusters:\n- name: c\n- nope\n', '3: clusters[1] must be a mapping, not a string'],
    ['a cluster whose content is a list', 'clusters:\n- name: c\n  cluster: []\n', '3: clusters[0].cluster must be a mapping, not a list'],
    ['a name twice', 'users:\n- name: u\n- name: v\n- name: u\n', '4: users[2] is a second user with the name "u"'],
    ['a number', 'users:\n- name: u\n  user:\n    token: 12\n', '4: users[0].user.token must be a string, not a number: put it in quotes'],
    ['y', 'users:\n- name: u\n  user: {password: y}\n', '3: users[0].user.password must be a string, not a boolean: put it in quotes'],
    [
      'a quoted flag',
      'clusters:\n- cluster:\n    insecure-skip-tls-verify: "true"\n',
      '3: clusters[0].cluster.insecure-skip-tls-verify must be true or false, not a string',
    ],
    [
      'no base64',
      'clusters:\n- cluster:\n\n    certificate-authority-data: a#\n',
      '4: clusters[0].cluster.certificate-authority-data is not base64',
    ],
    ['base64 cut short', 'users:\n- user: {client-key-data: QUJ}\n', '2: users[0].user.client-key-data is not base64'],
    ['groups as a word', 'users:\n- user:\n    as-groups: g\n', '3: users[0].user.as-groups must be a list, not a string'],
    ['a kind', 'apiVersion: v1\nkind: Pod\n', '2: kind is "Pod", but a kubeconfig has "Config" there'],
    ['a version', 'apiVersion: v2\n', '1: apiVersion is "v2", but a kubeconfig has "v1" there'],
    ['current-context as a number', 'current-context: 1\n', '1: current-context must be a string, not a number: put it in quotes'],
  ])('%s', (_, text, expected) => {
    const message = expect.objectContaining({
      name: 'KubeconfigError',
      message: expect.stringMatching(/^\/home\/jane\/\.kube\/config:\d+: /),
    });
    expect(caught(text)).toEqual(message);
    const told = String((caught(text) as Error).message).replace('/home/jane/.kube/config:', '');
    if (typeof expected === 'string') expect(told).toBe(expected);
    else expect(told.toLowerCase()).toMatch(expected);
  });

  it('refuses aliases that grow without end, quickly', () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) => `a${level}: &a${level} [${Array(9).fill(level === 0 ? 'x' : `*a${level - 1}`)}]`,
    );
    expect(caught(levels.join('\n'))).toEqual(expect.objectContaining({ name: 'KubeconfigError' }));
  });

  it('is not fooled by names of Object.prototype', () => {
    const config = parse('__proto__: {current-context: x}\nusers: [{name: __proto__, user: {token: t}}, {name: toString}]\n');
    expect(config.currentContext).toBe('');
    expect([...config.users.keys()]).toEqual(['__proto__', 'toString']);
    expect(config.users.get('toString')?.token).toBe('');
  });
});

describe('nothing is an empty kubeconfig', () => {
  it.each([[''], ['\n \n'], ['# only a comment'], ['---\n'], ['null'], ['{}'], ['clusters:\nusers:\ncontexts:\n']])('%j', (text) => {
    expect(parse(text)).toEqual({ currentContext: '', contexts: new Map(), clusters: new Map(), users: new Map() });
  });
});

function caught(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    return error;
  }
}
