/** The kubeconfig or the flags about it ask for something that cannot be: wrong usage, told in one sentence. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
  constructor(message: string, options?: ErrorOptions) {
    super(visible(message), options);
  }
}

// Longer than any sentence about a sane kubeconfig.
const maxLength = 600;

/** Names of a kubeconfig are anybody's text: without terminal escapes and bidi overrides, and of a readable length. */
export function visible(message: string): string {
  const cut = message.length > maxLength ? `${message.slice(0, maxLength)}…` : message;
  return cut.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
