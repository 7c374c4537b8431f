/** The six providers, by the ids used in URLs, RPC results and the database. */
export const providerIds = ['huggingface', 'wandb', 'modal', 'lambda', 'aws', 'gcp'] as const;
export type ProviderId = (typeof providerIds)[number];

/** What stands in for a credential wherever a person or a program could read it. */
export const REDACTED = '[REDACTED]';

/** A credential as it may be shown: never holds the value. */
export interface CredentialSummary {
  /** Variable name of the contract, e.g. `HF_TOKEN`. */
  name: string;
  provider: ProviderId;
  /** `environment`: the user's own key, taken from the shell that started the session. */
  source: 'dashboard' | 'environment';
  /** `••••` and the last four characters where the value is at least 20 long, else only `••••`. */
  masked: string;
  /** Counts up with each change in the dashboard; 0 for the user's own keys. */
  version: number;
}

/** The only form in which a value may be shown: dots, and its last four characters if it is long. */
export function mask(value: string): string {
  return maskOf(value.length, value.slice(-4));
}

/** The same of a value that is no string: its length and last four characters. */
export function maskOf(length: number, lastFour: string): string {
  return length >= 20 ? `••••${lastFour}` : '••••';
}
