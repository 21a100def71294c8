import { Chalk, type ChalkInstance } from 'chalk';
import type { CheckResult } from '../model/report.ts';

/** How a report is to look; nothing in it changes what is said. */
export interface Style {
  readonly colour: boolean;
  readonly columns: number;
  /** How the program was called, for the commands it suggests: "tokmeter", "kubectl tokmeter". */
  readonly program: string;
  /** --stats. */
  readonly stats: boolean;
}

export const plain: Style = { colour: false, columns: 80, program: 'tokmeter', stats: false };

export interface Paint {
  readonly good: ChalkInstance;
  readonly warn: ChalkInstance;
  readonly bad: ChalkInstance;
  readonly blind: ChalkInstance;
  readonly strong: ChalkInstance;
  readonly faint: ChalkInstance;
}

/** The few colours of a report; without colour, text stays as it is. */
export function paint({ colour }: Pick<Style, 'colour'>): Paint {
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  return { good: chalk.green, warn: chalk.yellow, bad: chalk.red, blind: chalk.magenta, strong: chalk.bold, faint: chalk.dim };
}

/** The mark of a check, as linkerd check has them: pkg/healthcheck/healthcheck_output.go. */
export function glyph(check: Pick<CheckResult, 'status' | 'severity'>, paints: Paint): string {
  switch (check.status) {
    case 'pass':
      return paints.good('√');
    case 'fail':
      return check.severity === 'error' ? paints.bad('×') : paints.warn('‼');
    case 'unknown':
      return paints.blind('?');
    case 'skip':
    case 'ignored':
      return paints.faint('–');
  }
}
