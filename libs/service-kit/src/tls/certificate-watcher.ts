// Certificate and key from files, looked at again and again: certificates are renewed while streams run.
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** What a TLS server takes as it is. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/** Reads the files and checks that they fit each other. @throws when they can't be read or do not fit */
export async function readCertificate({ certFile, keyFile }: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  const certificate: Certificate = { cert, key, minVersion: 'TLSv1.2' };
  createSecureContext(certificate);
  return certificate;
}

/**
 * Watches the files by reading them: what is replaced by a symbolic link or on a network disk is noticed too. A pair that
 * does not fit, as between two writes, is read again at the next look; until then the old one stays.
 */
export class CertificateWatcher {
  readonly #files: CertificateFiles;
  readonly #onChange: (certificate: Certificate) => void;
  readonly #onError: (error: unknown) => void;
  #current: Certificate;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(
    files: CertificateFiles,
    current: Certificate,
    onChange: (certificate: Certificate) => void,
    onError: (error: unknown) => void,
  ) {
    this.#files = files;
    this.#current = current;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /** @param intervalMs between two looks */
  start(intervalMs: number): void {
    this.#timer = setInterval(() => void this.#look(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const read = await readCertificate(this.#files);
      if (!isSame(read, this.#current)) {
        this.#onChange(read);
        this.#current = read;
      }
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#looking = false;
    }
  }
}

function isSame(a: Certificate, b: Certificate): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key);
}
