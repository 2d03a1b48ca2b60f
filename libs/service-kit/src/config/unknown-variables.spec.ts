import { describe, expect, it } from 'vitest';
import { unknownVariables } from './unknown-variables.ts';

describe('unknownVariables', () => {
  it.each([
    ['MILLRACE_RTMP_PROT', 'MILLRACE_RTMP_PORT'],
    ['MILLRACE_HTTP_HOTS', 'MILLRACE_HTTP_HOST'],
    ['MILLRACE_DATADIR', 'MILLRACE_DATA_DIR'],
    ['MILLRACE_PUBLIC_ULR', 'MILLRACE_PUBLIC_URL'],
    ['MILLRACE_TOTALLY_DIFFERENT_THING', undefined],
  ])('names %s, and as what was probably meant %s', (variable, nearest) => {
    expect(unknownVariables({ [variable]: '1' })).toEqual([{ variable, nearest }]);
  });

  it.each([
    ['a setting of any service', 'MILLRACE_TURN_PORT', '3478'],
    ['the file of a secret', 'MILLRACE_OPERATOR_KEY_FILE', '/run/secrets/key'],
    ['the password of an address', 'MILLRACE_NATS_PASSWORD', 'x'],
    ['what Kubernetes says of a Service', 'MILLRACE_GATEWAY_SERVICE_HOST', '10.0.0.7'],
    ['its port', 'MILLRACE_GATEWAY_SERVICE_PORT', '8080'],
    ['its named port', 'MILLRACE_GATEWAY_SERVICE_PORT_HTTP', '8080'],
    ['its address', 'MILLRACE_GATEWAY_PORT', 'tcp://10.0.0.7:8080'],
    ['its address by port', 'MILLRACE_RTMP_EDGE_PORT_1935_TCP', 'tcp://10.0.0.7:1935'],
    ['a part of that', 'MILLRACE_RTMP_EDGE_PORT_1935_TCP_ADDR', '10.0.0.7'],
    ['a variable of another program', 'POSTGRES_PASSWROD', 'x'],
  ])('passes over %s', (_, variable, value) => {
    expect(unknownVariables({ [variable]: value })).toEqual([]);
  });
});
