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

/** Something that synsc found and can put right. */
export interface Offer {
  readonly message: string;
  /** Asked where the user can be asked; a question of yes or no. */
  readonly question: string;
  /** What the user can do by hand. */
  readonly byHand: string;
}

/** Reaches the user over a path that no command of the session can reach. */
export interface Approver {
  ask(question: Question): Promise<Answer>;
  /** True: the user wants it done. */
  offer(offer: Offer): Promise<boolean>;
}

/** For sessions without a terminal: nobody can be asked. */
export const nobody: Approver = {
  ask: () => Promise.resolve('unavailable'),
  offer({ message, byHand }) {
    process.stderr.write(`synsc: ${message}\nhint: ${byHand}\n`);
    return Promise.resolve(false);
  },
};
