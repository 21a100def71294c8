import type { Result } from './measure.ts';
export async function doctorBench(_rounds: number): Promise<readonly Result[]> {
  return [];
}
