import { describe, expect, it } from 'vitest';

import { addressOf, placeAt, type Place } from '../src/page.svelte';

describe('the address of a page', () => {
  it.each<Place>([{ name: 'desk' }, { name: 'waiting' }, { name: 'flows', flow: null }, { name: 'flows', flow: 'main' }, { name: 'flows', flow: 'a/ü .yaml' }, { name: 'centre', section: null, entry: null }, { name: 'centre', section: 'queues', entry: null }, { name: 'centre', section: 'agents', entry: 'a/ü' }])('leads back to %j', (place) => {
    expect(placeAt(addressOf(place))).toEqual(place);
  });

  it.each(['', '#', '#nowhere', '#//'])('asks for no page as %j', (hash) => {
    expect(placeAt(hash)).toBeNull();
  });

  it('names no flow when it cannot be read', () => {
    expect(placeAt('#flows/%E0%A4%A')).toEqual({ name: 'flows', flow: null });
  });
});
