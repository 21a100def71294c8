import { patching } from '../../../checks/patching.ts';
import { listed } from '../../../checks/phrases.ts';
import type { Operation } from '../../../model/change.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { mergePairs, printMapping } from '../../../parse/mapping.ts';
import { type Controller, controllers } from '../../envoy-ai-gateway/facts/controller.ts';
import { identity } from '../../envoy-ai-gateway/facts/identity.ts';
import { proxies } from '../../envoy-ai-gateway/facts/proxies.ts';
import { aiRoutes } from '../../envoy-ai-gateway/facts/routes.ts';
import { type SecurityPolicy, securityPolicies } from '../../envoy-ai-gateway/facts/security-policies.ts';
import { sourceOf } from '../../envoy-ai-gateway/identity-sources.ts';
import { mappingFlagsOf, mappingIntended } from '../../envoy-ai-gateway/mapping.ts';
import { showArgs } from '../../envoy-ai-gateway/phrases.ts';
import { settingFlag } from '../../envoy-ai-gateway/remedies.ts';
import { aboutOf, type KeyedRoute, keyedRoutes, unkeyed } from '../keyed-routes.ts';
import { ids } from '../names.ts';

/** A client ID that the gateway forwards in a header which the mapping does not know: the two are configured in different places. */
export const clientIdUnmapped = defineCheck({
  id: ids.unmapped,
  title: 'the header with the client ID is mapped to a label',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'The policy names one header and the mapping another, and nothing complains. Each caller is known at the gateway, and their tokens are counted without a name.',
  fix: 'Put the header of `apiKeyAuth.forwardClientIDHeader` into `--metricsRequestHeaderAttributes` of the controller, as HEADER:user.id, in the place of a header that no policy sets.',
  follows: ['controller-missing', 'mapping-invalid', 'mapping-ineffective', ids.unforwarded],
  needs: { aiRoutes, securityPolicies, controllers },
  wants: { identity, proxies },
  judge({ aiRoutes, securityPolicies, controllers, identity, proxies }, options) {
    const forwarding = keyedRoutes(aiRoutes.routes, securityPolicies, options).filter(({ apiKey }) => apiKey.forwards !== null);
    if (forwarding.length === 0) return { status: 'skip', because: unkeyed.replace('apiKeyAuth', 'apiKeyAuth.forwardClientIDHeader') };
    const [controller] = controllers;
    if (controller === undefined) return { status: 'skip', because: 'there is no controller whose flags could be read' };
    const { pairs } = controller.mapping;
    if (pairs.length === 0 && mappingIntended(controller))
      return { status: 'skip', because: 'a mapping is given, but does not take effect' };
    // A route whose callers another mapped header names is not nobody's.
    const lost = forwarding.filter(({ effective }) => pairs.every(({ header }) => sourceOf(header, effective) === null));
    const headers = [...new Set(lost.map(({ apiKey }) => (apiKey.forwards ?? '').toLowerCase()))];
    const about = (header: string): readonly string[] =>
      aboutOf(
        lost.filter((each) => forwards(each, header)),
        identity,
        proxies,
      );
    return verdict(
      headers.map((header) =>
        unmapped(
          controller,
          header,
          lost.filter((each) => forwards(each, header)),
          { about: about(header), all: securityPolicies },
        ),
      ),
      [],
      printMapping(pairs),
    );
  },
});

const forwards = ({ apiKey }: KeyedRoute, header: string): boolean => apiKey.forwards?.toLowerCase() === header;

interface Around {
  readonly about: readonly string[];
  /** Every policy of the cluster. */
  readonly all: readonly SecurityPolicy[];
}

function unmapped(controller: Controller, header: string, keyed: readonly KeyedRoute[], { about, all }: Around): Finding {
  const { mapping } = controller;
  const policies = listed([...new Set(keyed.map(({ policy }) => policy.subject))]);
  const mapped = mapping.pairs.length === 0 ? 'no header is mapped' : `the mapping is ${printMapping(mapping.pairs)}`;
  return {
    subject: controller.subject,
    message: `${policies} forwards the client ID in ${header}, and ${mapped}: the tokens of ${listed([...new Set(keyed.map(({ route }) => route.subject))])} are nobody's`,
    evidence: { saw: `forwardClientIDHeader: ${header}; ${mapped}`, run: showArgs(controller) },
    remedy: remapping(controller, header, { keyed, all }),
    about,
  };
}

/** One label has one header: the pair of a header that nobody sets makes room, and one that somebody sets stays for the policy to use as well. */
function remapping(
  controller: Controller,
  header: string,
  { keyed, all }: { readonly keyed: readonly KeyedRoute[]; readonly all: readonly SecurityPolicy[] },
): Remedy {
  const flag = mappingFlagsOf(controller.guess).at(-1);
  if (flag === undefined) return { text: 'upgrade to v0.4 or later, which map headers by --metricsRequestHeaderAttributes' };
  const { pairs } = controller.mapping;
  const same = pairs.filter(({ attribute }) => /^user[._]id$/.test(attribute));
  const inUse = same.find((pair) => sourceOf(pair.header, all) !== null);
  if (inUse !== undefined) return reheading(keyed, inUse.header);
  const others = pairs.filter((pair) => !same.includes(pair));
  const wanted = mergePairs(others, [{ header, attribute: 'user.id', position: pairs.length + 1 }]);
  return settingFlag(controller, flag, printMapping(wanted));
}

function reheading(keyed: readonly KeyedRoute[], header: string): Remedy {
  const policies = [...new Map(keyed.map(({ policy }) => [policy.subject, policy])).values()];
  const operations: readonly Operation[] = [{ op: 'replace', path: '/spec/apiKeyAuth/forwardClientIDHeader', value: header }];
  return patching(
    `let ${listed(policies.map(({ subject }) => subject))} forward the client ID in ${header}, which is mapped`,
    ...policies.map(({ namespace, name }) => [{ resource: 'securitypolicy', namespace, name }, operations] as const),
  );
}
