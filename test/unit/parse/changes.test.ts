import { describe, expect, it } from 'vitest';
import { changesOf, commandsOf, looksOnly, pipesOf, targetsOf } from '../../../src/parse/changes.ts';

describe('the commands of a remedy', () => {
  it.each([
    ['kubectl get x', [[['kubectl', 'get', 'x']]]],
    ["a 'b c' && d\ne", [[['a', 'b c']], [['d']], [['e']]]],
    ["a | b '|' | c", [[['a'], ['b', '|'], ['c']]]],
    ["a 'it'\\''s'", [[['a', "it's"]]]],
  ])('%s', (line, pipes) => {
    expect(pipesOf(line)).toEqual(pipes);
    expect(commandsOf(line)).toEqual(pipes.flat());
  });

  it.each(['a || b', 'a; b', 'a > b', 'a & b', 'a "$(b)"', "a 'b"])('are not told of %s', (line) => expect(pipesOf(line)).toBeNull());
});

it.each([
  ['kubectl -n a logs b -c c --previous', true],
  ['kubectl get x -o yaml && kubectl -n a describe y z', true],
  ['kubectl get x -o json | jq . | kubectl replace -f -', false],
  ['kubectl get x && kubectl -n a rollout restart deployment/x', false],
  ['helm upgrade x y', false],
  ['kubectl -n logs rollout restart deployment/get', false],
  ['kubectl -n describe get pod delete', true],
  ['git clone x; make', false],
])('%s only shows: %s', (command, looks) => expect(looksOnly(command)).toBe(looks));

it.each([
  ['kubectl -n a delete pod b && kubectl -n a rollout restart deployment/c', 1],
  ['kubectl get x y -o json | jq . | kubectl apply -f - && kubectl -n a delete pod b', 0],
])('%s changes %i objects that can be told', (command, count) => expect(changesOf({ text: '', command })).toHaveLength(count));

it.each([
  ['kubectl -n a get configmap b -o json | jq . | kubectl replace -f -\nkubectl -n a rollout restart daemonset/c', ['configmap a/b']],
  ['kubectl -n a patch PodMonitor b -p x && kubectl -n a patch deployment/c -p y', ['podmonitor a/b', 'deployment a/c']],
  ['kubectl -n a set env deployment/b X-', ['deployment a/b']],
  ['kubectl -n a get pod b && kubectl -n a logs c', []],
  ['openssl rand -hex 32 | jq -R . | kubectl create -f -', []],
  ['kubectl -n a patch x y; rm z', []],
])('%s changes for good: %j', (command, named) =>
  expect(targetsOf({ text: '', command }).map(({ word, namespace, name }) => `${word} ${namespace}/${name}`)).toEqual(named),
);

describe('roles that a command creates', () => {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const verbs = ['get', 'list'];
  it.each<[string, object]>([
    [
      'kubectl create clusterrole a --verb=get,list --resource=pods,endpointslices.discovery.k8s.io',
      {
        apiVersion,
        kind: 'ClusterRole',
        metadata: { name: 'a' },
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs },
          { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
        ],
      },
    ],
    [
      'kubectl -n x create role a --verb=get,list --resource=pods',
      { apiVersion, kind: 'Role', metadata: { name: 'a', namespace: 'x' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs }] },
    ],
    [
      'kubectl create clusterrolebinding a --clusterrole=b --serviceaccount=m:c',
      {
        apiVersion,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'a' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'b' },
        subjects: [{ kind: 'ServiceAccount', name: 'c', namespace: 'm' }],
      },
    ],
    [
      'kubectl -n x create rolebinding a --role=b --serviceaccount=m:c',
      {
        apiVersion,
        kind: 'RoleBinding',
        metadata: { name: 'a', namespace: 'x' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'b' },
        subjects: [{ kind: 'ServiceAccount', name: 'c', namespace: 'm' }],
      },
    ],
  ])('%s', (command, object) => expect(changesOf({ text: '', command })).toEqual([{ does: 'put', object }]));

  it('are told of no other kind', () => expect(changesOf({ text: '', command: 'kubectl create secret generic a' })).toEqual([]));
});
