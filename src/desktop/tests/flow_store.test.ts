import { afterEach, describe, expect, it, vi } from 'vitest';

import { Flows } from '../src/flows/flows.svelte';

const version = (name: string) => ({ version: name, start: 'a', steps: [{ name: 'a', title: 'A', kind: 'end', words: '', line: 4, ways: [] }] });
const flow = (name: string, change: object = {}) => ({ name, file: `${name}.yaml`, serving: version('v1'), on_disk: null, problems: [], ...change });

/** A service whose answers a test gives; what nobody answers stays asked. */
function service(answers: Record<string, unknown>): { asked: string[]; answers: Record<string, unknown> } {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (path: string, { signal }: { signal: AbortSignal }) => {
    asked.push(path);
    const answer = answers[path];
    if (answer === undefined) return new Promise((_, refuse) => signal.addEventListener('abort', () => refuse(new DOMException('', 'AbortError'))));
    if (answer instanceof Error) return Promise.reject(answer);
    if (typeof answer === 'number') return Promise.resolve(new Response('{}', { status: answer }));
    return Promise.resolve(new Response(typeof answer === 'string' ? answer : JSON.stringify(answer)));
  });
  return { asked, answers };
}

const both = { '/api/flows': { flows: [], problems: [] }, '/api/flows/main': flow('main'), '/api/flows/main/drawing': '<svg/>' };

afterEach(() => vi.unstubAllGlobals());

describe('what is known of the flows', () => {
  it('is the list, the flow and its picture', async () => {
    service(both);
    const flows = new Flows();

    await flows.load('main');

    expect([flows.flow?.name, flows.picture, flows.version?.version, flows.fault]).toEqual(['main', '<svg/>', 'v1', undefined]);
  });

  it('stays on the screen while the service does not answer', async () => {
    const { answers } = service({ ...both });
    const flows = new Flows();
    await flows.load('main');

    answers['/api/flows'] = new TypeError('network');
    await flows.load('main');
    expect([flows.flow?.name, flows.picture, flows.fault]).toEqual(['main', '<svg/>', null]);

    answers['/api/flows'] = 503;
    await flows.load('main');
    expect(flows.fault).toBe(503);

    answers['/api/flows'] = both['/api/flows'];
    await flows.load('main');
    expect(flows.fault).toBeUndefined();
  });

  it('is never that of a flow from which one has turned away', async () => {
    service({ '/api/flows': both['/api/flows'], '/api/flows/b': flow('b'), '/api/flows/b/drawing': '<svg id="b"/>' });
    const flows = new Flows();

    const slow = flows.load('main');
    await flows.load('b');
    await slow;

    expect([flows.flow?.name, flows.fault]).toEqual(['b', undefined]);
  });

  it('forgets the chosen step and the saved file with the flow they were of', async () => {
    service({ ...both, '/api/flows/b': 404 });
    const flows = new Flows();
    await flows.load('main');
    [flows.step, flows.tab] = ['a', 'tests'];

    await flows.load('b');

    expect([flows.flow, flows.step, flows.tab, flows.fault]).toEqual([null, null, 'step', 404]);
  });

  it('draws the saved file when that is asked for, and what serves once that is the same', async () => {
    const broken = flow('main', { on_disk: version('v2') });
    const { asked, answers } = service({ ...both, '/api/flows/main': broken, '/api/flows/main/drawing?of=disk': '<svg id="disk"/>' });
    const flows = new Flows();
    await flows.load('main');
    expect(flows.version?.version).toBe('v1');

    await flows.show('disk');
    expect([flows.version?.version, flows.picture]).toEqual(['v2', '<svg id="disk"/>']);

    answers['/api/flows/main'] = flow('main', { serving: version('v3') });
    await flows.load('main');
    expect([flows.which, flows.version?.version, flows.picture]).toEqual(['serving', 'v3', '<svg/>']);
    expect(asked.at(-1)).toBe('/api/flows/main/drawing');
  });

  it('has no picture of a file without steps', async () => {
    const { asked } = service({ ...both, '/api/flows/main': flow('main', { serving: null, on_disk: { version: 'v0', start: null, steps: [] } }) });
    const flows = new Flows();

    await flows.load('main');

    expect(flows.picture).toBeNull();
    expect(asked).not.toContain('/api/flows/main/drawing');
  });
});
