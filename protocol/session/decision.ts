import * as z from 'zod/mini';
import { providerIds } from '../credential.ts';

/** What one program gets, and why. Names are variable names of the contract; never values. */
export const decision = z.object({
  /** The tool as the policy knows it, e.g. `aws`; the base name for a program it doesn't know. */
  program: z.string(),
  /** The first word as it was written. */
  argv0: z.string(),
  given: z.array(z.string()),
  /** Names that the session holds and this program does not get. */
  withheld: z.array(z.string()),
  provider: z.optional(z.enum(providerIds)),
  /** Identifier of the rule, e.g. `aws-cli`, `compound`, `unknown-program`. */
  rule: z.string(),
  /** The rule in words, for people. */
  reason: z.string(),
});
export type Decision = z.infer<typeof decision>;
