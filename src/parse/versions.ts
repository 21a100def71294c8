/** A release number as in an image tag. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Canonical: "v0.5.0", "v1.1.0-rc.1". */
  readonly text: string;
}

const pattern = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})((?:-[0-9A-Za-z.-]+)?)(?:\+[0-9A-Za-z.-]+)?$/;

/** Reads "v0.5.0", "0.5.0" or "v0.5.0-rc.1"; null for anything else, such as "latest" or a digest. */
export function versionOf(tag: string | null | undefined): Version | null {
  const match = pattern.exec(tag?.trim() ?? '');
  if (match === null) return null;
  const [, major = '', minor = '', patch = '', suffix = ''] = match;
  return { major: Number(major), minor: Number(minor), patch: Number(patch), text: `v${major}.${minor}.${patch}${suffix}` };
}
