/** Something of the service that is fetched anew when it is other: once a second at most, and kept while the service is away. */

const AT_MOST_EVERY_MS = 1000;
/** What an answer's status says when there was none. */
const NO_ANSWER = 0;

export class Fetched<Told> {
  told = $state.raw<Told | null>(null);
  /** Why what is shown may be old: the status of the answer; null when all is well. */
  fault = $state<number | null>(null);
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asked = 0;
  #asking: AbortController | null = null;

  constructor(
    private readonly address: string,
    private readonly came: (told: Told) => void = () => undefined,
  ) {}

  /** Something is other: ask soon. */
  isOther(): void {
    this.#timer ??= setTimeout(() => void this.load(), Math.max(0, this.#asked + AT_MOST_EVERY_MS - Date.now()));
  }

  /** Ask now. */
  async load(): Promise<void> {
    this.leave();
    this.#asked = Date.now();
    const asking = (this.#asking = new AbortController());
    const answer = await fetch(this.address, { signal: asking.signal }).catch(() => null);
    const told = answer?.ok ? ((await answer.json().catch(() => null)) as Told | null) : null;
    if (asking.signal.aborted) return;
    this.fault = told ? null : (answer?.status ?? NO_ANSWER);
    if (!told) return;
    this.told = told;
    this.came(told);
  }

  /** Take back what is under way. */
  leave(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#asking?.abort();
  }
}
