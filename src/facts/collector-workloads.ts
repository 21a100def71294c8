import { imageOf } from '../parse/image.ts';
import type { Container } from './pods.ts';
import type { Workload } from './workloads.ts';

/** A workload that runs a collector, and the container that is it. */
export interface CollectorWorkload {
  readonly kind: 'otel' | 'alloy';
  readonly workload: Workload;
  readonly container: Container;
}

const nameLabel = 'app.kubernetes.io/name';
// Their images are named for the collector and are none: opentelemetry-operator's own parts.
const others = /operator|target-?allocator|opamp|instrumentation|loadgen|telemetrygen/;
const otelImage = /(open-?telemetry-collector|otelcol|otel-collector)/;

/** The collector that a workload runs; null: none. By image, or by the label of its chart where images are renamed. */
export function collectorIn(workload: Workload): CollectorWorkload | null {
  const running = workload.containers.filter(({ init, restartPolicy }) => !init || restartPolicy === 'Always');
  const alloy = running.find(isAlloy);
  if (alloy !== undefined) return { kind: 'alloy', workload, container: alloy };
  const otel = running.find(isOtel);
  if (otel !== undefined) return { kind: 'otel', workload, container: otel };
  const label = workload.labels[nameLabel];
  const [first] = running;
  if (first === undefined || running.some(({ image }) => others.test(imageOf(image).name))) return null;
  if (label === 'opentelemetry-collector') return { kind: 'otel', workload, container: first };
  return label === 'alloy' ? { kind: 'alloy', workload, container: first } : null;
}

function isOtel({ image }: Container): boolean {
  const { name } = imageOf(image);
  return otelImage.test(name) && !others.test(name);
}

function isAlloy({ image }: Container): boolean {
  return imageOf(image).name === 'alloy';
}

/** The release of a collector: its image's tag, or what its chart says. */
export function versionIn({ workload, container }: CollectorWorkload): string | null {
  const said = [imageOf(container.image).tag, workload.labels['app.kubernetes.io/version']];
  return said.flatMap((version) => /^v?(\d+\.\d+\.\d+)/.exec(version ?? '')?.[1] ?? [])[0] ?? null;
}

/** The files that an image reads when no argument names one: the Dockerfiles of opentelemetry-collector-releases. */
export function defaultConfig({ kind, container }: CollectorWorkload): string {
  if (kind === 'alloy') return '/etc/alloy/config.alloy';
  const { name } = imageOf(container.image);
  const distribution = /contrib|k8s|otlp|ebpf/.exec(name)?.[0];
  return distribution === undefined ? '/etc/otelcol/config.yaml' : `/etc/otelcol-${distribution}/config.yaml`;
}
