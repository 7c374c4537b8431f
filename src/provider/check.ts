import { aws } from './aws.ts';
import type { Provider } from './provider.ts';

/** What is wrong with one field: `field` is the variable name, `message` never holds a value. */
export interface Fault {
  readonly field: string;
  readonly message: string;
}

const [awsId, , awsSession] = aws.variables;

/**
 * Checks everything that was entered for a provider, by variable name: each value, the required
 * fields, and rules across fields. Empty when it can be saved.
 */
export function checkProvider(
  provider: Provider,
  values: Readonly<Record<string, string>>,
): readonly Fault[] {
  const faults = provider.variables.flatMap((variable): Fault[] => {
    const value = values[variable.name] ?? '';
    if (value === '') {
      return variable.optional ? [] : [{ field: variable.name, message: 'is missing' }];
    }
    const message = variable.check(value);
    return message === undefined ? [] : [{ field: variable.name, message }];
  });
  return faults.length > 0 ? faults : acrossFields(provider, values);
}

/** Temporary AWS keys (ASIA…) are of no use without their session token. */
function acrossFields(
  provider: Provider,
  values: Readonly<Record<string, string>>,
): readonly Fault[] {
  if (provider.id !== aws.id) return [];
  const temporary = values[awsId.name]?.startsWith('ASIA') ?? false;
  return temporary && !values[awsSession.name]
    ? [{ field: awsSession.name, message: 'is missing: an access key id of ASIA… needs it' }]
    : [];
}
