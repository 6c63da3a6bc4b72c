/** Which page is shown: the address says it, so that a reload, a bookmark and the way back all lead there. */

export type Place = { name: 'desk' } | { name: 'waiting' } | { name: 'conversations'; id: string | null } | { name: 'channels' } | { name: 'flows'; flow: string | null } | { name: 'centre'; section: string | null; entry: string | null };

/** Read the part of an address behind its `#`; null where it names no page. */
export function placeAt(hash: string): Place | null {
  const [name, first, second] = hash.replace(/^#/, '').split('/');
  if (name === 'desk' || name === 'waiting' || name === 'channels') return { name };
  if (name === 'conversations') return { name, id: first ? decoded(first) : null };
  if (name === 'flows') return { name, flow: first ? decoded(first) : null };
  if (name === 'centre') return { name, section: first ? decoded(first) : null, entry: second ? decoded(second) : null };
  return null;
}

/** Return the address of a page. */
export function addressOf(place: Place): string {
  if (place.name === 'desk' || place.name === 'waiting' || place.name === 'channels') return `#${place.name}`;
  const rest = place.name === 'conversations' ? [place.id] : place.name === 'flows' ? [place.flow] : place.section === null ? [] : [place.section, place.entry];
  return `#${[place.name, ...rest.filter((part) => part !== null).map(encodeURIComponent)].join('/')}`;
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
  #latest: Record<'flows' | 'centre', Place> = { flows: { name: 'flows', flow: null }, centre: { name: 'centre', section: null, entry: null } };

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

  /** From the desk to another page, where one looked last, and back. */
  turn(to: 'flows' | 'centre'): void {
    this.go(this.#asked?.name === to ? { name: 'desk' } : this.#latest[to]);
  }

  #read(): void {
    this.#asked = placeAt(location.hash);
    if (this.#asked?.name === 'flows' || this.#asked?.name === 'centre') this.#latest[this.#asked.name] = this.#asked;
  }
}

export const page = new Page();
