import { createInterface } from 'node:readline/promises';
import type { Answer, Approver, Question } from '../supervisor/authorization/approver.ts';

/** Asks in the terminal in which the user typed the command: a session of one call has no other. */
export class ConsoleApprover implements Approver {
  async ask({ command, names }: Question): Promise<Answer> {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return 'unavailable';
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await lines.question(
        `synsc: show ${names.join(', ')} to this one call of ${JSON.stringify(command)}? [y/N] `,
      );
      return /^y/i.test(answer) ? 'approved' : 'denied';
    } finally {
      lines.close();
    }
  }
}
