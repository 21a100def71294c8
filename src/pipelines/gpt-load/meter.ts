import type { Meter } from '../../facts/metrics-page.ts';
import { requestFamily, tokenFamily } from './names.ts';

/** How the samples of a page are read: samples of another program stand in for a target, so that they can be told from none. */
export const meter: Meter = {
  role: (name) => {
    if (name === tokenFamily) return 'sum';
    if (name === requestFamily) return 'requests';
    return name.startsWith('gpt_load_') ? null : 'target';
  },
  familyOf: (name) => name,
  tellsRequests: (label) => label === 'group' || label === 'model',
  labelOf: (name) => name,
};

/** The program answers one format whatever is asked: PR internal/handler/metrics_handler.go. */
export const acceptedText = 'text/plain;version=0.0.4';
