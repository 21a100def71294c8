import type { Pipeline } from '../model/pipeline.ts';
import { envoyAiGateway } from './envoy-ai-gateway/index.ts';
import { gptLoad } from './gpt-load/index.ts';
import { kuadrant } from './kuadrant/index.ts';
import { lgtm } from './lgtm/index.ts';

/** Every token-metering system that tokmeter knows: one line each. */
export const pipelines: readonly Pipeline[] = [envoyAiGateway, lgtm, kuadrant, gptLoad];
