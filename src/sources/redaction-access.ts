import { list, record, records, text } from '../parse/fields.ts';
import { masked } from '../parse/secrets.ts';

/** The subjects of a binding that a ServiceAccount may be: no person is named. */
export function readSubjects(value: unknown): unknown {
  return records(value).flatMap(({ kind, namespace, name }) => {
    const system = text(name)?.startsWith('system:') === true;
    if (kind !== 'ServiceAccount' && !system) return [];
    return [{ kind, name, ...(text(namespace) === null ? {} : { namespace }) }];
  });
}

/** The rules of a role by which something is listed or watched; of names in them only that there are some. */
export function readRoleRules(value: unknown): unknown {
  return records(value).flatMap((rule) => {
    const { verbs, apiGroups, resources, resourceNames } = record(rule);
    if (!list(verbs).some((verb) => verb === '*' || verb === 'list' || verb === 'watch')) return [];
    return [{ verbs, apiGroups, resources, ...(list(resourceNames).length > 0 ? { resourceNames: [masked] } : {}) }];
  });
}
