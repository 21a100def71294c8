import type { KubeObject } from '../model/source.ts';
import { record } from '../parse/fields.ts';
import { split } from '../parse/label-test.ts';

export { labelTest } from '../parse/label-test.ts';

/** What kubectl's --field-selector says of an object: "metadata.name=x,status.phase!=Running". */
export function fieldTest(selector: string): (object: KubeObject) => boolean {
  const tests = split(selector).map((part) => {
    const [, path = '', operator, value] = /^([^=!]+)(==?|!=)(.*)$/.exec(part) ?? [];
    return (object: KubeObject) => (fieldOf(object, path) === value) === (operator !== '!=');
  });
  return (object) => tests.every((test) => test(object));
}

function fieldOf(object: KubeObject, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => record(value)[name], object);
}
