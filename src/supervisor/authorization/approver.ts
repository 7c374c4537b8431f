/** What the user is asked, in full. */
export interface Question {
  /** The command as it will run, redacted. */
  readonly command: string;
  readonly cwd: string;
  readonly names: readonly string[];
  /** The asker's own words. */
  readonly reason?: string | undefined;
}

export type Answer = 'approved' | 'denied' | 'expired' | 'unavailable';

/** Reaches the user over a path that no command of the session can reach. */
export interface Approver {
  ask(question: Question): Promise<Answer>;
}

/** For sessions without a terminal: nobody can be asked. */
export const nobody: Approver = { ask: () => Promise.resolve('unavailable') };
