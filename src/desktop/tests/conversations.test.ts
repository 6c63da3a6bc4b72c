import { describe, expect, it } from 'vitest';

import { type Conversation, found } from '../src/conversations/told';
import { addressOf, placeAt } from '../src/page.svelte';
import { aCard } from './builders';

const one = (id: string, change: Partial<Conversation> = {}): Conversation => {
  const { address, customer } = aCard();
  return {
    id, address, customer, medium: 'chat', stage: 'talking', stage_since: '2026-11-23T10:00:00Z', arrived_at: '2026-11-23T09:58:00Z',
    queue: { id: 'sales', title: 'Sales' }, agent: { id: 'ana', name: 'Ana Torres' }, last: null, unanswered_since: null, answer_by: null, ...change,
  };
};

describe('the conversations of others', () => {
  it('are found by words of names, agents, queues and what was said last, in any order', () => {
    const all = [one('a'), one('b', { agent: null, queue: null }), one('c', { last: { side: 'customer', text: 'The ORDER is late', at: '2026-11-23T10:00:00Z' } })];
    const ids = (search: string) => found(all, search, (each) => `Visitor ${each.id}`).map((each) => each.id);

    expect(ids('')).toEqual(['a', 'b', 'c']);
    expect(ids('  torres sales ')).toEqual(['a', 'c']);
    expect(ids('late order')).toEqual(['c']);
    expect(ids('visitor b')).toEqual(['b']);
    expect(ids('late b')).toEqual([]);
  });

  it('have an address each', () => {
    expect(addressOf({ name: 'conversations', id: null })).toBe('#conversations');
    expect(placeAt('#conversations')).toEqual({ name: 'conversations', id: null });
    expect(placeAt(addressOf({ name: 'conversations', id: 'a/b' }))).toEqual({ name: 'conversations', id: 'a/b' });
  });
});
