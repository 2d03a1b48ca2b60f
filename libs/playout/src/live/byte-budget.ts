// Memory that many share: so many bytes in all, with a share for each address and each tenant.
import type { PlaceHolder } from '@millrace/service-kit';

export interface ByteLimits {
  readonly max: number;
  readonly maxPerTenant: number;
  /** None when not given: where no address is behind it. */
  readonly maxPerAddress?: number;
}

/** What one address, or one tenant, has taken, and for how many accounts. */
interface Share {
  bytes: number;
  accounts: number;
}

export class ByteBudget {
  readonly #limits: ByteLimits;
  readonly #tenants = new Map<string, Share>();
  readonly #networks = new Map<string, Share>();
  #bytes = 0;

  constructor(limits: ByteLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Opens an account of one holder. Close it, or its shares are never forgotten. */
  open({ network, tenantId }: Partial<PlaceHolder>): ByteAccount {
    const { max, maxPerTenant, maxPerAddress = Infinity } = this.#limits;
    const shares = [
      { share: shareOf(this.#tenants, tenantId), limit: maxPerTenant },
      { share: shareOf(this.#networks, network), limit: maxPerAddress },
    ];
    for (const { share } of shares) share.accounts++;
    return new ByteAccount(
      (bytes) => {
        if (this.#bytes + bytes > max) return false;
        for (const { share, limit } of shares) if (share.bytes + bytes > limit) return false;
        this.#bytes += bytes;
        for (const { share } of shares) share.bytes += bytes;
        return true;
      },
      (bytes) => {
        this.#bytes -= bytes;
        for (const { share } of shares) share.bytes -= bytes;
      },
      () => {
        for (const { share } of shares) share.accounts--;
        forget(this.#tenants, tenantId);
        forget(this.#networks, network);
      },
    );
  }
}

export class ByteAccount {
  readonly #take: (bytes: number) => boolean;
  readonly #give: (bytes: number) => void;
  readonly #close: () => void;
  #held = 0;
  #isOpen = true;

  constructor(take: (bytes: number) => boolean, give: (bytes: number) => void, close: () => void) {
    this.#take = take;
    this.#give = give;
    this.#close = close;
  }

  get held(): number {
    return this.#held;
  }

  /** @returns false when that would be more than the holder's share, or than there is: nothing is taken then */
  take(bytes: number): boolean {
    if (!this.#isOpen || !this.#take(bytes)) return false;
    this.#held += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#held -= bytes;
    this.#give(bytes);
  }

  /** Releases everything. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.release(this.#held);
    this.#close();
  }
}

function shareOf(shares: Map<string, Share>, name: string | undefined): Share {
  const known = name === undefined ? undefined : shares.get(name);
  if (known !== undefined) return known;
  const made = { bytes: 0, accounts: 0 };
  if (name !== undefined) shares.set(name, made);
  return made;
}

function forget(shares: Map<string, Share>, name: string | undefined): void {
  if (name !== undefined && shares.get(name)?.accounts === 0) shares.delete(name);
}
