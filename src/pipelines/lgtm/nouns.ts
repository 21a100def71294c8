import type { Nouns } from '../../facts/emitters.ts';
import { nouns as gateway } from '../envoy-ai-gateway/nouns.ts';
import { stores } from './facts/stores.ts';

/** The gateway's sidecars, whose series a collector brings to a store. */
export const nouns: Nouns = { ...gateway, one: 'sidecar', many: 'sidecars', servers: stores };
