import { sidecarLabel } from '../facts/query-holders.ts';
import type { SecretNames } from '../facts/secret-names.ts';
import type { Attempt } from '../model/fact.ts';
import { enumerated } from './wording.ts';

/** Most names in the sentence. */
const most = 5;

/** What a check of dashboards must say of those that are kept in Secrets, whose data is never read; null when nobody asked, or there are none. */
export function secretDashboards(names: Attempt<SecretNames>): string | null {
  if (names.status === 'unread') return `whether Secrets hold dashboards is not known: ${names.unread.message}`;
  if (names.value.status === 'not-asked') return null;
  const holders = names.value.secrets.filter(({ labels }) => sidecarLabel in labels).map(({ namespace, name }) => `${namespace}/${name}`);
  if (holders.length === 0) return null;
  return `dashboards in Secret${holders.length > 1 ? 's' : ''} ${enumerated(holders, most)} are not read`;
}
