/** Something that is to be done again after a while. A clock that was set back makes it due. */
export class Due {
  readonly #now: () => number;
  #at = Number.NEGATIVE_INFINITY;
  #forMs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get isIt(): boolean {
    const since = this.#now() - this.#at;
    return since < 0 || since >= this.#forMs;
  }

  in(milliseconds: number): void {
    this.#at = this.#now();
    this.#forMs = milliseconds;
  }
}
