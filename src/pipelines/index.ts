import type { Pipeline } from '../model/pipeline.ts';
import { envoyAiGateway } from './envoy-ai-gateway/index.ts';
import { gptLoad } from './gpt-load/index.ts';

/** Every token-metering system that tokmeter knows: one line each. */
export const pipelines: readonly Pipeline[] = [envoyAiGateway, gptLoad];
