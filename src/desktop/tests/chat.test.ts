import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Conversation, type Kept, type Message, type Wire } from '../src/chat/conversation';
import { wordsOf } from '../src/chat/words';

class FakeWire implements Wire {
  sent: Record<string, unknown>[] = [];
  onopen: Wire['onopen'] = null;
  onmessage: Wire['onmessage'] = null;
  onclose: Wire['onclose'] = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.onclose?.call(null as never, {} as CloseEvent);
  }

  opens(): void {
    this.onopen?.call(null as never, {} as Event);
  }

  tells(told: object): void {
    this.onmessage?.call(null as never, { data: JSON.stringify(told) } as MessageEvent);
  }

  welcomes(...messages: Message[]): void {
    this.opens();
    this.tells({ type: 'welcome', visitor: 'token', title: 'Acme', messages });
  }
}

const aMessage = (id: string, side: Message['side'], text: string): Message => ({ id, side, text, at: '2026-11-27T10:00:00Z', by: '', choices: [], keyboard: null, hidden: false });

let wires: FakeWire[];
let kept: Kept;
let heard: string[];

function aConversation(): Conversation {
  let count = 0;
  const made = new Conversation(
    { read: () => kept, write: (now) => (kept = now) },
    () => {
      const wire = new FakeWire();
      wires.push(wire);
      return wire;
    },
    () => `m${++count}`,
  );
  made.changed = (messages) => heard.push(...messages.map((each) => each.text));
  return made;
}

const wire = () => wires.at(-1) as FakeWire;
const said = () => wire().sent.filter((frame) => frame['type'] === 'say').map((frame) => frame['id']);
const texts = (conversation: Conversation) => conversation.messages.map((each) => each.text);

beforeEach(() => {
  vi.useFakeTimers();
  wires = [];
  heard = [];
  kept = { token: null, unsent: [] };
});

describe('a visitor\'s conversation', () => {
  it('connects with the first word, and keeps the token it is given', () => {
    const conversation = aConversation();
    expect(wires).toEqual([]);
    conversation.say(' Hi ');
    wire().welcomes();

    expect(wire().sent).toEqual([{ type: 'hello', visitor: null }, { type: 'say', id: 'm1', text: 'Hi' }]);
    expect(kept).toEqual({ token: 'token', unsent: [{ id: 'm1', text: 'Hi' }] });
    wire().tells({ type: 'taken', id: 'm1', message: 'server-1' });
    expect(kept.unsent).toEqual([]);
    expect(texts(conversation)).toEqual(['Hi']);
  });

  it('says at each connection who the site says it is', () => {
    let identity: string | undefined;
    const conversation = new Conversation({ read: () => kept, write: (now) => (kept = now) }, () => (wires.push(new FakeWire()), wire()), () => 'm1', () => identity);
    conversation.open();
    wire().welcomes();
    expect(wire().sent).toEqual([{ type: 'hello', visitor: null }]);
    identity = 'signed';
    wire().close();
    vi.advanceTimersByTime(1000);
    wire().opens();
    expect(wire().sent).toEqual([{ type: 'hello', visitor: 'token', identity: 'signed' }]);
  });

  it('sends one message after the other, whatever was written meanwhile', () => {
    const conversation = aConversation();
    for (const text of ['one', 'two', 'three']) conversation.say(text);
    wire().welcomes();

    expect(said()).toEqual(['m1']);
    wire().tells({ type: 'taken', id: 'm1', message: 's1' });
    expect(said()).toEqual(['m1', 'm2']);
  });

  it('sends again under the same id what a cut left in doubt, and shows it once', () => {
    const conversation = aConversation();
    conversation.say('Hi');
    wire().welcomes();
    wire().close();
    vi.advanceTimersByTime(1000);
    wire().welcomes(aMessage('s1', 'customer', 'Hi'), aMessage('s2', 'flow', 'Welcome'));

    expect(said()).toEqual(['m1']);
    wire().tells({ type: 'taken', id: 'm1', message: 's1' });
    expect(texts(conversation)).toEqual(['Hi', 'Welcome']);
    expect(kept.unsent).toEqual([]);
  });

  it('keeps a message under its first name, so that nothing is drawn twice', () => {
    const conversation = aConversation();
    conversation.say('Hi');
    wire().welcomes();
    wire().tells({ type: 'message', message: aMessage('s2', 'flow', 'Welcome') });
    wire().tells({ type: 'taken', id: 'm1', message: 's1' });
    wire().tells({ type: 'message', message: aMessage('s1', 'customer', 'Hi') });
    wire().close();
    vi.advanceTimersByTime(1000);
    wire().welcomes(aMessage('s1', 'customer', 'Hi'), aMessage('s2', 'flow', 'Welcome'));

    expect(conversation.messages.map((each) => each.id)).toEqual(['m1', 's2']);
  });

  it('goes on after a reload with what was not sent', () => {
    kept = { token: 'token', unsent: [{ id: 'old', text: 'Are you there?' }] };
    const conversation = aConversation();
    conversation.open();
    wire().welcomes(aMessage('s1', 'agent', 'Hello'));

    expect(wire().sent[0]).toEqual({ type: 'hello', visitor: 'token' });
    expect(said()).toEqual(['old']);
    expect(texts(conversation)).toEqual(['Hello', 'Are you there?']);
  });

  it('waits before it sends again what was refused', () => {
    const conversation = aConversation();
    conversation.say('Hi');
    wire().welcomes();
    wire().tells({ type: 'refused', id: 'm1', why: 'too_fast' });

    expect([said(), conversation.waits]).toEqual([['m1'], 'too_fast']);
    vi.advanceTimersByTime(1500);
    expect(said()).toEqual(['m1', 'm1']);
  });

  it('leaves a line that takes nothing any more', () => {
    const conversation = aConversation();
    conversation.say('Hi');
    wire().welcomes();
    vi.advanceTimersByTime(20_000);
    expect(conversation.online).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(wires).toHaveLength(2);
  });

  it('tells what is new: not what was there when the page came, nor what the visitor wrote', () => {
    kept = { token: 'token', unsent: [] };
    const conversation = aConversation();
    conversation.open();
    wire().welcomes(aMessage('s1', 'agent', 'Hello'));
    wire().tells({ type: 'message', message: aMessage('s2', 'agent', 'Anything else?') });
    wire().close();
    vi.advanceTimersByTime(1000);
    wire().welcomes(...['Hello', 'Anything else?', 'Bye'].map((text, at) => aMessage(`s${at + 1}`, 'agent', text)));

    expect(heard).toEqual(['Anything else?', 'Bye']);
  });

  it('is over until somebody writes again', () => {
    const conversation = aConversation();
    conversation.say('Hi');
    wire().welcomes();
    wire().tells({ type: 'over' });
    expect(conversation.over).toBe(true);
    conversation.say('One more thing');
    expect(conversation.over).toBe(false);
  });
});

it('speaks a language that it has words of, else English', () => {
  expect(wordsOf('es-MX').send).toBe('Enviar');
  expect(wordsOf('fi').send).toBe('Send');
});
