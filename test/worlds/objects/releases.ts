import type { SidecarRelease } from '../../e2e/emulator/releases.ts';

/** What the objects of a gateway release look like: envoyproxy/ai-gateway manifests/charts and internal/controller at the tag. */
export interface Look {
  readonly version: string;
  readonly envoyGateway: string;
  readonly envoy: string;
  readonly apiVersion: string;
  readonly portNames: readonly string[];
  readonly mappingFlag: string | null;
  readonly user: number;
  readonly native: boolean;
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly bundle: boolean;
  readonly controllerPorts: readonly number[];
}

const v05: Look = {
  version: 'v0.5.0',
  envoyGateway: 'v1.6.0',
  envoy: 'distroless-v1.36.2',
  apiVersion: 'aigateway.envoyproxy.io/v1alpha1',
  portNames: ['aigw-admin'],
  mappingFlag: 'metricsRequestHeaderAttributes',
  user: 65532,
  native: true,
  failurePolicy: 'Fail',
  bundle: false,
  controllerPorts: [9443, 1063, 9090],
};
const v04: Look = { ...v05, version: 'v0.4.0', portNames: ['aigw-admin', 'aigw-metrics'], user: 55532 };
const v03: Look = {
  ...v04,
  version: 'v0.3.0',
  envoyGateway: 'v1.5.0',
  envoy: 'distroless-v1.35.0',
  portNames: ['aigw-metrics'],
  mappingFlag: 'metricsRequestHeaderLabels',
  native: false,
  failurePolicy: 'Ignore',
};
const v06: Look = {
  ...v05,
  version: 'v0.6.0',
  envoyGateway: 'v1.7.0',
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  controllerPorts: [9443, 1063, 8080],
};
const v07: Look = {
  ...v06,
  version: 'v0.7.0',
  envoyGateway: 'v1.8.1',
  envoy: 'distroless-v1.38.1',
  controllerPorts: [9443, 1063, 8080, 18002],
};

export const looks: Readonly<Record<SidecarRelease, Look>> = {
  'v0.2': { ...v03, version: 'v0.2.1', envoyGateway: 'v1.4.1', mappingFlag: null },
  'v0.3': v03,
  'v0.4': v04,
  'v0.5': v05,
  'v0.6': v06,
  'v0.7': v07,
  'v1.0': { ...v07, version: 'v1.0.0' },
  'v1.1': { ...v07, version: 'v1.1.0', bundle: true },
};
