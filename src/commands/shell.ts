/** What a command sees of the process it runs in. Only cli.ts makes one. */
export interface Shell {
  /** How the program was called: "tokmeter" or "kubectl tokmeter". */
  readonly program: string;
  readonly version: string;
  /** Of the node that runs us. */
  readonly nodeVersion: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: { readonly isTerminal: boolean; readonly columns: number | null };
  readonly stderr: { readonly isTerminal: boolean; readonly columns: number | null };
  /** Writes to stdout; resolves when the text has left the process, or nobody reads it any more. */
  write(text: string | Uint8Array): Promise<void>;
  /** Writes to stderr. */
  note(text: string): void;
  /** Aborted by SIGINT or SIGTERM. */
  readonly interrupt: AbortSignal;
  /** The exit code that the signal asks for; null: none came. */
  interruptedBy(): 130 | 143 | null;
}
