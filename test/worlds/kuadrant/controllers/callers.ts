import type { TokenFlow } from '../../../e2e/emulator/limitador.ts';
import type { Editable } from '../../world.ts';
import { chats } from '../cluster.ts';
import { attachedTo, type Path } from './topology.ts';

/** Somebody who goes on asking the model, and what is annotated on the API key. */
export interface Caller {
  readonly annotations: Readonly<Record<string, string>>;
  readonly flow: Pick<TokenFlow, 'limit' | 'tokens' | 'perSecond' | 'limited'>;
}

/** The two callers of every world. Their keys are the Secrets that the AuthPolicy selects, in the order of their names; where a world has none, they are annotated as the guide has it. */
export function callersOf(policies: readonly Editable[], secrets: readonly Editable[]): readonly Caller[] {
  const selectors = policies.flatMap(({ spec }) =>
    Object.values<Editable>(spec.rules?.authentication ?? {}).map((rule) => rule.apiKey?.selector),
  );
  const keys = secrets
    .filter(({ metadata }) => metadata.labels?.['authorino.kuadrant.io/managed-by'] === 'authorino')
    .filter(({ metadata }) => selectors.some((selector) => selects(selector, metadata.labels ?? {})))
    .toSorted((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  return chats.map((chat, index) => {
    const guide = { 'kuadrant.io/user-id': chat.labels.user ?? '', 'kuadrant.io/groups': chat.labels.group ?? '' };
    return { annotations: keys.length === 0 ? guide : (keys[index]?.metadata.annotations ?? {}), flow: chat };
  });
}

function selects(selector: Editable, labels: Readonly<Record<string, string>>): boolean {
  return selector !== undefined && Object.entries(selector.matchLabels).every(([name, value]) => labels[name] === value);
}

/**
 * What Authorino answers of a caller: the properties of the filter "identity" (authorino docs/features.md, dynamic response). An annotation
 * that a key does not have is null, which becomes an empty text. Null: no AuthPolicy is in force on the path.
 *
 * @throws Error for a property that is made of anything but an annotation.
 */
export function identityOf({ annotations }: Caller, path: Path, policies: readonly Editable[]): Readonly<Record<string, string>> | null {
  const own = policies.filter((policy) => attachedTo(policy, path));
  if (own.length === 0) return null;
  const properties = own.flatMap(({ spec }) =>
    Object.entries<Editable>(spec.rules?.response?.success?.filters?.identity?.json?.properties ?? {}),
  );
  return Object.fromEntries(
    properties.map(([name, { selector = '' }]) => {
      const [, annotation] = /^auth\.identity\.metadata\.annotations\.(.+)$/.exec(selector) ?? [];
      if (annotation === undefined) throw new Error(`nothing here makes ${name} of ${selector}`);
      return [name, annotations[annotation.replaceAll('\\', '')] ?? ''];
    }),
  );
}
