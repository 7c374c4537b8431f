import { allNames, canonicalName, catalog, variableOf } from '../../provider/catalog.ts';

const isOurs = (name: string): boolean =>
  canonicalName(name) !== undefined || /^SYNSC_.*(TOKEN|SECRET|KEY|PASSWORD)/.test(name);

/**
 * Environment of a command before any credential is added: what the session inherited and what the
 * request sets, without any credential variable. `given`: names that the command will get; what
 * would override those goes too.
 */
export function childEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  request: { readonly env?: Readonly<Record<string, string>> | undefined },
  given: readonly string[] = [],
): Record<string, string> {
  const overriding = new Set(overriddenBy(given));
  const merged = { ...base, ...request.env };
  return Object.fromEntries(
    Object.entries(merged).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !isOurs(entry[0]) && !overriding.has(entry[0]),
    ),
  );
}

/** Variables to remove from a command that gets these names, since they would win over them. */
export function overriddenBy(given: readonly string[]): readonly string[] {
  const providers = new Set(given.map((name) => variableOf(name)?.provider));
  return catalog.flatMap((provider) => (providers.has(provider) ? provider.companions : []));
}

/** The variables to set for the given names: each under its own name and all its aliases. */
export function grantedVariables(names: readonly string[]): {
  set: { variable: string; from: string }[];
} {
  const canonical = new Set(names.map(canonicalName));
  return {
    set: allNames().flatMap((variable) => {
      const from = canonicalName(variable);
      return from !== undefined && canonical.has(from) ? [{ variable, from }] : [];
    }),
  };
}

/** Variables that a tool needs besides the values; `place` gives a directory in memory, made when needed. */
export function settingsOf(given: readonly string[], place: () => string): Record<string, string> {
  const providers = new Set(given.map((name) => variableOf(name)?.provider));
  const settings = catalog.flatMap((one) => (providers.has(one) ? one.settings : []));
  return Object.fromEntries(
    settings.map(({ name, value }) => [name, value.replace('{memory}', () => place())]),
  );
}
