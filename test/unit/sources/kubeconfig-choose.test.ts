import { describe, expect, it } from 'vitest';
import { type ClusterFlags, choose } from '../../../src/sources/kubeconfig-choose.ts';
import { type ClusterEntry, type Kubeconfig, noCluster, noContext, noUser, type UserEntry } from '../../../src/sources/kubeconfig-entry.ts';
import { mergeKubeconfigs } from '../../../src/sources/kubeconfig-merge.ts';
import { faultsOf } from '../../../src/sources/kubeconfig-valid.ts';

const config = (part: Partial<Kubeconfig>): Kubeconfig => ({
  currentContext: '',
  contexts: new Map(),
  clusters: new Map(),
  users: new Map(),
  ...part,
});
const cluster = (part: Partial<ClusterEntry>): ClusterEntry => ({ ...noCluster, ...part });
const user = (part: Partial<UserEntry>): UserEntry => ({ ...noUser, ...part });
const ca = Buffer.from('CA');

const base = config({
  currentContext: 'prod',
  contexts: new Map([
    ['prod', { cluster: 'east', user: 'admin', namespace: 'shop' }],
    ['stage', { ...noContext, cluster: 'west', user: 'dev' }],
    ['dangling', { ...noContext, cluster: 'wset', user: 'dev' }],
    ['nobody', { ...noContext, cluster: 'east', user: 'admn' }],
    ['bare', noContext],
  ]),
  clusters: new Map([
    ['east', cluster({ server: 'https://east', tlsServerName: 'east.internal', certificateAuthorityData: ca })],
    ['west', cluster({ server: 'https://west', insecureSkipTlsVerify: true })],
  ]),
  users: new Map([
    ['admin', user({ clientCertificateData: Buffer.from('C'), clientKeyData: Buffer.from('K') })],
    ['dev', user({ token: 'dev', impersonate: 'jane', impersonateGroups: ['g'] })],
    ['file', user({ tokenFile: '/token' })],
    ['basic', user({ username: 'u', password: 'p' })],
  ]),
});

describe('mergeKubeconfigs', () => {
  const file = (path: string, part: Partial<Kubeconfig>) => ({ path, config: config(part) });

  it('makes nothing of no files', () => {
    expect(mergeKubeconfigs([])).toEqual(config({}));
  });

  it('takes each entry whole from the first file that has it', () => {
    const merged = mergeKubeconfigs([
      file('/a/config', { users: new Map([['u', user({ token: 'first' })]]) }),
      file('/b/config', {
        users: new Map([
          ['u', user({ username: 'second' })],
          ['v', user({ token: 'only' })],
        ]),
      }),
    ]);
    expect(merged.users.get('u')).toEqual(user({ token: 'first' }));
    expect(merged.users.get('v')).toEqual(user({ token: 'only' }));
  });

  it('takes current-context from the first file that sets it', () => {
    const files = [file('/a', {}), file('/b', { currentContext: 'two' }), file('/c', { currentContext: 'three' })];
    expect(mergeKubeconfigs(files).currentContext).toBe('two');
  });

  it('resolves paths from the folder of their own file', () => {
    const merged = mergeKubeconfigs([
      file('/a/config', { clusters: new Map([['c', cluster({ certificateAuthority: 'ca.crt' })]]) }),
      file('/b/c/config', { users: new Map([['u', user({ clientCertificate: '../x.crt', clientKey: '/abs.key', tokenFile: 't' })]]) }),
    ]);
    expect(merged.clusters.get('c')?.certificateAuthority).toBe('/a/ca.crt');
    expect(merged.users.get('u')).toMatchObject({ clientCertificate: '/b/x.crt', clientKey: '/abs.key', tokenFile: '/b/c/t' });
  });

  it.each([
    ['./login', '/a/login'],
    ['bin/login', '/a/bin/login'],
    ['/opt/login', '/opt/login'],
    ['login', 'login'],
  ])('an exec command %s becomes %s', (command, expected) => {
    const exec = { apiVersion: '', command, args: [], env: [], installHint: '', provideClusterInfo: false, interactiveMode: '' };
    const merged = mergeKubeconfigs([file('/a/config', { users: new Map([['u', user({ exec })]]) })]);
    expect(merged.users.get('u')?.exec?.command).toBe(expected);
  });
});

