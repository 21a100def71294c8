import type { Emulated } from '../e2e/emulator/emulator.ts';
import type { Flow } from '../e2e/emulator/sidecar.ts';
import { mappedBy, type Pair, releaseOf } from './injection.ts';
import type { Editable } from './world.ts';

/** What passed a proxy before it was created anew, and what its sidecar mapped then. */
export interface Passed {
  readonly emulated: Emulated;
  readonly mapped: readonly Pair[];
}

/** otel-go's limit where nothing sets another, from v1.0 on. */
const usualLimit = 2000;

/** What a new sidecar answers: the same requests go on, with the attributes that it maps; each came once since it began to count. */
export function counting(sidecar: Editable, { emulated, mapped }: Passed, policies: readonly Editable[]): Emulated {
  const now = mappedBy(sidecar);
  const { overflow, trouble, ...kept } = emulated;
  const flows = emulated.flows.map((flow) => ({
    ...flow,
    before: Math.min(flow.before, 1),
    identity: identityOf(flow, { mapped, now, policies }),
  }));
  // a name that client_golang refuses: the whole page is an error
  const refused = now.some(({ attribute }) => attribute.startsWith('__'));
  const release = releaseOf(sidecar.image);
  return {
    ...kept,
    ...{ release, flows: overflow === undefined || !isLifted(sidecar) ? flows : [...flows, unfolded(flows, overflow)] },
    ...(overflow === undefined || isLifted(sidecar) ? {} : { overflow }),
    ...(refused ? { trouble: 'http-500' } : {}),
  };
}

interface Mapping {
  readonly mapped: readonly Pair[];
  readonly now: readonly Pair[];
  readonly policies: readonly Editable[];
}

/** A request has the header that the former sidecar saw, or that a policy sets from its token. */
function identityOf({ identity }: Flow, { mapped, now, policies }: Mapping): Flow['identity'] {
  const sent = (header: string): string | undefined => {
    const seen = identity[mapped.find((pair) => pair.header === header)?.attribute ?? ''];
    const claim = claimsOf(policies).find((each) => each.header === header)?.claim;
    return seen ?? (claim === undefined ? undefined : `${claim}-of-the-token`);
  };
  const valued = now.map(({ header, attribute }) => [attribute, sent(header)] as const);
  return Object.fromEntries(valued.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

function claimsOf(policies: readonly Editable[]): readonly { readonly claim: string; readonly header: string }[] {
  return policies.flatMap(({ spec }) => spec.jwt?.providers ?? []).flatMap(({ claimToHeaders }) => claimToHeaders ?? []);
}

/** 0: no limit. */
function isLifted({ env = [] }: Editable): boolean {
  const set = env.findLast(({ name }: Editable) => name === 'OTEL_GO_X_CARDINALITY_LIMIT')?.value;
  const limit = Number(set ?? usualLimit);
  return limit === 0 || limit > usualLimit;
}

/** Requests that were folded have their user again. */
function unfolded([first]: readonly Flow[], { requests, tokens }: NonNullable<Emulated['overflow']>): Flow {
  if (first === undefined) throw new Error('nothing was counted beside what was folded');
  const identity = Object.fromEntries(Object.keys(first.identity).map((attribute) => [attribute, 'folded-before']));
  const each = tokens / requests / 2;
  return { ...first, identity, input: each, output: each };
}
