import * as gptLoad from './gpt-load/mended.ts';
import * as kuadrant from './kuadrant/mended.ts';
import * as lgtm from './lgtm/mended.ts';
import * as gateway from './mended.ts';

/** How the remedies of one pipeline's checks are known to mend. */
export interface Proofs {
  /** Worlds whose root is mended on the bed by what `fix` prints for it: test/e2e/fix-*.test.ts. */
  readonly mended: readonly string[];
  /** Ids whose remedies nothing of ours can carry out, and why. */
  readonly elsewhere: Readonly<Record<string, string>>;
}

/** By pipeline. What neither names is proven by judging the changed objects: test/program/fix.test.ts. */
export const proofs: Readonly<Record<string, Proofs>> = { 'envoy-ai-gateway': gateway, lgtm, kuadrant, 'gpt-load': gptLoad };
