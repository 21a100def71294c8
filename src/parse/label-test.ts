type Test = (labels: Readonly<Record<string, string>>) => boolean;

/** What kubectl's -l says of an object: "a=b,c!=d,e in (f,g),h,!i" (apimachinery pkg/labels). Null when it cannot be parsed. */
export function labelTest(selector: string): Test | null {
  const tests = split(selector).map(requirement);
  return tests.every((test) => test !== null) ? (labels) => tests.every((test) => test?.(labels)) : null;
}

/** The parts of a selector, at commas outside parentheses. */
export function split(selector: string): readonly string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function requirement(part: string): Test | null {
  const sets = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part);
  if (sets) {
    const [, key = '', operator, list = ''] = sets;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => values.includes(labels[key] ?? '\0') === (operator === 'in');
  }
  const equality = /^([^\s=!]+)\s*(==?|!=)\s*([^\s=!]*)$/.exec(part);
  if (equality) {
    const [, key = '', operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const existence = /^(!?)\s*([^\s=!()]+)$/.exec(part);
  if (!existence) return null;
  const [, not, key = ''] = existence;
  return (labels) => key in labels === (not === '');
}
