// Several servers behind one public address: each relays on a range of ports of its own, the next one's beginning where it ends.
import { ConfigError } from '@millrace/service-kit';

export interface ReplicaPorts {
  readonly turnReplica: number;
  readonly turnRelayPortMin: number;
  readonly turnRelayPortMax: number;
}

const LAST_PORT = 65_535;

/** @returns the settings with the ports that are this replica's @throws {ConfigError} when there are none left for it */
export function withReplicaPorts<S extends ReplicaPorts>(settings: S): S {
  const { turnReplica, turnRelayPortMin: min, turnRelayPortMax: max } = settings;
  const offset = turnReplica * (max - min + 1);
  // A range that ends before it begins is refused where it is used.
  if (turnReplica === 0 || offset <= 0) return settings;
  if (max + offset > LAST_PORT)
    throw new ConfigError([
      {
        variable: 'MILLRACE_TURN_REPLICA',
        fault: `the relay ports of replica ${turnReplica} would be ${min + offset} to ${max + offset}: take fewer for each, or lower ones`,
      },
    ]);
  return { ...settings, turnRelayPortMin: min + offset, turnRelayPortMax: max + offset };
}
