import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type AtWork, byTeam } from '../src/waiting/told';
import { WaitingBoard } from '../src/waiting/waiting.svelte';

const board = (...ids: string[]) => ({ waiting: ids.map((id) => ({ id })), in_all: ids.length, agents: [] });

/** A service that gives this answer, and counts how often it was asked. */
function service(answer: () => unknown): { asked: number } {
  const counted = { asked: 0 };
  vi.stubGlobal('fetch', () => {
    counted.asked += 1;
    const told = answer();
    if (told instanceof Error) return Promise.reject(told);
    return Promise.resolve(typeof told === 'number' ? new Response('{}', { status: told }) : new Response(JSON.stringify(told)));
  });
  return counted;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('who waits', () => {
  it('is asked once a second at most, however often a queue changes', async () => {
    const counted = service(() => board('a'));
    const here = new WaitingBoard();

    for (let change = 0; change < 30; change++) {
      here.isOther();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(counted.asked).toBeGreaterThanOrEqual(3);
    expect(counted.asked).toBeLessThanOrEqual(4);

    here.leave();
    await vi.advanceTimersByTimeAsync(5000);
    expect(counted.asked).toBeLessThanOrEqual(4);
  });

  it('stays on the screen while the service does not answer, and says so', async () => {
    let answer: unknown = board('a');
    service(() => answer);
    const here = new WaitingBoard();
    await here.load();

    answer = new TypeError('network');
    await here.load();
    expect([here.told?.in_all, here.fault]).toEqual([1, 0]);

    answer = 403;
    await here.load();
    expect(here.fault).toBe(403);

    answer = board();
    await here.load();
    expect([here.told?.in_all, here.fault]).toEqual([0, null]);
  });

  it('keeps a choice that was not given yet, as long as its caller waits', async () => {
    let answer = board('a', 'b');
    service(() => answer);
    const here = new WaitingBoard();
    await here.load();
    here.chosen['a'] = 'ana';
    here.chosen['b'] = 'ben';

    answer = board('b', 'c');
    await here.load();

    expect(here.chosen).toEqual({ b: 'ben' });
  });
});

describe('who is at work', () => {
  const agent = (id: string, team: string | null): AtWork => ({ id, name: id, team, queues: [], free_for: [] });

  it('is told by team, and those of none last', () => {
    const agents = [agent('ana', null), agent('ben', 'South'), agent('cem', 'North'), agent('dee', 'South')];

    expect(byTeam(agents).map(([team, members]) => [team, members.map(({ id }) => id)])).toEqual([
      ['North', ['cem']],
      ['South', ['ben', 'dee']],
      [null, ['ana']],
    ]);
  });
});
