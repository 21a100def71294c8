import { X509Certificate } from 'node:crypto';
import { kinds, listing } from '../../../facts/kinds.ts';
import { defineFact } from '../../../model/fact.ts';
import type { KubeObject } from '../../../model/source.ts';
import { list, record, records, strings, text } from '../../../parse/fields.ts';

/** What is known of the certificate that the API server checks the webhook's by. */
export type CaBundle =
  | { readonly status: 'empty' }
  | { readonly status: 'unreadable' }
  | { readonly status: 'read' /** When the last certificate to expire does. */; readonly notAfter: Date; readonly notBefore: Date };

/** A mutating webhook on pods. */
export interface PodWebhook {
  readonly configuration: string;
  readonly name: string;
  readonly service: { readonly namespace: string; readonly name: string; readonly path: string } | null;
  readonly caBundle: CaBundle;
  readonly failurePolicy: string;
  readonly objectLabels: Readonly<Record<string, string>>;
}

/** Every webhook that could inject sidecars: mutating ones that are called when a pod is created. The clock is that of the run. */
export const podWebhooks = defineFact({
  id: 'pod-webhooks',
  title: 'webhooks that mutate pods',
  reads: [listing(kinds.mutatingwebhookconfigurations)],
  read: async (_, { source }): Promise<{ readonly webhooks: readonly PodWebhook[]; readonly now: Date }> => {
    const objects = await source.list(kinds.mutatingwebhookconfigurations);
    return { webhooks: objects.flatMap(webhooksOf), now: source.now };
  },
});

function webhooksOf(object: KubeObject): readonly PodWebhook[] {
  return records(object.webhooks)
    .filter((webhook) =>
      records(webhook.rules).some((rule) =>
        list(rule.resources).some((resource) => resource === 'pods' || resource === '*' || resource === '*/*'),
      ),
    )
    .map((webhook) => {
      const client = record(webhook.clientConfig);
      const service = record(client.service);
      const name = text(service.name);
      return {
        configuration: object.metadata.name,
        name: text(webhook.name) ?? '',
        service: name === null ? null : { namespace: text(service.namespace) ?? '', name, path: text(service.path) ?? '/' },
        caBundle: caBundleOf(text(client.caBundle) ?? ''),
        failurePolicy: text(webhook.failurePolicy) ?? 'Fail',
        objectLabels: strings(record(webhook.objectSelector).matchLabels),
      };
    });
}

/** A base64 PEM bundle. */
function caBundleOf(base64: string): CaBundle {
  if (base64 === '') return { status: 'empty' };
  const pem = Buffer.from(base64, 'base64').toString('latin1');
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  const certificates = blocks.flatMap((block) => certificateOf(block) ?? []);
  if (certificates.length === 0) return { status: 'unreadable' };
  const ends = certificates.map((certificate) => Date.parse(certificate.validTo));
  const starts = certificates.map((certificate) => Date.parse(certificate.validFrom));
  return { status: 'read', notAfter: new Date(Math.max(...ends)), notBefore: new Date(Math.min(...starts)) };
}

function certificateOf(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    // Whatever is wrong with it, the API server cannot use it either.
    return null;
  }
}
