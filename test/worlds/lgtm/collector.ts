import { stringify } from 'yaml';
import { names } from '../objects/namespaces.ts';
import type { Expected, OtherWorld } from '../world.ts';
import { configure, overrides, overridesName, receiver, sidecarJob, type Writing } from './agent.ts';
import { alloyed } from './alloy.ts';
import {
  crash,
  deployed,
  inFront,
  invalidName,
  ofGateway,
  ofPort,
  onNode,
  routed,
  toPort,
  unknownReceiver,
  wall,
  whole,
  withoutAgent,
  withRules,
} from './collectors.ts';
import { lgtm, type Shape } from './healthy.ts';
import { configMap } from './stack.ts';

const sound: Expected = { exitCode: 0, brokenAt: null };
const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });
const warned = (id: string): Expected => ({ exitCode: 0, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make'> {
  readonly writing?: Writing;
  readonly shape?: Shape;
}

const world = ({ writing = {}, shape, ...rest }: Told): OtherWorld => ({ ...rest, make: lgtm({ ...shape, writing }) });

/** Worlds about the collector between the sidecars and the store. */
export const collectorWorlds: readonly OtherWorld[] = [
  world({
    name: 'lgtm-annotations-only',
    title: 'the collector follows the annotations of pods, which name the port of the proxy',
    change: (cluster) => configure(cluster, { exporters: overrides().exporters, service: routed(['otlp', 'prometheus']) }),
    expect: broken('unscraped-proxies'),
  }),
  world({
    name: 'lgtm-replacement-unescaped',
    title: 'a group with one dollar sign, which the collector takes for a variable and ends',
    writing: withRules(onNode, ofGateway(names.gateway), toPort(`\${1}:1064`)),
    change: crash(invalidName),
    expect: broken('replacement-misescaped'),
  }),
  world({
    name: 'lgtm-replacement-escaped-twice',
    title: 'a group with four dollar signs, which is never filled in',
    writing: withRules(onNode, ofGateway(names.gateway), toPort('$$$$1:1064')),
    expect: broken('replacement-misescaped'),
  }),
  world({
    name: 'lgtm-receiver-not-in-pipeline',
    title: 'the receiver is defined, and the list of the pipeline does not name it',
    writing: { receivers: ['otlp', 'prometheus'] },
    expect: broken('receiver-unwired'),
  }),
  world({
    name: 'lgtm-debug-exporter-only',
    title: 'the pipeline ends in the debug exporter',
    change: (cluster) => configure(cluster, { ...overrides(), service: routed(['otlp', 'prometheus', receiver], 'debug') }),
    expect: broken('receiver-unwired'),
  }),
  world({
    name: 'lgtm-rule-for-another-gateway',
    title: 'the scrape job keeps the pods of a gateway that is named otherwise',
    writing: withRules(onNode, ofGateway('nebari-gateway'), ofPort('aigw-admin')),
    expect: broken('unscraped-proxies'),
  }),
  world({
    name: 'lgtm-rule-for-old-port-name',
    title: 'the scrape job keeps the port by the name that it had before v0.5',
    writing: withRules(onNode, ofPort('aigw-metrics')),
    expect: broken('unscraped-proxies'),
  }),
  world({
    name: 'lgtm-job-for-another-namespace',
    title: 'the scrape job looks at the namespace of the Gateway and not at that of its pods',
    writing: { jobs: [sidecarJob({ kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [names.tenant] } }] })] },
    expect: broken('unscraped-proxies'),
  }),
  world({
    name: 'lgtm-override-under-wrong-key',
    title: 'the ConfigMap of overrides has another key than the collector looks for',
    change: (cluster) => {
      configure(cluster, null);
      cluster.objects.push(configMap(overridesName, { 'relay.yml': stringify(overrides()) }));
    },
    expect: broken('override-ignored'),
  }),
  world({
    name: 'lgtm-two-collectors',
    title: 'a second collector scrapes the sidecars as another job and writes to the same store',
    change: (cluster) => deployed(cluster, whole('envoy-sidecars')),
    expect: broken('duplicate-collectors'),
  }),
  world({
    name: 'lgtm-collector-crashing',
    title: 'the collector refuses a pipeline that names what is not configured',
    writing: { receivers: ['otlp', 'prometheus', receiver, 'prometheus/gone'] },
    change: crash(unknownReceiver),
    expect: broken('collector-unready'),
  }),
  world({
    name: 'lgtm-no-collector',
    title: 'there is a store, and nothing that writes to it',
    change: withoutAgent,
    expect: broken('collector-missing'),
  }),
  world({
    name: 'lgtm-walled-proxies',
    title: 'a NetworkPolicy lets only requests in to the proxies',
    change: (cluster) => void cluster.objects.push(wall),
    expect: warned('proxies-walled'),
  }),
  world({
    name: 'lgtm-deployment-collector',
    title: 'a collector with one replica and one file takes every pod, beside agents that scrape other things',
    change: (cluster) => {
      configure(cluster, { exporters: overrides().exporters, service: routed(['otlp', 'prometheus']) });
      deployed(cluster, whole('ai-gateway'));
    },
    expect: sound,
  }),
  world({
    name: 'lgtm-agents-and-front',
    title: 'agents scrape the sidecars and hand what they scrape to a collector in front of the store',
    change: (cluster) => inFront(cluster, ['prometheusremotewrite/mimir']),
    expect: sound,
  }),
  world({
    name: 'lgtm-front-prints-only',
    title: 'the collector that agents hand their metrics to prints them and sends nothing on',
    change: (cluster) => inFront(cluster, ['debug']),
    expect: broken('receiver-unwired'),
  }),
  world({
    name: 'lgtm-unmapped-and-unwired',
    title: 'the header of the client ID is not mapped, and no pipeline names the receiver',
    shape: { mapping: 'x-llm-client-id:user.id' },
    writing: { receivers: ['otlp', 'prometheus'] },
    expect: { ...broken('client-id-unmapped'), also: ['receiver-unwired'] },
  }),
  world({
    name: 'lgtm-override-made-later',
    title: 'the ConfigMap of overrides was made while the collector ran, which has read nothing of it',
    change: (cluster) => configure(cluster, null),
    later: async ({ apply, scrapes }) => {
      await scrapes(13);
      await apply(configMap(overridesName, { 'relay.yaml': stringify(overrides()) }));
    },
    expect: broken('override-ignored'),
  }),
  world({ name: 'lgtm-alloy', title: 'a Grafana Alloy brings the sidecars to a Mimir', change: alloyed('$1:1064'), expect: sound }),
  world({
    name: 'lgtm-alloy-dollars-doubled',
    title: "a group with two dollar signs, which is how an OpenTelemetry Collector wants it, in Alloy's file",
    change: alloyed('$$1:1064'),
    expect: broken('replacement-misescaped'),
  }),
  world({
    name: 'lgtm-exporter-to-missing-service',
    title: 'the collector writes to a Service of a name that the store had before',
    writing: { endpoint: `http://mimir-gateway.${names.monitoring}.svc.cluster.local:80/api/v1/push` },
    expect: broken('export-failing'),
  }),
];
