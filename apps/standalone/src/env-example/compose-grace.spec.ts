// compose.yaml kills what does not stop in time: later than the longest stop of any service with the settings of that file.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gatewayGracePeriodMs, gatewaySettings } from '@millrace/gateway';
import { packagerGracePeriodMs, packagerSettings } from '@millrace/packager';
import { rtmpEdgeGracePeriodMs, rtmpEdgeProcessSettings } from '@millrace/rtmp-edge';
import { rtspEdgeGracePeriodMs, rtspEdgeProcessSettings } from '@millrace/rtsp-edge';
import { signalingGracePeriodMs, signalingSettings } from '@millrace/signaling';
import { srtEdgeGracePeriodMs, srtEdgeProcessSettings } from '@millrace/srt-edge';
import { turnGracePeriodMs, turnProcessSettings } from '@millrace/turn';
import { describe, expect, it } from 'vitest';

const compose = readFileSync(resolve(import.meta.dirname, '../../../../compose.yaml'), 'utf8');
const times = compose.matchAll(/^ *(MILLRACE_[A-Z_]*(?:DRAIN|GRACE)[A-Z_]*): '?(\d+)'?$/gm);
const env = Object.fromEntries([...times].map(([, variable, value]) => [variable ?? '', value]));
const longestMs: Readonly<Record<string, number>> = {
  gateway: gatewayGracePeriodMs(gatewaySettings.parse(env)),
  packager: packagerGracePeriodMs(packagerSettings.parse(env)),
  'rtmp-edge': rtmpEdgeGracePeriodMs(rtmpEdgeProcessSettings.parse(env)),
  'rtsp-edge': rtspEdgeGracePeriodMs(rtspEdgeProcessSettings.parse(env)),
  'srt-edge': srtEdgeGracePeriodMs(srtEdgeProcessSettings.parse(env)),
  signaling: signalingGracePeriodMs(signalingSettings.parse(env)),
  turn: turnGracePeriodMs(turnProcessSettings.parse(env)),
};

describe('the grace that compose.yaml gives every service', () => {
  const grantedMs = Number(/stop_grace_period: (\d+)s/.exec(compose)?.[1]) * 1_000;

  it.each(Object.entries(longestMs))('is longer than the longest stop of %s', (_service, stopMs) => {
    expect(grantedMs).toBeGreaterThan(stopMs);
  });
});
