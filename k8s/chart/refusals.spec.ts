// What cannot work is refused with a sentence that says what to do.
import { describe, expect, it } from 'vitest';
import { refusalOf } from './render.ts';
import type { Overrides } from './render.ts';

const LOAD_BALANCER = { 'turn.mode': 'loadBalancer', 'turn.allowedPeers': ['10.0.0.0/8'] };
const PER_REPLICA = { 'turn.mode': 'portPerReplica', 'turn.publicAddress': '192.0.2.1' };

const REFUSALS: readonly (readonly [string, Overrides, RegExp])[] = [
  ['TURN behind a load balancer with peers anywhere', LOAD_BALANCER, /set turn\.peers to relayed/i],
  [
    'TURN behind a load balancer without the range of pods',
    { 'turn.mode': 'loadBalancer', 'turn.peers': 'relayed' },
    /turn\.allowedPeers/,
  ],
  ['a TURN port that Chrome refuses', { ...PER_REPLICA, 'turn.port': 1023 }, /Chrome refuses TURN on ports below 1024/],
  ['a TLS port likewise', { ...PER_REPLICA, 'turn.tlsPort': 442 }, /turn\.tlsPort 442: Chrome/],
  ['a low port on the network of a node', { 'turn.port': 443 }, /not root cannot open it/],
  ['two servers on the ports of one node', { 'services.turn.updateStrategy.maxSurge': 1 }, /ports of the old one/],
  ['one public address for several nodes', { 'turn.publicAddress': '192.0.2.1' }, /address of one node/],
  ['ports for each replica without an address', { 'turn.mode': 'portPerReplica' }, /turn\.publicAddress/],
  [
    'more relay ports than there are',
    { ...PER_REPLICA, 'turn.relayPorts': { min: 65500, perReplica: 20 } },
    /port 65539; there is none/,
  ],
  [
    'ports for each replica, and scaling',
    { ...PER_REPLICA, 'services.turn.autoscaling.hpa.enabled': true },
    /cannot be scaled automatically/,
  ],
  [
    'a grace period shorter than the drain',
    { 'services.rtmp-edge.terminationGracePeriodSeconds': 60 },
    /its drain takes up to 355: leave it out/,
  ],
  ['Local with one replica', { 'services.rtmp-edge.replicas': 1 }, /Local with one replica/],
  ['Local without spread', { 'services.rtmp-edge.spread.enabled': false }, /spread must be enabled/],
  [
    'scaling by CPU without requests',
    { 'services.signaling.autoscaling.hpa.enabled': true, 'services.signaling.resources.requests': null },
    /set resources\.requests\.cpu/,
  ],
  [
    'HPA and KEDA together',
    { 'services.gateway.autoscaling': { hpa: { enabled: true }, keda: { enabled: true } } },
    /services\/gateway\/autoscaling/,
  ],
  [
    'HPA for one and KEDA for all',
    { 'defaults.autoscaling.keda.enabled': true, 'services.gateway.autoscaling.hpa.enabled': true },
    /enable hpa or keda, not both/,
  ],
  [
    'an update that can never happen',
    { 'services.packager.updateStrategy': { maxSurge: 0, maxUnavailable: 0 } },
    /no pod can ever be replaced/,
  ],
  [
    'a Prometheus that the policy keeps out',
    { 'networkPolicy.metricsFrom': [], 'metrics.serviceMonitor.enabled': true },
    /networkPolicy\.metricsFrom: name the namespace/,
  ],
  ['a service that does not exist', { 'services.rtmp.replicas': 2 }, /there is no such service/],
  ['no database', { 'postgres.host': '' }, /say where the database is/],
  ['no NATS', { 'nats.url': '' }, /nats: say where it is/],
  ['migrations before there is a database', { 'dev.postgres.enabled': true }, /use migrations\.mode gateway/],
  [
    'a random node port that encoders are told',
    { 'rtmp.expose': 'nodePort', 'rtmp.host': 'rtmp.example' },
    /rtmp\.nodePort: encoders are told this port/,
  ],
  [
    'PROXY protocol from any peer for RTSP',
    { 'rtsp.proxyProtocol.enabled': true },
    /rtsp\.proxyProtocol\.from: .*claim any/,
  ],
  ['a UDPRoute without a Gateway', { 'srt.udpRoute.enabled': true }, /srt\.udpRoute\.parentRefs: name the Gateway/],
  [
    'SRT on a node port that the cluster would choose',
    { 'srt.expose': 'nodePort', 'srt.host': 'srt.example' },
    /srt\.nodePort: encoders are told this port/,
  ],
  ['PROXY protocol from any peer', { 'rtmp.proxyProtocol.enabled': true }, /could claim any address/],
  [
    'one host for REST and signaling',
    { 'ingress.enabled': true, 'ingress.host': 'a.example', 'ingress.signalingHost': 'a.example' },
    /must be another host/,
  ],
  ['two ways in', { 'ingress.enabled': true, 'httpRoute.enabled': true }, /ingress and httpRoute: enable one/],
  [
    'a setting that the chart derives',
    { 'services.gateway.settings.MILLRACE_STOP_GRACE_MS': 1 },
    /sets this one itself/,
  ],
  [
    'a secret as a setting’s file',
    { 'services.gateway.settings.MILLRACE_KEY_PEPPER_FILE': '/x' },
    /files are mounted from Secrets/,
  ],
  [
    'a setting that the service does not have',
    { 'services.packager.settings.MILLRACE_HTTP_MAX_BODY_BYTES': 1_024 },
    /packager has no such setting/,
  ],
  [
    'a port that its container would not have',
    { 'services.gateway.settings.MILLRACE_METRICS_PORT': 9_000 },
    /depend on it; it cannot be set here/,
  ],
  ['a TCPRoute without a Gateway', { 'rtmp.tcpRoute.enabled': true }, /rtmp\.tcpRoute\.parentRefs/],
  ['routes to relays on nodes', { 'turn.routes': { enabled: true, parentRefs: [{ name: 'a' }] } }, /turn\.routes/],
  ['a misspelt value', { 'rtmp.exposed': 'loadBalancer' }, /additional properties 'exposed' not allowed/],
  ['a value of the wrong kind', { 'services.turn.replicas': 'two' }, /replicas/],
];

describe('the chart refuses', () => {
  it.each(REFUSALS)('%s', async (_, overrides, sentence) => {
    expect(await refusalOf(['ci/external.yaml'], overrides)).toMatch(sentence);
  });
});
