import { describe, expect, it } from 'vitest';
import { alloyWiring } from '../../../src/parse/alloy-jobs.ts';
import { jobsOf } from '../../../src/parse/collector-jobs.ts';
import type { JobDiscovery } from '../../../src/parse/scrape-job.ts';

const collector = (sd: object): JobDiscovery | undefined =>
  jobsOf({ receivers: { prometheus: { config: { scrape_configs: [{ kubernetes_sd_configs: [{ role: 'pod', ...sd }] }] } } } })[0]
    ?.discovery[0];
const alloy = (more: string): JobDiscovery | undefined =>
  alloyWiring([
    `discovery.kubernetes "a" {\n  role = "pod"\n${more}\n}\nprometheus.scrape "a" {\n  targets = discovery.kubernetes.a.targets\n  forward_to = []\n}\n`,
  ]).jobs[0]?.discovery[0];

describe('discovery in the API server', () => {
  it.each<[string, JobDiscovery | undefined, object]>([
    ['as itself', collector({}), {}],
    ['at another API server', collector({ api_server: 'https://elsewhere' }), { otherIdentity: true }],
    ['with a kubeconfig', collector({ kubeconfig_file: '/etc/kubeconfig' }), { otherIdentity: true }],
    ['with nodes', collector({ attach_metadata: { node: true, namespace: false } }), { attaches: ['node'] }],
    ['of Alloy, as itself', alloy(''), {}],
    ['of Alloy, with a kubeconfig', alloy('  kubeconfig_file = "/etc/kubeconfig"'), { otherIdentity: true }],
    ['of Alloy, at another API server', alloy('  api_server = "https://elsewhere"'), { otherIdentity: true }],
    ['of Alloy, with both', alloy('  attach_metadata {\n    node = true\n    namespace = true\n  }'), { attaches: ['node', 'namespace'] }],
  ])('%s', (_, discovery, more) =>
    expect(discovery).toEqual({ by: 'kubernetes', role: 'pod', namespaces: null, own: false, selectors: [], ...more }),
  );
});
