// Certificate and key from files that are read again and again: certificates are renewed while streams run.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { onSharedBeat } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import { ConfigError } from '../config/config-error.ts';
import type { Logger } from '../logging/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** In the form that a TLS server takes. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/** When the certificate that a service shows to its clients ends. */
export const certificateExpiry = (metrics: Metrics) =>
  metrics.gauge(
    'tls_certificate_expiry_timestamp_seconds',
    'When the certificate in use expires, in seconds since 1970; 0 without TLS.',
  );

/** @throws when a file cannot be read */
async function readCertificate({ certFile, keyFile }: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  return { cert, key, minVersion: 'TLSv1.2' };
}

/** @throws when certificate and key cannot be parsed or do not fit each other */
function check(certificate: Certificate): Certificate {
  createSecureContext(certificate);
  return certificate;
}

/** A setting that names a file. */
export interface FileSetting {
  readonly variable: string;
  readonly file: string | undefined;
}

export interface CertificateWatcherOptions {
  readonly certificate: FileSetting;
  readonly key: FileSetting;
  readonly metrics: {
    readonly certificateExpiry: { set(seconds: number): void };
    readonly tlsReloads: { inc(labels: { outcome: 'replaced' | 'failed' }): void };
  };
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * Watches the files by reading them, so that a change of a symbolic link or on a network disk is noticed too. A pair that
 * does not fit, as between two writes, is read again in the next round; until then the old one stays.
 */
export class CertificateWatcher {
  readonly #files: CertificateFiles;
  readonly #options: CertificateWatcherOptions;
  #current: Certificate;
  #timer: Beat | undefined;
  #reading = false;

  /**
   * Reads the certificate for the first time.
   *
   * @returns undefined when the settings name neither file
   * @throws ConfigError when they name only one of the two; other errors when a file cannot be read or does not fit
   */
  static async open(options: CertificateWatcherOptions): Promise<CertificateWatcher | undefined> {
    const { certificate, key } = options;
    if (certificate.file === undefined && key.file === undefined) return undefined;
    if (certificate.file === undefined) throw missing(certificate);
    if (key.file === undefined) throw missing(key);
    const files = { certFile: certificate.file, keyFile: key.file };
    return new CertificateWatcher(files, options, check(await readCertificate(files)));
  }

  private constructor(files: CertificateFiles, options: CertificateWatcherOptions, current: Certificate) {
    this.#files = files;
    this.#options = options;
    this.#current = current;
    options.metrics.certificateExpiry.set(expiryOf(current));
  }

  /** As it was read last. */
  get certificate(): Certificate {
    return this.#current;
  }

  /**
   * @param intervalMs between two reads
   * @param onReplaced hears of each certificate that follows the first
   */
  start(intervalMs: number, onReplaced: (certificate: Certificate) => void): void {
    this.#timer = onSharedBeat(intervalMs, () => void this.#read(onReplaced));
  }

  stop(): void {
    this.#timer?.stop();
  }

  async #read(onReplaced: (certificate: Certificate) => void): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    const { metrics, logger } = this.#options;
    try {
      const read = await readCertificate(this.#files);
      if (isSame(read, this.#current)) return;
      onReplaced(check(read));
      this.#current = read;
      metrics.certificateExpiry.set(expiryOf(read));
      metrics.tlsReloads.inc({ outcome: 'replaced' });
      logger.info('certificate replaced');
    } catch (error) {
      metrics.tlsReloads.inc({ outcome: 'failed' });
      logger.warn({ err: error }, 'cannot read the certificate; keeping the old one');
    } finally {
      this.#reading = false;
    }
  }
}

/** @returns seconds since 1970 of the first certificate of the chain: the service's own */
function expiryOf({ cert }: Certificate): number {
  return new X509Certificate(cert).validToDate.getTime() / 1_000;
}

function isSame(a: Certificate, b: Certificate): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key);
}

const missing = ({ variable }: FileSetting): ConfigError =>
  new ConfigError([{ variable, fault: 'set both the certificate and the key, or neither' }]);
