import type { AlloyBlock, AlloyValue } from './alloy.ts';

/** A running component: a block and where its references are looked up. */
export interface AlloyComponent {
  /** "prometheus.scrape.aigw"; inside a custom component with its id before a slash. */
  readonly id: string;
  readonly block: AlloyBlock;
  readonly scope: AlloyScope;
}

/** The components that see each other: a file, or the inside of a custom component. */
export interface AlloyScope {
  /** By "prometheus.scrape.aigw". */
  readonly components: ReadonlyMap<string, AlloyComponent>;
  /** Arguments of a custom component, as they were given outside. */
  readonly given: ReadonlyMap<string, Placed>;
  /** Exports of the custom components of this scope, by "name.label.export". */
  readonly exported: ReadonlyMap<string, Placed>;
}

/** An expression and where it stands. */
export interface Placed {
  readonly value: AlloyValue;
  readonly scope: AlloyScope;
}

// Custom components may contain others; declared ones cannot contain themselves, but text from a cluster may say so.
const deepest = 8;
/** Most components that are unfolded: a few declarations of each other make any number. */
const most = 10_000;

/** Every component of a configuration, custom components unfolded. */
export function componentsOf(blocks: readonly AlloyBlock[]): readonly AlloyComponent[] {
  return unfold({ blocks, prefix: '', given: new Map(), declared: new Map(), depth: 0, budget: { left: most } }).all;
}

interface Unfolding {
  readonly blocks: readonly AlloyBlock[];
  readonly prefix: string;
  readonly given: ReadonlyMap<string, Placed>;
  readonly declared: ReadonlyMap<string, AlloyBlock>;
  readonly depth: number;
  readonly budget: { left: number };
}

function unfold(unfolding: Unfolding): { readonly all: readonly AlloyComponent[]; readonly scope: AlloyScope } {
  const { blocks, prefix, given, depth, budget } = unfolding;
  const declared = new Map([...unfolding.declared, ...blocks.filter(isDeclaration).map((block) => [block.label ?? '', block] as const)]);
  const components = new Map<string, AlloyComponent>();
  const exported = new Map<string, Placed>();
  const scope: AlloyScope = { components, given, exported };
  const all: AlloyComponent[] = [];
  for (const block of blocks.filter((each) => !isDeclaration(each))) {
    const name = block.label === null ? block.name : `${block.name}.${block.label}`;
    const declaration = declared.get(block.name);
    if (declaration !== undefined && depth < deepest && budget.left-- > 0) {
      const inner = unfold({
        blocks: declaration.blocks,
        prefix: `${prefix}${name}/`,
        given: argumentsOf(declaration, block, scope),
        declared,
        depth: depth + 1,
        budget,
      });
      all.push(...inner.all);
      for (const [key, value] of exportsOf(declaration, inner.scope)) exported.set(`${name}.${key}`, value);
    } else {
      const component = { id: prefix + name, block, scope };
      components.set(name, component);
      all.push(component);
    }
  }
  return { all, scope };
}

function isDeclaration({ name }: AlloyBlock): boolean {
  return name === 'declare';
}

function argumentsOf(declaration: AlloyBlock, instance: AlloyBlock, scope: AlloyScope): ReadonlyMap<string, Placed> {
  const defaults = declaration.blocks.flatMap(({ name, label, attributes }) => {
    const value = attributes.get('default');
    return name === 'argument' && label !== null && value !== undefined ? [[label, { value, scope }] as const] : [];
  });
  return new Map([...defaults, ...[...instance.attributes].map(([name, value]) => [name, { value, scope }] as const)]);
}

function exportsOf(declaration: AlloyBlock, scope: AlloyScope): ReadonlyMap<string, Placed> {
  return new Map(
    declaration.blocks.flatMap(({ name, label, attributes }) => {
      const value = attributes.get('value');
      return name === 'export' && label !== null && value !== undefined ? [[label, { value, scope }] as const] : [];
    }),
  );
}

/** What a reference leads to: a component and what of it is meant ("targets", "receiver"), another expression, or nothing that is known. */
export type Resolved =
  | { readonly to: 'component'; readonly component: AlloyComponent; readonly field: string }
  | { readonly to: 'expression'; readonly placed: Placed }
  | { readonly to: 'nothing' };

/** Follows a reference by one step. */
export function resolved(path: readonly string[], scope: AlloyScope): Resolved {
  if (path[0] === 'argument') {
    const placed = scope.given.get(path[1] ?? '');
    return placed === undefined ? { to: 'nothing' } : { to: 'expression', placed };
  }
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join('.');
    const placed = scope.exported.get(name);
    if (placed !== undefined) return { to: 'expression', placed };
    const component = scope.components.get(name);
    if (component !== undefined) return { to: 'component', component, field: path.slice(length).join('.') };
  }
  return { to: 'nothing' };
}

/** An expression as text: its parts that are no text as `${env:…}`, so that it is known to be incomplete. */
export function textOf(value: AlloyValue | undefined, scope: AlloyScope): string | null {
  switch (value?.is) {
    case undefined:
      return null;
    case 'text':
      return value.text;
    case 'operation':
      return value.parts.map((part) => textOf(part, scope)).join('');
    case 'call':
      return `\${env:${value.args.map((part) => (part.is === 'text' ? part.text : '')).join('')}}`;
    case 'reference': {
      const next = resolved(value.path, scope);
      return next.to === 'expression' && next.placed.value.is === 'text' ? next.placed.value.text : `\${env:${value.path.join('.')}}`;
    }
    case 'list':
    case 'object':
      return null;
  }
}
