import type { Meter } from '../../facts/metrics-page.ts';
import { labelOf } from '../../parse/mapping.ts';

/** The token histogram in every spelling; never mcp_initialization_duration_token, which the unit bug of internal/metrics names so. */
const token = /^gen_ai[._]client[._]token[._]usage(?:[._]token)?_(sum|count)$/;
const requests = /^gen_ai[._]server[._]request[._]duration[._]seconds_count$/;

/** How the samples of a sidecar are read, whatever its release: names of v0.5+ are escaped already and stay as they are. */
export const meter: Meter = {
  role: (name) => {
    const match = token.exec(name);
    if (match !== null) return match[1] === 'sum' ? 'sum' : 'count';
    if (requests.test(name)) return 'requests';
    return name === 'target_info' ? 'target' : null;
  },
  familyOf: (name) => name.replace(/_(sum|count)$/, ''),
  tellsRequests: (label) => label.startsWith('gen_ai_') || label === 'error_type',
  labelOf: (name) => (/^otel[._]scope[._]/.test(name) ? null : labelOf(name, 'escape-name')),
};

/** Text in UTF-8 names: every release answers it in text, and names stay as the program has them (recorded: golden-prom3.headers.http, accept-headers.jsonl). */
export const acceptedText = 'text/plain;version=0.0.4;escaping=allow-utf-8';
