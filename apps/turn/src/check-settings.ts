// What a schema cannot say of the settings: those that do not go together.
import { ConfigError } from '@millrace/service-kit';
import { longestRealm } from './request/answers.ts';
import { turnSettings } from './settings.ts';
import type { TurnSettings } from './settings.ts';

/**
 * @returns what is this server's of the settings of a process that may have many more
 * @throws ConfigError when settings do not go together
 */
export function checkedSettings(settings: TurnSettings): TurnSettings {
  if (settings.turnRelayPortMax < settings.turnRelayPortMin) throw portsReversed();
  if (settings.turnRealm.length > longestRealm(settings.turnMaxAmplification)) throw realmTooLong(settings);
  const names = Object.keys(turnSettings.definitions) as (keyof TurnSettings)[];
  return Object.fromEntries(names.map((name) => [name, settings[name]])) as TurnSettings;
}

const portsReversed = (): ConfigError =>
  new ConfigError([
    { variable: 'MILLRACE_TURN_RELAY_PORT_MAX', fault: 'must not be below MILLRACE_TURN_RELAY_PORT_MIN' },
  ]);

function realmTooLong({ turnRealm, turnMaxAmplification: factor }: TurnSettings): ConfigError {
  const longest = longestRealm(factor);
  const room = longest < 1 ? 'no realm fits' : `at most ${longest} characters fit, not ${turnRealm.length},`;
  const fault = `${room} into an error that is ${factor} times as long as its request (MILLRACE_TURN_MAX_AMPLIFICATION): clients would get no answer over UDP`;
  return new ConfigError([{ variable: 'MILLRACE_TURN_REALM', fault }]);
}
