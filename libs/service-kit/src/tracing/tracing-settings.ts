// What the operator says of traces, by the names that OpenTelemetry gives them.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
import { z } from 'zod';
import { defineSettings } from '../config/define-settings.ts';
import type { ValuesOf } from '../config/define-settings.ts';
import { flag, milliseconds, text, url, wholeNumber } from '../config/setting-schemas.ts';
import { setting } from '../config/setting.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const ratio = z
  .string()
  .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a number from 0 to 1')
  .transform(Number);

const MAX_QUEUE_SIZE = 1_000_000;

export const tracingSettings = defineSettings({
  otlpEndpoint: setting(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    url('http', 'https').optional(),
    undefined,
    'Where traces are sent by OTLP over HTTP, such as http://collector:4318; when not set, there are no traces.',
  ),
  otlpTracesEndpoint: setting(
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    url('http', 'https').optional(),
    undefined,
    'Full URL for traces alone, such as http://collector:4318/v1/traces.',
  ),
  otlpProtocol: setting(
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    z.literal('http/json', 'must be http/json: no other protocol is supported'),
    'http/json',
    'Protocol for traces: always http/json.',
  ),
  sdkDisabled: setting('OTEL_SDK_DISABLED', flag, false, 'Whether traces are switched off despite an endpoint.'),
  traceServiceName: setting(
    'OTEL_SERVICE_NAME',
    text.optional(),
    undefined,
    'Name of the service in traces; when not set, millrace-gateway, millrace-rtmp-edge and so on.',
  ),
  tracesSampler: setting(
    'OTEL_TRACES_SAMPLER',
    z.enum(SAMPLERS, `must be one of ${SAMPLERS.join(', ')}`),
    'parentbased_always_on',
    `Which traces are kept: ${SAMPLERS.join(', ')}.`,
  ),
  tracesSamplerRatio: setting(
    'OTEL_TRACES_SAMPLER_ARG',
    ratio,
    1,
    'Fraction of traces that the two ratio samplers keep, from 0 to 1.',
  ),
  traceQueueSize: setting(
    'OTEL_BSP_MAX_QUEUE_SIZE',
    wholeNumber(1, MAX_QUEUE_SIZE),
    2_048,
    'How many spans may wait to be sent; any more are dropped.',
  ),
  traceDelayMs: setting(
    'OTEL_BSP_SCHEDULE_DELAY',
    milliseconds(1),
    5_000,
    'How long spans wait to be sent as a batch, in milliseconds.',
  ),
});

export type TracingSettings = ValuesOf<typeof tracingSettings>;

/** The same names for every service, so the environment is read here. @throws {ConfigError} that names every bad variable */
export const readTracingSettings = (): TracingSettings => tracingSettings.parse(process.env);
