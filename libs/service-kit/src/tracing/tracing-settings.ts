// What the operator says of traces, by the names that OpenTelemetry gives them.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../config/define-settings.ts';
import { flag, milliseconds, text, url, wholeNumber } from '../config/setting-schemas.ts';
import { setting } from '../config/setting.ts';

export const SAMPLERS = [
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
    'Where traces are sent by OTLP over HTTP, such as http://collector:4318; without it there are none.',
  ),
  otlpTracesEndpoint: setting(
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    url('http', 'https').optional(),
    undefined,
    'The same, as the whole address for traces alone, such as http://collector:4318/v1/traces.',
  ),
  otlpProtocol: setting(
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    z.literal('http/json', 'must be http/json: nothing else is spoken'),
    'http/json',
    'How traces are written: always http/json.',
  ),
  sdkDisabled: setting('OTEL_SDK_DISABLED', flag, false, 'Whether no traces are made although there is an endpoint.'),
  traceServiceName: setting(
    'OTEL_SERVICE_NAME',
    text.optional(),
    undefined,
    'Name of the service in traces; millrace-gateway, millrace-rtmp-edge and so on when not set.',
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
    'Which part of the traces the two ratio samplers keep, from 0 to 1.',
  ),
  traceQueueSize: setting(
    'OTEL_BSP_MAX_QUEUE_SIZE',
    wholeNumber(1, MAX_QUEUE_SIZE),
    2_048,
    'How many spans may wait to be sent; further ones are dropped.',
  ),
  traceDelayMs: setting(
    'OTEL_BSP_SCHEDULE_DELAY',
    milliseconds(1),
    5_000,
    'How long spans wait for more of them before they are sent, in milliseconds.',
  ),
});

export type TracingSettings = ValuesOf<typeof tracingSettings>;

/** The same names for every service, so the environment is read here. @throws {ConfigError} that names every bad variable */
export const readTracingSettings = (): TracingSettings => tracingSettings.parse(process.env);
