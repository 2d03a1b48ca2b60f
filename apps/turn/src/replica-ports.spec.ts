import { ConfigError } from '@millrace/service-kit';
import { describe, expect, it } from 'vitest';
import { turnProcessSettings } from './settings.ts';
import { withReplicaPorts } from './replica-ports.ts';

function portsOf(replica: string, min = '50000', max = '50019'): readonly number[] {
  const { turnRelayPortMin, turnRelayPortMax } = withReplicaPorts(
    turnProcessSettings.parse({
      MILLRACE_TURN_REPLICA: replica,
      MILLRACE_TURN_RELAY_PORT_MIN: min,
      MILLRACE_TURN_RELAY_PORT_MAX: max,
    }),
  );
  return [turnRelayPortMin, turnRelayPortMax];
}

describe('the relay ports of a replica', () => {
  it('follow those of the one before', () => {
    expect(['', '0', '1', '2'].map((replica) => portsOf(replica))).toEqual([
      [50_000, 50_019],
      [50_000, 50_019],
      [50_020, 50_039],
      [50_040, 50_059],
    ]);
  });

  it('are refused when they do not exist', () => {
    expect(portsOf('1', '65496', '65515')).toEqual([65_516, 65_535]);
    expect(() => portsOf('2', '65496', '65515')).toThrow(ConfigError);
    expect(() => portsOf('1', '49152', '65535')).toThrow(/65536 to 81919/);
  });
});
