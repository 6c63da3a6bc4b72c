/** Which page is shown: the address says it, so that a reload, a bookmark and the way back all lead there. */

export type Place = { name: 'desk' } | { name: 'flows'; flow: string | null };

/** Read the part of an address behind its `#`; null where it names no page. */
export function placeAt(hash: string): Place | null {
  const [name, flow] = hash.replace(/^#/, '').split('/');
  if (name === 'desk') return { name };
  if (name === 'flows') return { name, flow: flow ? decoded(flow) : null };
  return null;
}

/** Return the address of a page. */
export function addressOf(place: Place): string {
  if (place.name === 'desk') return '#desk';
  return place.flow === null ? '#flows' : `#flows/${encodeURIComponent(place.flow)}`;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

class Page {
  #asked = $state.raw<Place | null>(null);
  #latestFlow: string | null = null;

  constructor() {
    if (typeof window === 'undefined') return;
    this.#read();
    addEventListener('hashchange', () => this.#read());
  }

  /** What the address asks for; null: whatever is first for whoever is here. */
  get asked(): Place | null {
    return this.#asked;
  }

  /** Turn to a page; `instead` leaves no way back to the present one. */
  go(place: Place, { instead = false } = {}): void {
    if (instead) location.replace(addressOf(place));
    else location.hash = addressOf(place);
  }

  /** From the desk to the flows, where one looked last, and back. */
  turn(): void {
    this.go(this.#asked?.name === 'flows' ? { name: 'desk' } : { name: 'flows', flow: this.#latestFlow });
  }

  #read(): void {
    this.#asked = placeAt(location.hash);
    if (this.#asked?.name === 'flows') this.#latestFlow = this.#asked.flow;
  }
}

export const page = new Page();
