import type { Options, PrometheusChoice } from '../model/fact.ts';
import { shellWord } from '../parse/shell-word.ts';

/** Where a token of an option lies that is given by a file. */
export type TokenFile = (option: 'metricsToken' | 'grafanaToken') => string;

/** The flags of doctor that ask for these options, as one would type them; never a token. */
export function flagsOf(options: Partial<Options>, tokenFile: TokenFile): readonly string[] {
  const { namespace, gateway, selector, expectLabels = [], prometheus, metricsToken, grafanaToken, secretNames, logs } = options;
  return [
    ...valued('-n', namespace),
    ...valued('--gateway', gateway ? `${gateway.namespace}/${gateway.name}` : null),
    ...valued('--selector', selector),
    ...expectLabels.flatMap((label) => valued('--expect-label', label)),
    ...valued('--prometheus', prometheus ? targetText(prometheus) : null),
    ...valued('--metrics-token-file', metricsToken === undefined ? null : tokenFile('metricsToken')),
    ...valued('--grafana-token-file', grafanaToken === undefined ? null : tokenFile('grafanaToken')),
    ...(secretNames === true ? ['--secret-names'] : []),
    ...(logs === true ? ['--logs'] : []),
  ];
}

function valued(flag: string, value: string | null | undefined): readonly string[] {
  return value === null || value === undefined ? [] : [flag, shellWord(value)];
}

function targetText({ target }: PrometheusChoice): string {
  switch (target.at) {
    case 'url':
      return target.url;
    case 'service':
      return `${target.namespace}/${target.service}${target.port === null ? '' : `:${target.port}`}`;
    case 'object':
      return `${target.namespace}/${target.kind}/${target.name}`;
  }
}
