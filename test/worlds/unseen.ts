/**
 * Checks that no recorded world of a system breaks, and why; the same factories are seen to fail in worlds of other systems.
 * - gpt-load has one spelling, whatever a scraper asks for.
 */
export const unseen: Readonly<Record<string, readonly string[]>> = {
  kuadrant: ['prometheus-unreachable'],
  'gpt-load': ['spellings-mixed', 'prometheus-unreachable'],
};
