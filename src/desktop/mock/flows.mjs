/** The made-up flows of the mock, for ROLE=admin: one that serves its older version, one whose test fails, one not readable. */

const way = (label, to, there = true) => ({ label, to, there });
const steps = [
  { name: 'welcome', title: 'Welcome', kind: 'say', words: 'Welcome to Acme.', line: 11, ways: [way('', 'main')] },
  { name: 'main', title: 'Main menu', kind: 'menu', words: 'How can we help you today?', line: 22, ways: [way('1  Sales', 'sales'), way('2  An order', 'odrer', false), way('no answer', 'sales')] },
  { name: 'sales', title: 'Sales', kind: 'queue', words: 'sales', line: 52, ways: [] },
];
const tests = { running: false, fault: '', passed: 0, failed: 0, unreadable: 0, verdicts: [], problems: [] };
const verdict = (name, change = {}) => ({ name, medium: 'voice', passed: true, version: 'aaaaaaaaaaaa', file: 'main.test.yaml', line: 4, expected: null, came: null, conversation: [{ who: 'flow', text: 'Welcome to Acme.' }, { who: 'caller', text: 'presses 1 (Sales)' }, { who: 'world', text: 'queued queue sales, priority 5' }], ...change });
const flow = (name, title, change = {}) => ({
  name, title, file: `${name}.yaml`, numbers: ['100'], any_other_number: false, channels: [], media: ['voice'], language: 'en-GB', version: 'aaaaaaaaaaaa', draft: 'aaaaaaaaaaaa', serves: true, errors: 0, warnings: 0,
  serving: { version: 'aaaaaaaaaaaa', start: 'welcome', steps }, on_disk: null, problems: [], tests, ...change,
});
const mistake = { file: 'main.yaml', line: 28, column: 9, severity: 'error', code: 'no-step', message: 'menu "main": key 2 goes to "odrer", which no step is called', hint: 'did you mean "order"?', step: 'main' };

const flows = [
  flow('main', 'Acme main line', { draft: 'bbbbbbbbbbbb', serves: false, errors: 1, on_disk: { version: 'bbbbbbbbbbbb', start: 'welcome', steps }, problems: [mistake] }),
  flow('orders', 'Orders', { numbers: ['200'], tests: { ...tests, passed: 1, failed: 1, verdicts: [verdict('a caller reaches sales'), verdict('a caller is greeted', { passed: false, line: 9, expected: 'hears "Good day"', came: '"welcome to acme."' })] } }),
  flow('scrawl.yaml', 'scrawl.yaml', { file: 'scrawl.yaml', numbers: [], media: [], language: null, version: null, serves: false, errors: 1, serving: null, on_disk: { version: 'cccccccccccc', start: null, steps: [] }, problems: [{ ...mistake, file: 'scrawl.yaml', line: 1, column: 7, code: 'yaml', message: 'is not YAML: a list is not closed', hint: '', step: null }] }),
];

const box = ({ name, title, kind, words }, at) =>
  `<g data-step="${name}" class="${{ say: 'talk', menu: 'question', queue: 'person' }[kind]}" transform="translate(${24 + at * 290} 60)"><rect class="box" width="230" height="52" rx="6"/>` +
  `<path class="stripe" d="M0 6a6 6 0 0 1 6 -6v52a6 6 0 0 1 -6 -6z"/><text class="title" x="14" y="19">${title}</text><text class="kind" x="220" y="18" text-anchor="end">${kind}</text><text class="small" x="14" y="38">${words}</text></g>`;
const line = (at) => `<path class="way" d="M${254 + at * 290} 86h52"/><path class="tip" d="M${314 + at * 290} 86l-8 -4v8z"/>`;
const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 160">${[0, 1].map(line).join('')}${steps.map(box).join('')}</svg>`;

/** What the state of a supervisor's or an admin's desk has more. */
export const flowsState = () => ({ at_steps: { main: { main: 2, sales: 14 }, orders: { sales: 1 } }, flows: { revision: 'one' } });

/** Answer a request for flows: [status, content type, body]; null for what is none. */
export function flowsAnswer(path) {
  const [name, drawing] = path.replace(/^\/api\/flows\/?/, '').split('/').map(decodeURIComponent);
  const json = (status, body) => [status, 'application/json', JSON.stringify(body)];
  if (!name) return json(200, { flows, problems: [] });
  const found = flows.find((one) => one.name === name);
  if (!found) return json(404, { error: { code: 'no_such', message: 'there is no such flow (any more)' } });
  return drawing === 'drawing' ? [200, 'image/svg+xml', picture] : json(200, found);
}
