import { defineCheck, verdict } from '../../../model/check.ts';
import { controllers } from '../facts/controller.ts';

/** No Deployment that injects sidecars. */
export const controllerMissing = defineCheck({
  id: 'controller-missing',
  title: 'a controller injects the sidecars that count tokens',
  hop: 'configure',
  severity: 'error',
  why: 'Without its controller no new proxy gets a sidecar and no change reaches the old ones. Pods that restart come back without counting.',
  fix: 'Install the controller with `helm upgrade -i aieg oci://docker.io/envoyproxy/ai-gateway-helm -n envoy-ai-gateway-system --create-namespace`.',
  needs: { controllers },
  judge: ({ controllers }) => {
    if (controllers.length > 0) return verdict([]);
    return verdict([
      {
        subject: 'Deployment envoy-ai-gateway-system/ai-gateway-controller',
        message: 'no Deployment in any namespace runs ai-gateway-controller or has the flag --extProcImage',
        evidence: {
          saw: 'no such Deployment',
          run: 'kubectl get deployments -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name,IMAGE:.spec.template.spec.containers[*].image | grep -i ai-gateway',
        },
        remedy: {
          text: 'install the controller of the release that the sidecars have',
          command: 'helm upgrade -i aieg oci://docker.io/envoyproxy/ai-gateway-helm -n envoy-ai-gateway-system --create-namespace',
        },
      },
    ]);
  },
});
