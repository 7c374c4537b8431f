import { type ProviderId, providerIds } from '../../../protocol/credential.ts';
import { SynscError } from '../../errors.ts';
import { providerOf } from '../../provider/catalog.ts';
import type { Provider } from '../../provider/provider.ts';
import { isShell, stripReason } from './tools.ts';
import { isWrapper } from './wrappers.ts';

/** The user's own rules: program name → providers that it gets, or never gets. */
export interface Rules {
  readonly grant: ReadonlyMap<string, readonly Provider[]>;
  readonly deny: ReadonlyMap<string, readonly Provider[]>;
}

export const noRules: Rules = { grant: new Map(), deny: new Map() };

/**
 * Reads `policy` of the user's settings: `{"grant": {"terraform": ["aws"]}, "deny": {"python": ["wandb"]}}`.
 * Throws USAGE that names what is wrong.
 */
export function parseRules(policy: unknown): Rules {
  if (policy === undefined) return noRules;
  const { grant, deny, ...others } = objectAt(policy, 'policy');
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw wrong(`policy.${unknown}`, 'there is only grant and deny');
  const rules = { grant: tableAt(grant, 'policy.grant'), deny: tableAt(deny, 'policy.deny') };
  for (const tool of rules.grant.keys()) refuse(tool);
  return rules;
}

function tableAt(value: unknown, place: string): ReadonlyMap<string, readonly Provider[]> {
  const entries = Object.entries(value === undefined ? {} : objectAt(value, place));
  return new Map(
    entries.map(([tool, providers]) => {
      if (!/^[\w.+-]+$/.test(tool))
        throw wrong(`${place}.${tool}`, 'name the program without its path');
      if (!Array.isArray(providers)) throw wrong(`${place}.${tool}`, 'give a list of providers');
      return [tool, providers.map((id: unknown) => providerAt(id, `${place}.${tool}`))];
    }),
  );
}

function providerAt(id: unknown, place: string): Provider {
  const known = providerIds.find((one: ProviderId) => one === id);
  if (known === undefined) throw wrong(place, `providers are ${providerIds.join(', ')}`);
  return providerOf(known);
}

/** What runs or sends anything must not hold a credential for good; one call can be authorised. */
function refuse(tool: string): void {
  const why = stripReason(tool, []);
  if (why !== undefined)
    throw wrong(`policy.grant.${tool}`, `${tool} ${why}; authorise single calls`);
  if (isShell(tool) || isWrapper(tool)) {
    throw wrong(`policy.grant.${tool}`, 'it starts other programs: grant those');
  }
}

function objectAt(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(place, 'must be an object');
  }
  return Object.fromEntries(Object.entries(value));
}

function wrong(place: string, what: string): SynscError {
  return new SynscError('USAGE', `${place} in config.json: ${what}`, {
    hint: 'correct it in $XDG_CONFIG_HOME/synsc/config.json (default ~/.config/synsc/config.json)',
  });
}
