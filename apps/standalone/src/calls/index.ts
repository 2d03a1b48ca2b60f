export { callDefaults, localAddresses } from './call-addresses.ts';
export type { LocalAddress } from './call-addresses.ts';
export { ensureCertificate } from '../certificate/ensure-certificate.ts';
