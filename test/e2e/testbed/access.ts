import type { Api, Manifest } from './api.ts';

/** Whether the API server would let the ServiceAccount of a pod list the pods of a namespace, or of all: its own authorizer says so. A pod that is not there is of another cluster, and is let. */
export async function mayListPods(api: Api, pod: { readonly namespace: string; readonly name: string }, within?: string): Promise<boolean> {
  const { namespace, name } = pod;
  const found = await api.get({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } });
  if (found === null) return true;
  const account = (found.spec as { readonly serviceAccountName?: string } | undefined)?.serviceAccountName ?? 'default';
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${namespace}:${account}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      resourceAttributes: { verb: 'list', group: '', resource: 'pods', ...(within === undefined ? {} : { namespace: within }) },
    },
  };
  const { status, body } = await api.send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
  if (status !== 201) throw new Error(`no SubjectAccessReview: ${status} ${JSON.stringify(body)}`);
  return ((body as Manifest).status as { readonly allowed?: boolean }).allowed === true;
}
