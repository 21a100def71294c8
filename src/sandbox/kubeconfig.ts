/** A kubeconfig for one API server, as text. */
export function kubeconfigText(server: string, ca: string, token: string, context: string): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [{ name: context, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: context, user: { token } }],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
  };
  // JSON is YAML.
  return `${JSON.stringify(config, null, 2)}\n`;
}
