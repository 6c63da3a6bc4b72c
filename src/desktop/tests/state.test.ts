import { describe, expect, it } from 'vitest';

import { answersByItself, apply, callOnTheLine, inOrder, isDialling, isWritten, offeredAs, ringsPhone, type DeskEvent, type Message, type Watched } from '../src/state';
import { aCallback, aCard, aState } from './builders';

describe('how far the customer has read', () => {
  const message = (id: string, read: boolean) => ({ id, at: '', side: 'agent' as const, text: '', by: null, choices: [], hidden: false, read });

  it('stands at one message', () => {
    const state = { threads: { i1: [message('a', true), message('b', false)] } } as unknown as Parameters<typeof apply>[0];
    expect(apply(state, { kind: 'read', id: 'i1', message: 'b' }).threads?.['i1']?.map((each) => each.read)).toEqual([false, true]);
    expect(apply(state, { kind: 'read', id: 'gone', message: 'b' })).toBe(state);
  });
});

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

  it('tells what came of a callback until the next thing', () => {
    const told = { id: 'back', address: aCard().address, customer: null, tries: 1, again_at: '2026-11-23T10:15:00Z' };

    const state = apply(aState(aCallback()), { kind: 'not_reached', not_reached: told });

    expect(state.not_reached).toEqual(told);
    expect(state.interactions['back']).toBeDefined();
    expect(apply(state, { kind: 'not_reached', not_reached: null }).not_reached).toBeNull();
  });

  it('takes another revision of the flows for a word to fetch them', () => {
    expect(apply(aState(), { kind: 'flows', flows: { revision: 'b' } }).flows).toEqual({ revision: 'b' });
  });

  it('grows a thread by what is new in it, and forgets it with its card', () => {
    const chat = aCard({ medium: 'chat', stage: 'talking' });
    const message = (id: string): Message => ({ id, at: '2026-11-23T10:00:00Z', side: 'customer', text: id, by: null, choices: [], hidden: false });
    const begun = apply(aState(chat), { kind: 'thread', id: 'one', messages: [message('a')] });

    const grown = [message('b'), message('a'), message('b')].reduce((state, each) => apply(state, { kind: 'message', id: 'one', message: each }), begun);

    expect(grown.threads?.['one']?.map((each) => each.id)).toEqual(['a', 'b']);
    expect(apply(grown, { kind: 'interaction_gone', id: 'one' }).threads).toEqual({});
    expect([ringsPhone(chat), isWritten(chat), isWritten(aCard())]).toEqual([false, true, false]);
  });

  it('shows one conversation of others, and keeps nothing of the one before', () => {
    const message: Message = { id: 'a', at: '2026-11-23T10:00:00Z', side: 'colleague', text: 'a', by: 'Ben', choices: [], hidden: false };
    const looked = (id: string): Watched => ({ ...aCard({ id, medium: 'chat' }), stage: 'talking', agent: { id: 'ana', name: 'Ana' } });
    const into = (id: string): DeskEvent[] => [{ kind: 'thread', id, messages: [message] }, { kind: 'watched', watched: looked(id) }];

    const first = into('one').reduce(apply, aState());
    const second = into('two').reduce(apply, first);

    expect([first.watched?.id, Object.keys(first.threads ?? {})]).toEqual(['one', ['one']]);
    expect([second.watched?.id, Object.keys(second.threads ?? {})]).toEqual(['two', ['two']]);
    expect(apply(second, { kind: 'watched', watched: null }).threads).toEqual({});
    // What is on one's own desk stays there.
    const own = into('one').reduce(apply, aState(aCard({ medium: 'chat' })));
    expect(Object.keys(apply(own, { kind: 'watched', watched: null }).threads ?? {})).toEqual(['one']);
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

  it('tells a call from a chat from a callback', () => {
    const browser = aCallback();
    browser.callback!.number = null;
    expect([aCard(), aCallback(), browser].map(offeredAs)).toEqual(['call', 'callback', 'browser']);
  });

  it('puts who talks before who writes', () => {
    const state = aState(aCard({ id: 'chat', medium: 'chat', arrived_at: '2026-11-23T09:00:00Z' }), aCard({ id: 'call', arrived_at: '2026-11-23T10:00:00Z' }));
    expect(inOrder(state).map((card) => card.id)).toEqual(['call', 'chat']);
  });

  it('joins the phone to the call that rings or is talked on, never to a voicemail or a wrap-up', () => {
    expect(callOnTheLine(aState(aCard({ work: 'voicemail' }), aCard({ id: 'two', stage: 'wrap_up' })))).toBeNull();
    expect(callOnTheLine(aState(aCard({ work: 'voicemail' }), aCard({ id: 'two' })))?.id).toBe('two');
  });

  it('joins the phone to a callback like to a call', () => {
    expect([aCard(), aCallback(), aCard({ work: 'voicemail' })].map(ringsPhone)).toEqual([true, true, false]);
    expect(callOnTheLine(aState(aCallback()))?.id).toBe('back');
    expect(callOnTheLine(aState(aCallback({ stage: 'wrap_up' })))).toBeNull();
  });

  it('calls the customer back from the agent’s answer to theirs', () => {
    const dialling = { ...aCallback().callback!, dialling: true };

    expect(isDialling(aCallback(), false)).toBe(false);
    expect(isDialling(aCallback({ callback: dialling }), false)).toBe(true);
    expect(isDialling(aCallback(), true), 'the phone knows before the service has told').toBe(true);
    expect(isDialling(aCallback({ stage: 'talking' }), true)).toBe(false);
    expect(isDialling(aCard(), true), 'a call is talked on at once').toBe(false);
  });
});

describe('what is answered by itself', () => {
  const itself = { id: 'offer-1', expires_at: '2026-11-23T10:00:20Z', auto_answer: true };

  it('is an offered call where the service says so', () => {
    expect(answersByItself(aCard({ offer: itself }))).toBe(true);
  });

  it('is nothing else', () => {
    expect(answersByItself(aCard())).toBe(false);
    expect(answersByItself(aCard({ offer: { ...itself, auto_answer: false } }))).toBe(false);
    expect(answersByItself(aCard({ offer: itself, stage: 'talking' }))).toBe(false);
    expect(answersByItself(aCard({ offer: itself, work: 'voicemail' }))).toBe(false);
    expect(answersByItself(aCallback({ offer: itself }))).toBe(false);
  });
});
