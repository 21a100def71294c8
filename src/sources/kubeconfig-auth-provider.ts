import type { Cluster, Context, User } from '@kubernetes/client-node';
import { ReadError } from '../model/source.ts';
import type { UserEntry } from './kubeconfig-entry.ts';

/** The Authorization that a legacy auth-provider (oidc, gcp, azure) gives; @kubernetes/client-node knows how, and is loaded only for it. */
export async function askAuthProvider(user: UserEntry, userName: string, server: URL): Promise<string> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const cluster: Cluster = { name: 'cluster', server: server.href, skipTLSVerify: false };
  const known: User = { name: 'user', authProvider: user.authProvider };
  const context: Context = { name: 'context', cluster: 'cluster', user: 'user' };
  const config = new KubeConfig();
  config.loadFromOptions({ clusters: [cluster], users: [known], contexts: [context], currentContext: 'context' });
  const options: { headers?: Record<string, unknown> } = {};
  try {
    await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]);
  } catch (error) {
    throw trouble(user, userName, error instanceof Error ? error.message : String(error), error);
  }
  const given = options.headers?.Authorization;
  if (typeof given === 'string' && given !== '') return given;
  throw trouble(user, userName, 'it gave no token');
}

function trouble(user: UserEntry, name: string, why: string, cause?: unknown): ReadError {
  const message = `auth-provider ${JSON.stringify(user.authProvider?.name)} of user ${JSON.stringify(name)} gives no credentials: ${why}`;
  return new ReadError('unreachable', `get credentials of user ${name}`, message, { cause });
}
