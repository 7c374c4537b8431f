import type { ProviderId } from '../../protocol/credential.ts';

/** One value of a provider, under the variable name that the contract gives it. */
export interface ProviderVariable {
  readonly name: string;
  /** For people: the label of its field in the dashboard. */
  readonly label: string;
  /** Other names under which tools read the same value: set and stripped together with `name`. */
  readonly aliases: readonly string[];
  readonly optional?: true;
  /** `json`: a document that the command gets as the path of a file (GCP). */
  readonly kind: 'text' | 'json';
  /** Leading parts that are the same for everybody, so they identify no value. */
  readonly publicPrefixes: readonly string[];
  /** Text shown where the value goes; obviously not a real one. */
  readonly example: string;
  /** Says what is wrong with a pasted value, without repeating it; undefined when it looks right. */
  readonly check: (value: string) => string | undefined;
}

/** Everything synsc knows about a provider: data only, walked by policy, dashboard and redaction. */
export interface Provider {
  readonly id: ProviderId;
  readonly title: string;
  /** One line for the dashboard: what the credential is good for. */
  readonly purpose: string;
  readonly variables: readonly ProviderVariable[];
  /** Names of the provider's own command line tools. */
  readonly programs: readonly string[];
  /** Python modules that are its tools: `python -m modal` is `modal`. */
  readonly moduleCommands: readonly string[];
  /** `always`: any Python script file gets it; `used`: only one that shows a use. */
  readonly scripts: 'always' | 'used';
  /** Other evidence in Python text: class names, and values of `report_to`, `log_with`, `logger`. */
  readonly evidence: { readonly names: readonly string[]; readonly reporters: readonly string[] };
  /** Dotted Python modules whose import shows that a script uses the provider. */
  readonly modules: readonly string[];
  /** Modules below `modules` that show no use. */
  readonly excludedModules: readonly string[];
  /** Subcommands (leading words) of its programs that log in, export or print a token: they get nothing. */
  readonly withheldSubcommands: readonly (readonly string[])[];
  /** Exceptions from `withheldSubcommands`. */
  readonly grantedSubcommands: readonly (readonly string[])[];
  /** Variables removed from a command that is given a value, since they would override it. */
  readonly companions: readonly string[];
  /** Files, or directories that end in `/`, where its tools may keep a token; `~` is the home directory. */
  readonly stores: readonly string[];
  /** Variables that are set with a value; `{memory}` is a directory of the session that is no disk. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  /** Variables (and all that start with one and `_`) that send the credential to another host. */
  readonly endpointVariables: readonly string[];
  /** Options of its programs that send the credential to another host. */
  readonly endpointOptions: readonly string[];
  /** Options of its programs that choose another credential, or none. */
  readonly foreignOptions: readonly string[];
  /** Domains of the provider: an endpoint at or below one of them is its own. */
  readonly hosts: readonly string[];
}
