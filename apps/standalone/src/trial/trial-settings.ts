// What a trial of an installation that runs elsewhere needs to know.
import { defineSettings, milliseconds, setting, url } from '@millrace/service-kit';
import { quickstartSettings } from '../quickstart/quickstart-settings.ts';

const { apiUrl, operatorKey } = quickstartSettings.definitions;

export const trialSettings = defineSettings({
  apiUrl,
  operatorKey,
  rtmpUrl: setting(
    'MILLRACE_TRIAL_RTMP_URL',
    url('rtmp'),
    'rtmp://127.0.0.1:1935/live',
    'Where the trial publishes to.',
  ),
  timeoutMs: setting(
    'MILLRACE_TRIAL_TIMEOUT_MS',
    milliseconds(1),
    60_000,
    'How long it may take until the clip can be watched, in milliseconds.',
  ),
});
