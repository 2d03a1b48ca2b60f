import { describe, expect, it } from 'vitest';
import { standaloneSettings, withDerivedDefaults } from './settings.ts';

describe('what follows from other settings', () => {
  it('gives people addresses with the ports that are listened on', () => {
    const env = withDerivedDefaults({ MILLRACE_HTTP_PORT: '9000', MILLRACE_RTMP_PORT: '9001' }, false, []);
    const { publicUrl, publicRtmpUrl } = standaloneSettings.parse(env);
    expect({ publicUrl, publicRtmpUrl }).toEqual({
      publicUrl: 'http://localhost:9000',
      publicRtmpUrl: 'rtmp://localhost:9001/live',
    });
  });

  it('goes back behind what is set', () => {
    const given = {
      MILLRACE_HTTP_PORT: '9000',
      MILLRACE_PUBLIC_URL: 'https://live.example',
      MILLRACE_LOG_PRETTY: 'false',
    };
    const { publicUrl, logPretty } = standaloneSettings.parse(withDerivedDefaults(given, true, []));
    expect({ publicUrl, logPretty }).toEqual({ publicUrl: 'https://live.example', logPretty: false });
  });

  it('is for people on a terminal, and takes an empty variable for one that is not set', () => {
    expect(standaloneSettings.parse(withDerivedDefaults({ MILLRACE_LOG_PRETTY: '' }, true, [])).logPretty).toBe(true);
    expect(standaloneSettings.parse(withDerivedDefaults({}, false, [])).logPretty).toBe(false);
  });

  it('opens nothing where an empty list says so, and takes the default where nothing is said', () => {
    const local = [{ address: '192.168.1.20', network: '192.168.1.0/24' }];
    const parse = (env: Record<string, string>) =>
      standaloneSettings.parse(withDerivedDefaults({ MILLRACE_HTTP_HOST: '0.0.0.0', ...env }, false, local));
    expect(parse({}).turnAllowedPeers).toEqual(['192.168.1.0/24']);
    expect(parse({ MILLRACE_TURN_ALLOWED_PEERS: '' }).turnAllowedPeers).toEqual([]);
    expect(parse({ MILLRACE_ICE_URLS: '' }).iceUrls).toBe('');
    expect(parse({ MILLRACE_SIGNALING_ALLOWED_ORIGINS: '' }).signalingAllowedOrigins).toEqual([]);
    // What opens this network for datagrams opens no connections, which are off.
    expect(parse({})).toMatchObject({ turnTcpRelays: false, turnTcpAllowedPeers: [] });
  });

  it('leaves the database to be the embedded one', () => {
    expect(standaloneSettings.parse({}).databaseUrl).toBeUndefined();
  });
});
