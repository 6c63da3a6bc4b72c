import { describe, expect, it } from 'vitest';

import { apply, callOnTheLine, inOrder, type DeskEvent } from '../src/state';
import { aCard, aState } from './builders';

describe('what an event does to the state', () => {
  it('brings an interaction, replaces it whole, and takes it away', () => {
    const offered = apply(aState(), { kind: 'interaction', interaction: aCard({ note: 'draft' }) });
    const talking = apply(offered, { kind: 'interaction', interaction: aCard({ stage: 'talking' }) });

    expect(offered.interactions['one']?.note).toBe('draft');
    expect(talking.interactions['one']).toEqual(aCard({ stage: 'talking' }));
    expect(apply(talking, { kind: 'interaction_gone', id: 'one' }).interactions).toEqual({});
  });

  it('replaces me, a queue, the day and the parts by their keys', () => {
    const queue = { id: 'sales', title: 'Sales', waiting: 2, longest_since: null, ready: 1, mine: true };
    const today = { handled: 3, talk_s: 60, wrap_s: 10, missed: 0, longest_talk_s: 40 };
    const me = { ...aState().me, presence: 'not_ready' as const, reason: 'lunch' };
    const events: DeskEvent[] = [{ kind: 'queue', queue }, { kind: 'today', today }, { kind: 'me', me }, { kind: 'parts', parts: { switch: { ready: false, detail: 'away' } } }];

    const state = events.reduce(apply, aState());

    expect(state).toEqual({ ...aState(), queues: { sales: queue }, today, me, parts: { switch: { ready: false, detail: 'away' } } });
  });

  it('replaces the counts of the flows it names, and forgets a flow that everybody has left', () => {
    const begun = { ...aState(), at_steps: { main: { menu: 2, sales: 1 }, survey: { rate: 1 } }, flows: { revision: 'a' } };

    const state = apply(begun, { kind: 'at_steps', flows: { main: { menu: 1 }, survey: {}, other: { say: 3 } } });

    expect(state).toEqual({ ...begun, at_steps: { main: { menu: 1 }, other: { say: 3 } } });
    expect(apply(aState(), { kind: 'at_steps', flows: { main: { menu: 1 } } }).at_steps).toEqual({ main: { menu: 1 } });
  });

  it('takes another revision of the flows for a word to fetch them', () => {
    expect(apply(aState(), { kind: 'flows', flows: { revision: 'b' } }).flows).toEqual({ revision: 'b' });
  });

  it('leaves the state before it as it was', () => {
    const before = aState(aCard());
    const copy = structuredClone(before);

    apply(before, { kind: 'interaction_gone', id: 'one' });

    expect(before).toEqual(copy);
  });

  it('is unmoved by the events of a later version', () => {
    const state = aState(aCard());

    expect(apply(state, { kind: 'weather' } as unknown as DeskEvent)).toBe(state);
  });
});

describe('the order of the work', () => {
  it('puts talk first, then what rings, then what is to be written down', () => {
    const state = aState(aCard({ id: 'w', stage: 'wrap_up' }), aCard({ id: 'o' }), aCard({ id: 't', stage: 'talking' }), aCard({ id: 'e', stage: 'ended' }));

    expect(inOrder(state).map((card) => card.id)).toEqual(['t', 'o', 'w']);
  });

  it('joins the phone to the call that rings or is talked on, never to a voicemail or a wrap-up', () => {
    expect(callOnTheLine(aState(aCard({ work: 'voicemail' }), aCard({ id: 'two', stage: 'wrap_up' })))).toBeNull();
    expect(callOnTheLine(aState(aCard({ work: 'voicemail' }), aCard({ id: 'two' })))?.id).toBe('two');
  });
});
