// Injection tokens of what the gateway is given from outside.
export { LOGGER as GATEWAY_LOGGER, METRICS, READINESS, TRACER } from '@millrace/service-kit';

export const GATEWAY_SETTINGS = Symbol('GatewaySettings');
export const GATEWAY_METRICS = Symbol('GatewayMetrics');
export const HTTPS_CERTIFICATE = Symbol('HttpsCertificate');
