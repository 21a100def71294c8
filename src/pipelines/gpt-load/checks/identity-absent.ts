import { counted, listed } from '../../../checks/phrases.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { identity } from '../facts/identity.ts';
import { metricsPath } from '../names.ts';
import { ask } from '../phrases.ts';

/** Identity labels that the user expects and the counters do not have; the group is the only one they have. */
export const identityAbsent = defineCheck({
  id: 'identity-absent',
  title: 'counters carry the labels that tell tenants apart',
  hop: 'emit',
  severity: 'error',
  why: 'Counters tell tenants apart by the labels they have and by no others. Tokens of two tenants behind one label value are one sum, which nobody can divide.',
  fix: 'Give each tenant a group of its own, and expect the label group.',
  follows: ['metrics-absent', 'metrics-unreadable'],
  needs: { emissions, identity },
  judge: ({ emissions, identity }) => {
    const metered = emissions.read.filter(({ outcome }) => outcome.status === 'metered' && outcome.series.length > 0);
    if (metered.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no pod shows tokens' };
    const found = metered.flatMap((emission) => {
      const missing = identity.filter(({ label }) => !carries(emission, label));
      if (missing.length === 0) return [];
      const { emitter } = emission;
      const names = listed(missing.map(({ attribute }) => attribute));
      return [
        {
          subject: emitter.subject,
          message: `no counter has the label ${names}: tenants are told apart by ${listed(labelsOf(emission))}`,
          evidence: { saw: `labels ${listed(labelsOf(emission), 9)}`, run: ask(emitter, metricsPath, '-s') },
          remedy: { text: 'give each tenant a group of its own and expect group, for no user is known to the counters' },
          about: [emitter.key],
        },
      ];
    });
    return verdict(found, emissions.unread, noteOf(metered));
  },
});

function carries({ outcome }: Emission, label: string): boolean {
  return outcome.status === 'metered' && outcome.series.some(({ labels }) => (labels[label] ?? '') !== '');
}

function labelsOf({ outcome }: Emission): readonly string[] {
  return outcome.status === 'metered' ? outcome.labelNames.filter((name) => name !== 'type') : [];
}

function noteOf(metered: readonly Emission[]): string | undefined {
  const groups = new Set(
    metered.flatMap(({ outcome }) => (outcome.status === 'metered' ? outcome.series.map(({ labels }) => labels.group ?? '') : [])),
  );
  return groups.size === 0 ? undefined : `tenants are told apart by their group alone: ${counted(groups.size, 'group')}`;
}
