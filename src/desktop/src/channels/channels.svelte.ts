/** The channels: fetched anew every few seconds while somebody looks, and kept while the service is away. */

import type { Channels } from './told';

const EVERY_MS = 5000;
/** What an answer's status says when there was none. */
const NO_ANSWER = 0;

export class ChannelStore {
  told = $state.raw<Channels | null>(null);
  /** Why what is shown may be old: the status of the answer; null when all is well. */
  fault = $state<number | null>(null);
  #timer: ReturnType<typeof setInterval> | null = null;
  #asking: AbortController | null = null;

  /** Look until `leave`. */
  look(): void {
    this.leave();
    void this.load();
    this.#timer = setInterval(() => !document.hidden && void this.load(), EVERY_MS);
  }

  async load(): Promise<void> {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const answer = await fetch('/api/channels', { signal: asking.signal }).catch(() => null);
    const told = answer?.ok ? ((await answer.json().catch(() => null)) as Channels | null) : null;
    if (asking.signal.aborted) return;
    this.fault = told ? null : (answer?.status ?? NO_ANSWER);
    if (told) this.told = told;
  }

  /** Have messages sent again, some or all of a channel; return how many, null where that was not done. */
  async sendAgain(which: { ids: string[] } | { channel: string }): Promise<number | null> {
    const request = { method: 'POST', body: JSON.stringify(which), headers: { 'Content-Type': 'application/json' } };
    const answer = await fetch('/api/channels/send_again', request).catch(() => null);
    const told = answer?.ok ? ((await answer.json().catch(() => null)) as { sent_again: number } | null) : null;
    await this.load();
    return told?.sent_again ?? null;
  }

  leave(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#asking?.abort();
  }
}