describe('choose', () => {
  it.each<[string, ClusterFlags, object]>([
    ['the current context', {}, { contextName: 'prod', clusterName: 'east', userName: 'admin', namespace: 'shop' }],
    ['another context', { context: 'stage' }, { contextName: 'stage', clusterName: 'west', userName: 'dev', namespace: '' }],
    [
      'another cluster and user of a context',
      { cluster: 'west', user: 'dev' },
      { contextName: 'prod', clusterName: 'west', userName: 'dev' },
    ],
    ['a namespace', { namespace: 'here' }, { namespace: 'here' }],
    [
      '--server drops tls-server-name and keeps the CA',
      { server: 'https://x' },
      { cluster: cluster({ server: 'https://x', certificateAuthorityData: ca }) },
    ],
    [
      '--server with --tls-server-name',
      { server: 'https://x', tlsServerName: 'y' },
      { cluster: cluster({ server: 'https://x', tlsServerName: 'y', certificateAuthorityData: ca }) },
    ],
    [
      '--insecure-skip-tls-verify drops the CA',
      { insecureSkipTlsVerify: true },
      { cluster: cluster({ server: 'https://east', tlsServerName: 'east.internal', insecureSkipTlsVerify: true }) },
    ],
    [
      '--certificate-authority drops insecure-skip-tls-verify',
      { cluster: 'west', certificateAuthority: 'ca.crt' },
      { cluster: cluster({ server: 'https://west', certificateAuthority: 'ca.crt' }) },
    ],
    ['a server in a context without a cluster', { context: 'bare', server: 'https://x' }, { cluster: cluster({ server: 'https://x' }) }],
    [
      'a server in a context with an absent cluster',
      { context: 'dangling', server: 'https://x' },
      { cluster: cluster({ server: 'https://x' }) },
    ],
    ['a token in a context with an absent user', { context: 'nobody', token: 't' }, { user: user({ token: 't' }) }],
    ['--token drops a token file', { user: 'file', token: 't' }, { user: user({ token: 't' }) }],
    ['--token drops a password', { user: 'basic', token: 't' }, { user: user({ token: 't' }) }],
    ['--as keeps groups', { user: 'dev', as: 'joe' }, { user: user({ token: 'dev', impersonate: 'joe', impersonateGroups: ['g'] }) }],
    [
      '--as-group replaces groups',
      { user: 'dev', asGroup: ['h'] },
      { user: user({ token: 'dev', impersonate: 'jane', impersonateGroups: ['h'] }) },
    ],
    ['--client-key replaces data', { clientKey: 'k' }, { user: user({ clientCertificateData: Buffer.from('C'), clientKey: 'k' }) }],
  ])('%s', (_, flags, expected) => {
    expect(choose(base, flags)).toMatchObject(expected);
  });

  it.each<[ClusterFlags, string]>([
    [{ context: 'prd' }, 'context "prd" does not exist; did you mean "prod"?'],
    [{ context: 'xyzzy-42' }, 'context "xyzzy-42" does not exist; there are bare, dangling, nobody, prod, stage'],
    [{ cluster: 'est' }, 'cluster "est" does not exist; did you mean "east" or "west"?'],
    [{ user: 'admn' }, 'user "admn" does not exist; did you mean "admin"?'],
    [{ context: 'dangling' }, 'cluster "wset" was not found for context "dangling"; did you mean "west"?'],
    [{ context: 'nobody' }, 'user "admn" was not found for context "nobody"; did you mean "admin"?'],
    [{ context: 'bare' }, 'cluster was not specified for context "bare"'],
  ])('%j: %s', (flags, message) => {
    expect(() => choose(base, flags)).toThrow(message);
  });

  it('says which contexts there are when current-context names none', () => {
    expect(() => choose({ ...base, currentContext: 'gone' }, {})).toThrow(
      'current-context "gone" does not exist; there are bare, dangling, nobody, prod, stage',
    );
    expect(() => choose(config({ currentContext: 'gone' }), {})).toThrow('current-context "gone" does not exist; there is none');
  });

  it('makes nothing of an empty kubeconfig', () => {
    expect(choose(config({}), {})).toMatchObject({ contextName: null, cluster: noCluster, user: noUser });
  });
});

describe('faultsOf', () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'x',
    args: [],
    env: [],
    installHint: '',
    provideClusterInfo: false,
    interactiveMode: 'Never',
  };
  const good = { server: 'https://a' };

  it.each<[Partial<ClusterEntry>, Partial<UserEntry>, readonly (string | RegExp)[]]>([
    [good, { token: 't' }, []],
    [good, {}, []],
    [{}, {}, [/^no server found for cluster "c"$/]],
    [{ ...good, certificateAuthority: 'a', certificateAuthorityData: ca }, {}, [/both specified for cluster "c"/]],
    [{ ...good, certificateAuthorityData: ca, insecureSkipTlsVerify: true }, {}, [/insecure-skip-tls-verify/]],
    [good, { token: 't', username: 'u' }, [/more than one authentication method found for user "u"/]],
    [good, { tokenFile: 't', password: 'p' }, [/more than one authentication method/]],
    [good, { clientCertificate: 'c' }, [/client-key-data or client-key must be specified/]],
    [good, { clientCertificate: 'c', clientCertificateData: ca, clientKey: 'k' }, [/client-certificate-data and client-certificate/]],
    [good, { clientCertificate: 'c', clientKeyData: ca, clientKey: 'k' }, [/client-key-data and client-key are both/]],
    [good, { impersonateGroups: ['g'] }, [/without impersonating a user/]],
    [good, { impersonateUid: '1' }, [/without impersonating a user/]],
    [good, { impersonateExtra: { a: ['b'] } }, [/without impersonating a user/]],
    [good, { exec }, []],
    [good, { exec: { ...exec, command: '' } }, [/command .* must be specified/]],
    [good, { exec: { ...exec, apiVersion: '', interactiveMode: '' } }, [/apiVersion .* must be specified/]],
    [
      good,
      { exec: { ...exec, apiVersion: 'client.authentication.k8s.io/v1alpha1' } },
      [/known are client\.authentication\.k8s\.io\/v1 and/],
    ],
    [good, { exec: { ...exec, interactiveMode: '' } }, [/interactiveMode .* must be specified/]],
    [good, { exec: { ...exec, interactiveMode: 'Sometimes' } }, [/interactiveMode .* is "Sometimes"/]],
    [good, { exec: { ...exec, env: [{ name: '', value: 'x' }] } }, [/env variable .* has no name/]],
    [good, { exec, authProvider: { name: 'oidc', config: {} } }, [/auth-provider and exec/]],
  ])('%j %j', (clusterPart, userPart, expected) => {
    const chosen = {
      contextName: null,
      clusterName: 'c',
      userName: 'u',
      namespace: '',
      cluster: cluster(clusterPart),
      user: user(userPart),
    };
    expect(faultsOf(chosen)).toEqual(expected.map((message) => expect.stringMatching(message)));
  });
});
