// Every setting of every service, once, with who reads it.
import { cliSettings } from '@millrace/cli';
import { gatewaySettings } from '@millrace/gateway';
import { packagerSettings } from '@millrace/packager';
import { rtmpEdgeProcessSettings } from '@millrace/rtmp-edge';
import { rtspEdgeProcessSettings } from '@millrace/rtsp-edge';
import { tracingSettings } from '@millrace/service-kit';
import type { SettingDescription } from '@millrace/service-kit';
import { signalingSettings } from '@millrace/signaling';
import { srtEdgeProcessSettings } from '@millrace/srt-edge';
import { turnProcessSettings } from '@millrace/turn';
import { quickstartSettings } from '../quickstart/quickstart-settings.ts';
import { standaloneSettings } from '../settings.ts';
import { trialSettings } from '../trial/trial-settings.ts';

export const KNOWN_VARIABLES_FILE = 'libs/service-kit/src/config/known-variables.ts';

export interface DocumentedSetting extends SettingDescription {
  /** `all`, or the names of the services that read it. */
  readonly readBy: string;
}

const services = {
  gateway: gatewaySettings,
  'rtmp-edge': rtmpEdgeProcessSettings,
  'rtsp-edge': rtspEdgeProcessSettings,
  'srt-edge': srtEdgeProcessSettings,
  packager: packagerSettings,
  signaling: signalingSettings,
  turn: turnProcessSettings,
};

export function settingsOfAll(): readonly DocumentedSetting[] {
  const variables = Object.entries(services).map(
    ([name, settings]) => [name, new Set(settings.list().map(({ variable }) => variable))] as const,
  );
  const together = standaloneSettings.list();
  const known = new Set(together.map(({ variable }) => variable));
  // What only a process of its own reads.
  const apart = Object.values(services)
    .flatMap((settings) => settings.list())
    .filter(({ variable }) => !known.has(variable) && known.add(variable));
  const ofServices = [...together, ...apart].map((description) => {
    const readers = variables.filter(([, names]) => names.has(description.variable)).map(([name]) => name);
    const everyone = readers.length === variables.length;
    return { ...description, readBy: everyone ? 'all' : readers.join(', ') || 'npm start' };
  });
  return [...ofServices, ...tracingSettings.list().map((description) => ({ ...description, readBy: 'all' }))];
}

/** What the programs beside the services read: they do their work and end. */
export const settingsOfPrograms = (): readonly SettingDescription[] => [
  ...quickstartSettings.list(),
  ...trialSettings.list(),
  ...cliSettings.list(),
];
