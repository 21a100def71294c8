/** Worlds whose root has a remedy that a shell can run: what it does is proven on the bed. */
export const mended: readonly string[] = [];

/** Ids whose remedies nothing of ours can carry out, and why. */
export const elsewhere: Readonly<Record<string, string>> = {};
