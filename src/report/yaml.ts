import { Document, isScalar, visit } from 'yaml';
import { escaped, hasHidden, visibleLines } from './safe.ts';

/** Data as YAML. Text with hidden characters is double-quoted, with those as \uXXXX. */
export function yaml(data: unknown): string {
  const document = new Document(data, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && hasHidden(node.value)) node.type = 'QUOTE_DOUBLE';
    },
    Pair: (_, pair) => {
      if (isScalar(pair.key) && typeof pair.key.value === 'string' && hasHidden(pair.key.value)) pair.key.type = 'QUOTE_DOUBLE';
    },
  });
  return escaped(document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER }));
}

/** A remedy's patch as lines of YAML; a manifest that is text already stays as it is. */
export function patchLines(patch: unknown): readonly string[] {
  return visibleLines((typeof patch === 'string' ? patch : yaml(patch)).trimEnd());
}
