import type { ProviderId } from '../../protocol/credential.ts';
import { aws } from './aws.ts';
import { gcp } from './gcp.ts';
import { huggingface } from './huggingface.ts';
import { lambda } from './lambda.ts';
import { modal } from './modal.ts';
import type { Provider, ProviderVariable } from './provider.ts';
import { wandb } from './wandb.ts';

/** Every provider, in the order in which people see them. */
export const catalog: readonly Provider[] = [huggingface, wandb, modal, lambda, aws, gcp];

const providers = new Map<string, Provider>(catalog.map((provider) => [provider.id, provider]));

interface Slot {
  readonly provider: Provider;
  readonly variable: ProviderVariable;
}

const slots = new Map<string, Slot>(
  catalog.flatMap((provider) =>
    provider.variables.flatMap((variable) =>
      [variable.name, ...variable.aliases].map((name): [string, Slot] => [
        name,
        { provider, variable },
      ]),
    ),
  ),
);

const names: readonly string[] = [...slots.keys()];

/** The provider with this id. */
export function providerOf(id: ProviderId): Provider {
  const provider = providers.get(id);
  if (!provider) throw new RangeError('no such provider');
  return provider;
}

/** The provider and variable that a variable name or alias belongs to. */
export function variableOf(name: string): Slot | undefined {
  return slots.get(name);
}

/** Every variable name and alias of every provider: what no command inherits. */
export function allNames(): readonly string[] {
  return names;
}

/** The contract's name of a variable name or alias; undefined for any other variable. */
export function canonicalName(name: string): string | undefined {
  return slots.get(name)?.variable.name;
}
