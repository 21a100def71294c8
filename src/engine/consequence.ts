import type { Finding, Severity } from '../model/check.ts';
import type { Status } from '../model/report.ts';

/** What folding needs to know of a judged check, in data-path order. */
export interface Judged {
  readonly id: string;
  readonly severity: Severity;
  readonly status: Status;
  readonly follows: readonly string[];
  readonly findings: readonly Pick<Finding, 'about'>[];
}

/** For each failing check that only follows from another failure, the id of the root. */
export function consequences(judged: readonly Judged[]): ReadonlyMap<string, string> {
  const failing = judged.filter(({ status }) => status === 'fail');
  const roots = new Map<string, string>();
  for (const check of failing) {
    const root = rootOf(check, { judged, failing, roots }, new Set([check.id]));
    if (root.id !== check.id) roots.set(check.id, root.id);
  }
  return roots;
}

interface Scene {
  readonly judged: readonly Judged[];
  readonly failing: readonly Judged[];
  readonly roots: ReadonlyMap<string, string>;
}

/** The root of a failure: itself, or the first root in data-path order of what explains it, an error before a warning. */
function rootOf(check: Judged, scene: Scene, visiting: ReadonlySet<string>): Judged {
  const candidates = upstream(check, scene.judged).filter(({ id }) => !visiting.has(id) && !visiting.has(scene.roots.get(id) ?? ''));
  const explanations = check.findings.map((finding) => candidates.filter((other) => explains(other, finding)));
  if (explanations.length === 0 || explanations.some(({ length }) => length === 0)) return check;
  const roots = new Set(explanations.flat().map((other) => rootOf(other, scene, new Set([...visiting, other.id]))));
  const ordered = scene.failing.filter((other) => roots.has(other));
  return ordered.find(({ severity }) => severity === 'error') ?? ordered[0] ?? check;
}

/** The failing checks that this one follows, directly or through checks that could not tell. One that passed explains nothing. */
function upstream(check: Judged, judged: readonly Judged[]): readonly Judged[] {
  const seen = new Set<string>();
  const visit = (id: string): readonly Judged[] => {
    const other = judged.find((each) => each.id === id);
    if (other === undefined || seen.has(id)) return [];
    seen.add(id);
    if (other.status === 'fail') return [other];
    return other.status === 'pass' ? [] : other.follows.flatMap(visit);
  };
  return check.follows.flatMap(visit).filter(({ id }) => id !== check.id);
}

/** Whether a failure accounts for a finding: it is about everything, or about all the same things. */
function explains(other: Judged, finding: Pick<Finding, 'about'>): boolean {
  if (other.findings.some(({ about }) => about === undefined)) return true;
  if (finding.about === undefined) return true;
  const keys = new Set(other.findings.flatMap(({ about }) => about ?? []));
  return finding.about.length > 0 && finding.about.every((key) => keys.has(key));
}
