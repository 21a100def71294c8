import type { Editable } from '../../world.ts';
import { evaluate, type Moment } from './expressions.ts';

/** What is told of one model request. */
export interface Report {
  readonly labels: Readonly<Record<string, string>>;
  /** Limits that apply: each reports the tokens on its own (limitador issue 513). */
  readonly limits: number;
}

/**
 * What Kuadrant's filter tells Limitador of one model request; null: nothing is reported, so that nothing is counted.
 *
 * Kuadrant/wasm-shim: the actions of a route in their order; labels are the request data `metrics.labels.NAME`, evaluated beside each
 * report. One that asks for the caller too early is left out; one that cannot be evaluated takes the whole report with it.
 */
export function reported(config: Editable, route: string, identity: Moment['identity']): Report | null {
  let moment: Moment = { identity: null };
  for (const { service, scope, conditionalData = [] } of actionsOf(config)) {
    if (service === 'auth-service') moment = { identity };
    if (service !== 'ratelimit-report-service' || scope !== route) continue;
    const limits = conditionalData.filter((entry: Editable) => counts(entry, moment)).length;
    const labels = limits === 0 ? null : labelsOf(config.requestData ?? {}, moment);
    return labels === null ? null : { labels, limits };
  }
  return null;
}

function actionsOf(config: Editable): readonly Editable[] {
  return (config?.actionSets ?? []).flatMap(({ actions }: Editable) => actions);
}

/** The conditions of a limit hold, and what it counts by is known. The tokens themselves come with the response. */
function counts({ predicates = [], data = [] }: Editable, moment: Moment): boolean {
  const holds = (expression: string): boolean => {
    const found = evaluate(expression, moment);
    return found.status === 'value' && found.value === true;
  };
  const keys = data.map(({ expression }: Editable) => expression).filter(({ key }: Editable) => isCounter(key));
  return predicates.every(holds) && keys.every(({ value }: Editable) => evaluate(value, moment).status === 'value');
}

/** Beside the identifier of the limit and the addend. */
const isCounter = (key: string): boolean => !/^tokenlimit\.|^ratelimit\./.test(key);

function labelsOf(data: Readonly<Record<string, string>>, moment: Moment): Readonly<Record<string, string>> | null {
  const labels: Record<string, string> = {};
  for (const [key, expression] of Object.entries(data)) {
    const found = evaluate(expression, moment);
    if (found.status === 'late' || found.status === 'no-such-key') return null;
    if (found.status === 'value') labels[key.replace('metrics.labels.', '')] = String(found.value);
  }
  return labels;
}
