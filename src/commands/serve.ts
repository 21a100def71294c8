import { visible } from '../report/safe.ts';
import { serve as serveSnapshot } from '../sandbox/serve.ts';
import { bundleIn } from './bundle.ts';
import { keptUp } from './serving.ts';
import type { Shell } from './shell.ts';

/** `tokmeter serve FILE.tgz`: a bundle as an API server for kubectl, until Ctrl-C. */
export async function serve(file: string, shell: Shell): Promise<number> {
  const { snapshot } = await bundleIn(file);
  const served = await serveSnapshot(snapshot, { context: 'tokmeter-bundle' });
  const headline = `bundle of ${visible(snapshot.origin.name)}, recorded ${snapshot.now}, is up until Ctrl-C`;
  return keptUp(headline, { snapshot }, served, shell).finally(() => served.close());
}
