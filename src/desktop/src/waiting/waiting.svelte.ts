/** Who waits now: fetched anew when a queue is other, once a second at most, and kept while the service is away. */

import type { Board } from './told';

const AT_MOST_EVERY_MS = 1000;
/** What an answer's status says when there was none. */
const NO_ANSWER = 0;

export class WaitingBoard {
  board = $state.raw<Board | null>(null);
  /** Why what is shown may be old: the status of the answer; null when all is well. */
  fault = $state<number | null>(null);
  /** For whom a wait shall be, where somebody chose without giving it yet; '' is everybody. */
  chosen = $state<Record<string, string>>({});
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asked = 0;
  #asking: AbortController | null = null;

  /** Something is other: ask soon. */
  isOther(): void {
    this.#timer ??= setTimeout(() => void this.load(), Math.max(0, this.#asked + AT_MOST_EVERY_MS - Date.now()));
  }

  /** Ask now. */
  async load(): Promise<void> {
    this.leave();
    this.#asked = Date.now();
    const asking = (this.#asking = new AbortController());
    const answer = await fetch('/api/waiting', { signal: asking.signal }).catch(() => null);
    const told = answer?.ok ? ((await answer.json().catch(() => null)) as Board | null) : null;
    if (asking.signal.aborted) return;
    this.fault = told ? null : (answer?.status ?? NO_ANSWER);
    if (!told) return;
    this.board = told;
    const there = new Set(told.waiting.map((one) => one.id));
    this.chosen = Object.fromEntries(Object.entries(this.chosen).filter(([id]) => there.has(id)));
  }

  /** Take back what is under way. */
  leave(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#asking?.abort();
  }
}
