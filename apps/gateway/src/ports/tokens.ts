// Injection tokens of what the gateway is given from outside.

export const GATEWAY_SETTINGS = Symbol('GatewaySettings');
export const GATEWAY_LOGGER = Symbol('GatewayLogger');
export const GATEWAY_METRICS = Symbol('GatewayMetrics');
export const METRICS = Symbol('Metrics');
export const TRACER = Symbol('Tracer');
export const READINESS = Symbol('Readiness');
