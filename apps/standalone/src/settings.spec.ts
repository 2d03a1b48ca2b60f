import { ConfigError } from '@millrace/service-kit';
import { describe, expect, it } from 'vitest';
import { standaloneSettings, withDerivedDefaults } from './settings.ts';

const LAN = [{ address: '192.168.1.20', network: '192.168.1.0/24' }];
const addressesWith = (env: Record<string, string>) => {
  const { publicUrl, publicRtmpUrl } = standaloneSettings.parse(withDerivedDefaults(env, LAN));
  return [publicUrl, publicRtmpUrl];
};

describe('what follows from other settings', () => {
  it.each([
    [{}, 'http://localhost:8080', 'rtmp://localhost:1935/live'],
    [{ MILLRACE_HTTP_PORT: '9000', MILLRACE_RTMP_PORT: '9001' }, 'http://localhost:9000', 'rtmp://localhost:9001/live'],
    [{ MILLRACE_HTTP_HOST: '0.0.0.0' }, 'http://192.168.1.20:8080', 'rtmp://192.168.1.20:1935/live'],
    [{ MILLRACE_HTTP_HOST: '::' }, 'http://192.168.1.20:8080', 'rtmp://192.168.1.20:1935/live'],
    [{ MILLRACE_HTTP_HOST: '10.1.2.3' }, 'http://10.1.2.3:8080', 'rtmp://10.1.2.3:1935/live'],
    [{ MILLRACE_HTTP_HOST: '::1' }, 'http://localhost:8080', 'rtmp://localhost:1935/live'],
    [
      { MILLRACE_HTTP_HOST: '0.0.0.0', MILLRACE_PUBLIC_URL: 'http://192.168.7.7:8080' },
      'http://192.168.7.7:8080',
      'rtmp://192.168.7.7:1935/live',
    ],
    [{ MILLRACE_PUBLIC_URL: 'https://live.example' }, 'https://live.example', 'rtmp://live.example:1935/live'],
    [
      { MILLRACE_PUBLIC_URL: 'https://live.example', MILLRACE_PUBLIC_RTMP_URL: 'rtmps://in.example/live' },
      'https://live.example',
      'rtmps://in.example/live',
    ],
    [{ MILLRACE_HTTP_PORT: '' }, 'http://localhost:8080', 'rtmp://localhost:1935/live'],
  ])('gives people the addresses that are listened on: %j', (env, publicUrl, rtmpUrl) => {
    expect(addressesWith(env)).toEqual([publicUrl, rtmpUrl]);
  });

  it('gives encoders an address with encryption where there is a certificate', () => {
    const urlWith = (env: Record<string, string>) =>
      standaloneSettings.parse(withDerivedDefaults(env, LAN)).publicRtmpsUrl;
    expect(urlWith({})).toBeUndefined();
    const tls = { MILLRACE_TLS_CERT_FILE: '/cert.pem', MILLRACE_TLS_KEY_FILE: '/key.pem' };
    expect(urlWith(tls)).toBe('rtmps://localhost:1936/live');
    expect(urlWith({ ...tls, MILLRACE_RTMPS_PORT: '443' })).toBe('rtmps://localhost:443/live');
  });

  it.each(['MILLRACE_HTTP_PORT', 'MILLRACE_RTMP_PORT', 'MILLRACE_PUBLIC_URL', 'MILLRACE_TURN_PORT'])(
    'blames %s alone when that is wrong',
    (variable) => {
      const parse = () => standaloneSettings.parse(withDerivedDefaults({ [variable]: 'many' }, LAN));
      expect(parse).toThrow(ConfigError);
      expect(faultsOf(parse)).toEqual([variable]);
    },
  );

  it('opens nothing where an empty list says so, and takes the default where nothing is said', () => {
    const local = [{ address: '192.168.1.20', network: '192.168.1.0/24' }];
    const parse = (env: Record<string, string>) =>
      standaloneSettings.parse(withDerivedDefaults({ MILLRACE_HTTP_HOST: '0.0.0.0', ...env }, local));
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

function faultsOf(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ variable }) => variable);
  }
  return [];
}
