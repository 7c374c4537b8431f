import type { Provider } from '../../provider/provider.ts';

/** The user's own rules: program name → providers that it gets, or never gets. */
export interface Rules {
  readonly grant: ReadonlyMap<string, readonly Provider[]>;
  readonly deny: ReadonlyMap<string, readonly Provider[]>;
}

export const noRules: Rules = { grant: new Map(), deny: new Map() };
