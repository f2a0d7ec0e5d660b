/** Who lives with which address, as containers see it: from the answer of an ADD until a DEL is asked for. */
export class Tenants {
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #tenants = new Map<string, string>();
  /** What must not have happened. */
  readonly conflicts: string[] = [];

  movedIn(container: string, addresses: readonly string[]): void {
    if (addresses.length === 0) this.conflicts.push(`${container} was given no address`);
    this.#addresses.set(container, addresses);
    for (const address of addresses) {
      const tenant = this.#tenants.get(address);
      if (tenant !== undefined && tenant !== container)
        this.conflicts.push(`${address} was given to ${container} while ${tenant} lived with it`);
      this.#tenants.set(address, container);
    }
  }

  movesOut(container: string): void {
    for (const address of this.#addresses.get(container) ?? [])
      if (this.#tenants.get(address) === container) this.#tenants.delete(address);
    this.#addresses.delete(container);
  }

  /** By container. */
  get all(): ReadonlyMap<string, readonly string[]> {
    return this.#addresses;
  }
}
