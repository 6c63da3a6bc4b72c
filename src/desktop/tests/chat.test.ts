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
let brings: unknown[][];
/** What the service answers to a file. */
let answer: () => Promise<{ status: number; json: () => Promise<unknown> }>;
let onDisk: Map<string, Blob>;
const files = { put: async (id: string, file: Blob) => void onDisk.set(id, file), get: async (id: string) => onDisk.get(id), drop: (id: string) => void onDisk.delete(id) };
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
    files,
    (...brought) => (brings.push(brought), answer()),
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
  brings = [];
  onDisk = new Map();
  answer = async () => ({ status: 201, json: async () => ({ id: 'file-1', name: 'a.png', type: 'image/png', size: 3, url: '/f' }) });
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
    const conversation = new Conversation({ read: () => kept, write: (now) => (kept = now) }, () => (wires.push(new FakeWire()), wire()), () => 'm1', files, () => answer(), () => identity);
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

const aFile = (size = 3, name = 'a.png') => new File([new Uint8Array(size)], name, { type: 'image/png' });
const settled = () => vi.advanceTimersByTimeAsync(0);

describe('files of a visitor', () => {
  it('are brought before they are said, and said by their id', async () => {
    const conversation = aConversation();
    conversation.say('Look');
    wire().welcomes();
    await conversation.attach(aFile());
    expect(brings).toEqual([]); // one after the other
    wire().tells({ type: 'taken', id: 'm1', message: 's1' });
    await settled();

    expect(brings.map((each) => each.slice(0, 2).concat(each.slice(3)))).toEqual([['m2', 'a.png', 'token', undefined]]);
    expect(wire().sent.at(-1)).toEqual({ type: 'say', id: 'm2', text: '', files: ['file-1'] });
    wire().tells({ type: 'taken', id: 'm2', message: 's2' });
    expect(kept.unsent).toEqual([]);
    expect(onDisk.size).toBe(0);
    expect(conversation.messages[1]?.files?.[0]?.name).toBe('a.png');
  });

  it('survive a reload, and are brought again after a cut', async () => {
    answer = async () => Promise.reject(new TypeError('no network'));
    const first = aConversation();
    await first.attach(aFile());
    wire().welcomes();
    await settled();
    expect(first.waits).toBe('later');

    answer = async () => ({ status: 201, json: async () => ({ id: 'file-1', name: 'a.png', type: 'image/png', size: 3, url: '/f' }) });
    const second = aConversation();
    second.open();
    wire().welcomes();
    await settled();
    expect(second.messages[0]?.files?.[0]?.name).toBe('a.png');
    expect(wire().sent.at(-1)).toEqual({ type: 'say', id: 'm1', text: '', files: ['file-1'] });
  });

  it.each([[413, 'tooLarge'], [415, 'wrongKind'], [429, 'tooMany']])('that the service does not take (%i) are told of, and hold up nothing', async (status, why) => {
    answer = async () => ({ status, json: async () => ({}) });
    const conversation = aConversation();
    await conversation.attach(aFile());
    conversation.say('Hi');
    wire().welcomes();
    await settled();
    expect(conversation.noFile).toBe(why);
    expect(texts(conversation)).toEqual(['Hi']);
    expect(said()).toEqual(['m2']);
    expect(onDisk.size).toBe(0);
  });

  it('that are too large, or lost with the page, are told of', async () => {
    const conversation = aConversation();
    await conversation.attach(aFile(10 * 2 ** 20 + 1));
    expect([conversation.noFile, kept.unsent]).toEqual(['tooLarge', []]);
    await conversation.attach(aFile());
    onDisk.clear();
    wire().welcomes();
    await settled();
    expect([conversation.noFile, kept.unsent, conversation.messages]).toEqual(['lost', [], []]);
  });

  it('are brought anew where they were somebody else\'s', async () => {
    const conversation = aConversation();
    await conversation.attach(aFile());
    wire().welcomes();
    await settled();
    wire().tells({ type: 'refused', id: 'm1', why: 'no_file' });
    await vi.advanceTimersByTimeAsync(4000);
    expect(brings).toHaveLength(2);
    expect(said()).toEqual(['m1', 'm1']);
  });
});

describe('read marks', () => {
  const agents = { ...aMessage('a1', 'agent', 'Hello'), by: 'Ana' };

  it('of the visitor are told once, and anew on the next connection', () => {
    const conversation = aConversation();
    conversation.open();
    conversation.see();
    wire().welcomes(aMessage('f1', 'flow', 'Welcome'), agents);
    const read = () => wire().sent.filter((frame) => frame['type'] === 'read').map((frame) => frame['message']);
    conversation.see();
    conversation.see();
    expect(read()).toEqual(['a1']);
    wire().close();
    conversation.see();
    vi.advanceTimersByTime(1000);
    wire().welcomes(agents);
    conversation.see();
    expect(read()).toEqual(['a1']);
  });

  it('of an agent stand at the last message of the visitor\'s that they have read', () => {
    const conversation = aConversation();
    conversation.say('one');
    wire().opens();
    wire().tells({ type: 'welcome', visitor: 'token', title: 'Acme', messages: [aMessage('s0', 'customer', 'zero'), agents], read: 's0' });
    expect(conversation.readByAgent?.text).toBe('zero');
    wire().tells({ type: 'taken', id: 'm1', message: 's1' });
    wire().tells({ type: 'read', message: 's1' });
    expect(conversation.readByAgent?.text).toBe('one');
  });
});

describe('the conversation by mail', () => {
  const asked = () => wire().sent.filter((frame) => frame['type'] === 'transcript');

  it('is asked for under one name until it is answered', () => {
    const conversation = aConversation();
    conversation.open();
    wire().welcomes();
    conversation.mail('me@home.example', 'en');
    wire().close();
    vi.advanceTimersByTime(1000);
    wire().welcomes();
    expect(asked()).toEqual([{ type: 'transcript', id: 'm1', to: 'me@home.example', language: 'en' }]);
    wire().tells({ type: 'transcript', id: 'm1', why_not: 'later' });
    vi.advanceTimersByTime(4000);
    expect(asked()).toHaveLength(2);
    wire().tells({ type: 'transcript', id: 'm1', why_not: null });
    expect(conversation.mailed).toBe('sent');
  });

  it.each([['too_many', 'too_many'], ['wants_nothing', 'failed']])('that is not sent (%s) is told of', (why, told) => {
    const conversation = aConversation();
    conversation.open();
    wire().welcomes();
    conversation.mail('me@home.example', 'en');
    wire().tells({ type: 'transcript', id: 'm1', why_not: why });
    expect(conversation.mailed).toBe(told);
  });
});
