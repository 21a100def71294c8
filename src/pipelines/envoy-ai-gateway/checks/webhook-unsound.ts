import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { pointer } from '../../../parse/patch.ts';
import { type Controller, controllers } from '../facts/controller.ts';
import { type PodWebhook, podWebhooks } from '../facts/webhooks.ts';
import { labels } from '../names.ts';
import { agreed } from '../releases.ts';

/** Whether the next proxy pod would get its sidecar. */
export const webhookUnsound = defineCheck({
  id: 'webhook-unsound',
  title: 'the webhook that injects sidecars can be called and trusted',
  hop: 'configure',
  severity: 'error',
  why: 'Running proxies go on, but the next one starts without the sidecar, or not at all. Its tokens are counted by nobody.',
  fix: 'Restart the controller, which writes its CA into the webhook at start: kubectl -n envoy-ai-gateway-system rollout restart deployment ai-gateway-controller.',
  follows: ['controller-missing'],
  needs: { controllers, podWebhooks },
  judge({ controllers, podWebhooks }) {
    const [controller] = controllers;
    if (controller === undefined) return { status: 'skip', because: 'there is no controller whose webhook it could be' };
    const own = podWebhooks.webhooks.filter((webhook) => isOf(webhook, controller));
    if (own.length === 0) return verdict([missing(controller)]);
    return verdict(
      own.flatMap((webhook) => [...trust(webhook, controller, podWebhooks.now), ...policy(webhook, controller), ...selection(webhook)]),
    );
  },
});

/** manifests/charts/ai-gateway-helm/templates/admission_webhook.yaml names it by the release's namespace, and calls the controller's Service at /mutate. */
function isOf(webhook: PodWebhook, controller: Controller): boolean {
  return (
    webhook.configuration.startsWith('envoy-ai-gateway-gateway-pod-mutator') ||
    webhook.service?.namespace === controller.deployment.namespace
  );
}

const run = (webhook: PodWebhook): string => `kubectl get mutatingwebhookconfiguration ${webhook.configuration} -o yaml`;

/** About everything: any proxy may be the next that lacks its sidecar. */
function base(webhook: PodWebhook): Pick<Finding, 'subject'> {
  return { subject: `MutatingWebhookConfiguration ${webhook.configuration}` };
}

function missing(controller: Controller): Finding {
  return {
    subject: controller.subject,
    message: 'no mutating webhook calls this controller when a pod is created, so new proxies start without the sidecar',
    evidence: { saw: 'no MutatingWebhookConfiguration for it', run: 'kubectl get mutatingwebhookconfigurations' },
    remedy: {
      text: 'install the webhook again with the chart ai-gateway-helm of the release that runs',
      ...reinstall(controller),
    },
  };
}

function trust(webhook: PodWebhook, controller: Controller, now: Date): readonly Finding[] {
  const { namespace, name } = controller.deployment;
  const problem = distrust(webhook, now);
  if (problem === null) return [];
  return [
    {
      ...base(webhook),
      message: `${problem}: the API server cannot call the webhook, and new proxies ${webhook.failurePolicy === 'Fail' ? 'are refused' : 'start without the sidecar'}`,
      evidence: { saw: problem, run: run(webhook) },
      remedy: {
        text: 'restart the controller: it writes the CA of its certificate into the webhook when it starts',
        command: `kubectl -n ${namespace} rollout restart deployment ${name}`,
      },
    },
  ];
}

function distrust({ caBundle }: PodWebhook, now: Date): string | null {
  switch (caBundle.status) {
    case 'empty':
      return 'its caBundle is empty';
    // A bundle without a whole certificate may be cut short by whoever printed it: nothing is claimed.
    case 'unreadable':
      return null;
    case 'read':
      if (caBundle.notAfter < now) return `the certificate in its caBundle expired on ${caBundle.notAfter.toISOString().slice(0, 10)}`;
      return caBundle.notBefore > now
        ? `the certificate in its caBundle is not valid before ${caBundle.notBefore.toISOString().slice(0, 10)}`
        : null;
  }
}

/** Fail from v0.4 on, so that a dead controller delays pods instead of leaving them unmetered: admission_webhook.yaml at the tags, #1493. */
function policy(webhook: PodWebhook, controller: Controller): readonly Finding[] {
  const failing = agreed(controller.guess, (release) => release.portFlag === 'adminPort');
  if (failing !== true || webhook.failurePolicy !== 'Ignore') return [];
  return [
    {
      ...base(webhook),
      severity: 'warning',
      message: 'failurePolicy is Ignore: while the controller is down, new proxies start without the sidecar',
      evidence: { saw: 'failurePolicy: Ignore', run: run(webhook) },
      remedy: {
        text: 'set failurePolicy to Fail, as this release ships it',
        command: `kubectl patch mutatingwebhookconfiguration ${webhook.configuration} --type json -p '[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Fail"}]'`,
      },
    },
  ];
}

function selection(webhook: PodWebhook): readonly Finding[] {
  const wanted = webhook.objectLabels[labels.managedBy];
  if (wanted === undefined || wanted === 'envoy-gateway') return [];
  return [
    {
      ...base(webhook),
      message: `its objectSelector takes pods with ${labels.managedBy}=${wanted}, and proxies have envoy-gateway there`,
      evidence: { saw: `${labels.managedBy}: ${wanted}`, run: run(webhook) },
      remedy: {
        text: `set objectSelector.matchLabels["${labels.managedBy}"] to envoy-gateway`,
        command: `kubectl patch mutatingwebhookconfiguration ${webhook.configuration} --type json -p '${JSON.stringify([managed])}'`,
      },
    },
  ];
}

const managed = {
  op: 'replace',
  path: pointer('webhooks', 0, 'objectSelector', 'matchLabels', labels.managedBy),
  value: 'envoy-gateway',
};

/** The release that made the Deployment, with its own values and version; nothing where Helm did not make it. */
function reinstall({ deployment, guess }: Controller): { readonly command?: string } {
  const release = deployment.metadata.annotations?.['meta.helm.sh/release-name'];
  if (release === undefined || guess.version === null || !/^v\d+\.\d+\.\d+/.test(guess.version)) return {};
  const chart = 'oci://docker.io/envoyproxy/ai-gateway-helm';
  return { command: `helm -n ${deployment.namespace} upgrade ${release} ${chart} --version ${guess.version} --reuse-values` };
}
