import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Centre } from '../src/centre/centre.svelte';

const version = (number: number, change = {}) => ({ number, at: '2026-11-23T12:00:00Z', by: 'dora', source: 'page', message: '', ...change });
const whole = (number: number, wrap = '60s') => ({ version: version(number), sections: [], values: { queues: { sales: { wrap_up: wrap } } }, fault: '' });
const plan = { base: 1, changes: [{ section: 'queues', key: 'sales', kind: 'changed', words: 'queue sales: wrap_up 60s -> 45s' }], warnings: [], problems: [], rewritten: true };
const PATH = ['queues', 'sales', 'wrap_up'];

/** A service whose answers a test gives: a body, or a status and a body. */
function service(answers: Record<string, unknown>) {
  const asked: { path: string; body: unknown }[] = [];
  vi.stubGlobal('fetch', (path: string, options: RequestInit = {}) => {
    asked.push({ path, body: options.body ? JSON.parse(String(options.body)) : null });
    const answer = answers[path.split('?')[0] ?? ''];
    if (answer === undefined) return Promise.reject(new TypeError('network'));
    const [status, body] = Array.isArray(answer) ? (answer as [number, unknown]) : [200, answer];
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  return { asked, answers };
}

const good = () => service({ '/api/centre': whole(1), '/api/centre/history': { versions: [], more: false }, '/api/centre/plan': plan, '/api/centre/apply': { version: version(2) } });

async function edited(): Promise<Centre> {
  const centre = new Centre();
  await centre.open('dora', 1);
  centre.set(PATH, '45s');
  await vi.runAllTimersAsync();
  return centre;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a draft of the centre', () => {
  it('is planned by the service before it can be applied', async () => {
    const { asked } = good();
    const centre = new Centre();
    await centre.open('dora', 1);
    expect([centre.draft, centre.ready]).toEqual([null, false]);

    centre.set(PATH, '45s');
    expect([centre.ready, centre.planning]).toEqual([false, true]);
    await vi.runAllTimersAsync();

    expect([centre.ready, centre.plan?.changes.length]).toEqual([true, 1]);
    expect(asked.at(-1)).toEqual({ path: '/api/centre/plan', body: { base: 1, edits: [{ path: PATH, value: '45s' }] } });
  });

  it('is asked about once while somebody types', async () => {
    const { asked } = good();
    const centre = new Centre();
    await centre.open('dora', 1);

    for (const value of ['4', '45', '45s']) centre.set(PATH, value);
    await vi.runAllTimersAsync();

    expect(asked.filter((one) => one.path === '/api/centre/plan')).toHaveLength(1);
  });

  it('is gone once it is applied, and the version is said', async () => {
    const { asked, answers } = good();
    const centre = await edited();
    centre.message = 'more time';
    answers['/api/centre'] = whole(2, '45s');

    await centre.apply();

    expect(asked.find((one) => one.path === '/api/centre/apply')?.body).toEqual({ base: 1, edits: [{ path: PATH, value: '45s' }], message: 'more time' });
    expect([centre.draft, centre.applied, centre.whole?.version.number, centre.message]).toEqual([null, 2, 2, '']);
  });

  it('with mistakes cannot be applied', async () => {
    const { answers } = good();
    answers['/api/centre/plan'] = { ...plan, problems: [{ line: 1, column: 1, code: 'value', message: 'wrong', hint: '', path: PATH }] };
    const centre = await edited();

    expect([centre.ready, centre.problems[0]?.path]).toEqual([false, PATH]);
    centre.restore(PATH);
    expect([centre.draft, centre.problems]).toEqual([null, []]);
  });

  it('that was overtaken says by whom, and goes on upon theirs or not at all', async () => {
    const { answers } = good();
    const centre = await edited();
    answers['/api/centre/plan'] = [409, { error: {}, in_force: version(2, { by: 'root' }), changes: [] }];

    await centre.open('dora', 2);
    await vi.runAllTimersAsync();
    expect([centre.overtaken?.in_force.by, centre.ready, centre.edits.length]).toEqual(['root', false, 1]);

    answers['/api/centre'] = whole(2, '90s');
    answers['/api/centre/plan'] = { ...plan, base: 2 };
    await centre.goOn({ keep: true });
    await vi.runAllTimersAsync();
    expect([centre.overtaken, centre.ready, centre.at(PATH)]).toEqual([null, true, '45s']);

    await centre.goOn({ keep: false });
    expect([centre.draft, centre.at(PATH)]).toEqual([null, '90s']);
  });

  it('stays while the service is away', async () => {
    const { answers } = good();
    const centre = await edited();
    delete answers['/api/centre/apply'];

    await centre.apply();
    expect([centre.fault, centre.edits.length]).toEqual([null, 1]);

    await centre.load();
    expect([centre.fault, centre.edits.length]).toEqual([undefined, 1]);
  });

  it('takes an entry out and puts it back', async () => {
    good();
    const centre = new Centre();
    await centre.open('dora', 1);

    centre.remove('queues', 'sales');
    expect(centre.edits).toEqual([{ path: ['queues', 'sales'], remove: true }]);
    centre.putBack('queues', 'sales');
    expect(centre.edits).toEqual([]);
  });

  it('that cannot be made says why', async () => {
    const { answers } = good();
    answers['/api/centre/plan'] = [409, { error: { code: 'cannot_edit', message: 'edit the text' } }];
    const centre = await edited();

    expect([centre.refused, centre.ready]).toEqual(['edit the text', false]);
  });

  it('is not the next one’s who logs in here', async () => {
    good();
    const centre = await edited();

    await centre.open('eve', 1);

    expect(centre.draft).toBeNull();
  });

  it('can be a text or an older version instead', async () => {
    const { asked } = good();
    const centre = new Centre();
    await centre.open('dora', 1);
    centre.write({ back_to: 1 });
    await vi.runAllTimersAsync();
    expect(asked.at(-1)?.body).toEqual({ base: 1, back_to: 1 });
    centre.discard();
    expect(centre.draft).toBeNull();
  });
});
