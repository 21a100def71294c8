/** The parts of a container image reference. */
export interface Image {
  /** With registry: "docker.io/envoyproxy/ai-gateway-extproc". */
  readonly repository: string;
  /** The last path segment: "ai-gateway-extproc". */
  readonly name: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

/** Splits an image reference; a registry port is no tag. */
export function imageOf(reference: string): Image {
  const [bare = '', digest] = reference.trim().split('@', 2);
  const slash = bare.lastIndexOf('/');
  const colon = bare.indexOf(':', slash + 1);
  const repository = colon === -1 ? bare : bare.slice(0, colon);
  const tag = colon === -1 ? null : bare.slice(colon + 1);
  return { repository, name: repository.slice(repository.lastIndexOf('/') + 1), tag: tag === '' ? null : tag, digest: digest ?? null };
}
