import type { KubeObject, Source, Unread } from '../model/source.ts';
import { list, record, records, text } from '../parse/fields.ts';
import { kinds, listing } from './kinds.ts';
import { readOr } from './read-or.ts';

/** One rule of a role. */
export interface RoleRule {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  /** It speaks of objects with these names alone, and so of no list. */
  readonly named: boolean;
}

/** A Role or ClusterRole; the rules of an aggregated one are those that its controller filled in. */
export interface Role {
  readonly kind: 'Role' | 'ClusterRole';
  /** Null: a ClusterRole. */
  readonly namespace: string | null;
  readonly name: string;
  readonly rules: readonly RoleRule[];
}

/** Who is bound by a binding. */
export interface Subject {
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
}

/** A RoleBinding or ClusterRoleBinding. */
export interface Binding {
  readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
  /** Where it holds; null: everywhere. */
  readonly namespace: string | null;
  readonly name: string;
  readonly role: { readonly kind: string; readonly name: string };
  readonly subjects: readonly Subject[];
}

/** What RBAC lets whom do, as far as it could be read. */
export interface Rbac {
  readonly roles: readonly Role[];
  readonly bindings: readonly Binding[];
  /** Kinds that could not be listed: who is denied by the rest may be let in by these. */
  readonly unread: readonly Unread[];
}

/** A ServiceAccount. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** What is asked of the API server: a verb on a resource, in one namespace or, null, in all of them at once. */
export interface Asked {
  readonly verb: 'list' | 'watch';
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | null;
}

/** What `rbacOf` lists. */
export const readingRbac = [kinds.roles, kinds.rolebindings, kinds.clusterroles, kinds.clusterrolebindings].map(listing);

/** Reads every role and binding. */
export async function rbacOf(source: Source): Promise<Rbac> {
  const unread: Unread[] = [];
  const [roles, clusterRoles, roleBindings, clusterRoleBindings] = await Promise.all(
    [kinds.roles, kinds.clusterroles, kinds.rolebindings, kinds.clusterrolebindings].map((kind) =>
      // Not even a kind that is not served is known to be empty: another authorizer decides then.
      readOr(() => source.list(kind), [], unread),
    ),
  );
  return {
    roles: [...(roles ?? []), ...(clusterRoles ?? [])].map(roleOf),
    bindings: [...(roleBindings ?? []), ...(clusterRoleBindings ?? [])].map(bindingOf),
    unread,
  };
}

const texts = (value: unknown): readonly string[] => list(value).flatMap((each) => text(each) ?? []);

function roleOf({ kind, metadata, rules }: KubeObject): Role {
  return {
    kind: kind === 'Role' ? 'Role' : 'ClusterRole',
    namespace: kind === 'Role' ? (metadata.namespace ?? '') : null,
    name: metadata.name,
    rules: records(rules).map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs: texts(verbs),
      groups: texts(apiGroups),
      resources: texts(resources),
      named: list(resourceNames).length > 0,
    })),
  };
}

function bindingOf({ kind, metadata, roleRef, subjects }: KubeObject): Binding {
  const role = record(roleRef);
  return {
    kind: kind === 'RoleBinding' ? 'RoleBinding' : 'ClusterRoleBinding',
    namespace: kind === 'RoleBinding' ? (metadata.namespace ?? '') : null,
    name: metadata.name,
    role: { kind: text(role.kind) ?? '', name: text(role.name) ?? '' },
    subjects: records(subjects).map((subject) => ({
      kind: text(subject.kind) ?? '',
      namespace: text(subject.namespace),
      name: text(subject.name) ?? '',
    })),
  };
}
