/** The service's clock, as this browser knows it: every time on the screen counts from it, never from the browser's own. */

export class ServerClock {
  #offset: number | null = null;

  constructor(private readonly own: () => number = Date.now) {}

  /** Take the service's time from a message that has just come. The least delayed message is the truest. */
  heard(now: string): void {
    const sent = Date.parse(now);
    if (Number.isNaN(sent)) return;
    const offset = sent - this.own();
    // A delay only ever makes the offset smaller; a real step of either clock shows as more than a second.
    if (this.#offset === null || offset > this.#offset || this.#offset - offset > 1000) this.#offset = offset;
  }

  /** Return the service's time in milliseconds. */
  now(): number {
    return this.own() + (this.#offset ?? 0);
  }
}

/** Return the seconds from a moment until now, never less than none. */
export function secondsSince(moment: string | null, now: number): number {
  return moment === null ? 0 : Math.max(0, (now - Date.parse(moment)) / 1000);
}

/** Return the seconds from now until a moment, never less than none. */
export function secondsUntil(moment: string | null, now: number): number {
  return moment === null ? 0 : Math.max(0, (Date.parse(moment) - now) / 1000);
}
