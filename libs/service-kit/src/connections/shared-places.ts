// Places that many share: so many in all, with a share for each address and each tenant, so that one cannot take all.

export interface PlaceLimits {
  readonly max: number;
  readonly maxPerAddress: number;
  /** None when not given: where the tenant is not known. */
  readonly maxPerTenant?: number;
}

export interface PlaceHolder {
  /** As `peerNetwork` has it. */
  readonly network: string;
  readonly tenantId?: string;
}

export class SharedPlaces {
  readonly #limits: PlaceLimits;
  readonly #byNetwork = new Map<string, number>();
  readonly #byTenant = new Map<string, number>();
  #taken = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a place. @returns a function that releases it once; undefined when there is none left for this holder */
  take({ network, tenantId }: PlaceHolder): (() => void) | undefined {
    const { max, maxPerAddress, maxPerTenant = Infinity } = this.#limits;
    if (this.#taken >= max || countOf(this.#byNetwork, network) >= maxPerAddress) return undefined;
    if (tenantId !== undefined && countOf(this.#byTenant, tenantId) >= maxPerTenant) return undefined;
    this.#change(network, tenantId, 1);
    let held = true;
    return () => {
      if (held) this.#change(network, tenantId, -1);
      held = false;
    };
  }

  #change(network: string, tenantId: string | undefined, by: number): void {
    this.#taken += by;
    add(this.#byNetwork, network, by);
    if (tenantId !== undefined) add(this.#byTenant, tenantId, by);
  }
}

const countOf = (counts: ReadonlyMap<string, number>, name: string): number => counts.get(name) ?? 0;

function add(counts: Map<string, number>, name: string, by: number): void {
  const count = countOf(counts, name) + by;
  if (count > 0) counts.set(name, count);
  else counts.delete(name);
}
