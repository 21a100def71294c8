import type { UsageSource } from '../model/usage.ts';
import { usage as envoyAiGateway } from './envoy-ai-gateway/usage.ts';
import { usage as gptLoad } from './gpt-load/usage.ts';
import { usage as kuadrant } from './kuadrant/usage.ts';
import { usage as lgtm } from './lgtm/usage.ts';

/** Where the usage of each pipeline comes from, by its id; one that is not here has none. */
export const usageSources: Readonly<Record<string, UsageSource>> = {
  'envoy-ai-gateway': envoyAiGateway,
  'gpt-load': gptLoad,
  lgtm,
  kuadrant,
};
