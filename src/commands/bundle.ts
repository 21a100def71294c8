import type { Options } from '../model/fact.ts';
import { ReadError } from '../model/source.ts';
import type { Bundle } from '../sources/archive.ts';
import { readBundle } from '../sources/archive-read.ts';
import { UsageError } from './usage-error.ts';

const ahead = new Map<string, Promise<Bundle>>();

/** Begins to read a bundle that will be asked for: it is unpacked by another thread while this one loads the command. */
export function readAhead(file: string): void {
  const bundle = readBundle(file);
  // Whoever asks for it is told.
  bundle.catch(() => undefined);
  ahead.set(file, bundle);
}

/** The bundle in a file. A wrong or hostile one is wrong usage. */
export async function bundleIn(file: string): Promise<Bundle> {
  try {
    return await (ahead.get(file) ?? readBundle(file));
  } catch (error) {
    throw error instanceof ReadError ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** What to look at in a recording: what was recorded, and what the flags narrow it to. */
export function optionsWithin(recorded: Options, asked: Options): Options {
  return {
    namespace: asked.namespace ?? recorded.namespace,
    gateway: asked.gateway ?? recorded.gateway,
    selector: asked.selector ?? recorded.selector,
    expectLabels: asked.expectLabels.length > 0 ? asked.expectLabels : recorded.expectLabels,
    prometheus: asked.prometheus ?? recorded.prometheus,
    // The answers to the token that was given are there, and no others.
    ...(recorded.metricsToken === undefined ? {} : { metricsToken: recorded.metricsToken }),
    ...(recorded.grafanaToken === undefined ? {} : { grafanaToken: recorded.grafanaToken }),
    // What was not recorded cannot be asked for, and what was is looked at.
    ...(recorded.secretNames === true ? { secretNames: true } : {}),
    ...(recorded.logs === true ? { logs: true } : {}),
  };
}
