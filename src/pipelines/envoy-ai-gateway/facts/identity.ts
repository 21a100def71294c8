import type { IdentityLabel } from '../../../facts/emitters.ts';
import { raise } from '../../../facts/listed.ts';
import { type Attempt, defineFact } from '../../../model/fact.ts';
import type { Many } from '../../../model/source.ts';
import { labelOf } from '../../../parse/mapping.ts';
import { type HeaderMapping, isRefused } from '../mapping.ts';
import { agreed, type Guess } from '../releases.ts';
import { type Controller, controllers } from './controller.ts';
import { type ProxyPod, proxies } from './proxies.ts';

/** Labels that say whose tokens they are: those of the controller's mapping, or of the sidecars' while that does not parse or cannot be read, and those the user expects. */
export const identity = defineFact({
  id: 'identity',
  title: 'identity labels',
  wants: { controllers, proxies },
  read: ({ controllers, proxies }, { options }): readonly IdentityLabel[] => {
    const mapped = mappers(controllers, proxies).flatMap(({ mapping, guess }) =>
      mapping.pairs.map(({ header, attribute }) => {
        const escaping = agreed(guess, (release) => release.escaping) ?? 'label-namer';
        return { label: labelOf(attribute, escaping), attribute, header };
      }),
    );
    const expected = options.expectLabels.map((name) => ({ label: labelOf(name, 'escape-name'), attribute: name, header: null }));
    return [...new Map([...expected, ...mapped].map((entry) => [entry.label, entry])).values()];
  },
});

interface Mapper {
  readonly mapping: HeaderMapping;
  readonly guess: Guess;
}

function mappers(controllers: Attempt<readonly Controller[]>, proxies: Attempt<Many<ProxyPod>>): readonly Mapper[] {
  const [controller] = controllers.status === 'read' ? controllers.value : [];
  if (controller !== undefined && !isRefused(controller)) return [controller];
  if (proxies.status === 'read') return proxies.value.read.flatMap(({ sidecar }) => sidecar ?? []);
  return raise(controllers.status === 'unread' ? controllers.unread : proxies.unread);
}
