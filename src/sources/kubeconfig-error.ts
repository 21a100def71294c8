/** The kubeconfig or the flags about it ask for something that cannot be: wrong usage, told in one sentence. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}
