import type { Approver } from '../authorization/approver.ts';
import type { Grants } from '../authorization/grants.ts';
import type { Rules } from '../policy/rules.ts';
import type { ManagedProcess, ProcessTable } from '../process/table.ts';
import type { ShimDirectory } from '../shim/directory.ts';
import type { CredentialFiles } from '../vault/credential-file.ts';
import type { Vault } from '../vault/vault.ts';
import type { Audit } from './audit.ts';
import type { Commands } from './commands.ts';
import type { Granted } from './granted.ts';
import type { Attachments } from './output.ts';
import type { Pairing } from './pairing.ts';
import type { Redactors } from './redactors.ts';
import type { Relays } from './relays.ts';
import type { Shown } from './shown.ts';
import type { Stores } from './stores.ts';
import type { Synchroniser } from './sync.ts';

/** What a session is made of. */
export interface Parts {
  readonly id: string;
  readonly socketPath: string;
  /** Where the session was launched. */
  readonly cwd: string;
  /** Environment of the launching shell. */
  readonly baseEnv: Readonly<Record<string, string | undefined>>;
  readonly vault: Vault;
  readonly files: CredentialFiles;
  readonly redactors: Redactors;
  readonly processes: ProcessTable;
  readonly grants: Grants;
  readonly approver: Approver;
  readonly sync: Synchroniser;
  readonly audit: Audit;
  /** Programs outside the session's tree that the user let in. */
  readonly pairing: Pairing;
  readonly shims: ShimDirectory;
  readonly commands: Commands;
  /** Who follows the output of which process. */
  readonly attachments: Attachments;
  /** Commands whose output shows values to their caller alone. */
  readonly shown: Shown;
  readonly granted: Granted;
  /** The files in which tools keep tokens. */
  readonly stores: Stores;
  readonly relays: Relays;
  /** Words of the program that a shim becomes when its tool runs under the session (`synsc relay`). */
  readonly relayCommand: readonly string[];
  /** The user's own policy. */
  readonly rules: Rules;
  /** Names of credentials that some command was given. */
  readonly used: Set<string>;
  /** Called after each start of a command. */
  readonly started: (process: ManagedProcess) => void;
}
