import { sharedChecks } from '../../checks/shared.ts';
import { defineView, type Pipeline, type ViewName } from '../../model/pipeline.ts';
import { installed } from './facts/installed.ts';
import { nouns } from './nouns.ts';

const shared = sharedChecks(nouns);
const unwritten = (name: ViewName) =>
  defineView({ name, title: name, needs: {}, table: () => ({ columns: [], rows: [], items: [], unread: [], empty: 'not written yet' }) });

/** Token metering by the ExtProc sidecars of Envoy AI Gateway. */
export const envoyAiGateway: Pipeline = {
  id: 'envoy-ai-gateway',
  title: 'Envoy AI Gateway',
  installed,
  checks: [...shared.expose, ...shared.discover, ...shared.collect, ...shared.query, ...shared.present],
  views: { proxies: unwritten('proxies'), monitors: unwritten('monitors'), targets: unwritten('targets'), series: unwritten('series') },
};
