/** Every word of the flows page: the part of the catalogue that agents never load. */

const kinds: Record<string, string> = {
  say: 'Says something', menu: 'Menu', ask: 'Asks for something', rate: 'Survey question', hours: 'Opening hours', switch: 'Decision',
  set: 'Keeps a value', tag: 'Tags', run: 'Another flow', wait: 'Waits', http: 'Web service', customer: 'Customer', send: 'Sends a message',
  queue: 'Queue', callback: 'Callback', transfer: 'Transfer', voicemail: 'Voicemail', article: 'Article', language: 'Language', end: 'End', unclear: 'Not readable',
};

const media: Record<string, string> = { voice: 'Voice', chat: 'Chat', sms: 'SMS' };
const speakers: Record<string, string> = { flow: 'Flow', caller: 'Caller', world: 'World' };

const many = (count: number, one: string, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

export const flowWords = {
  flows: 'Flows',
  loading: 'Loading…',
  listEmpty: 'No flows yet. Each flow file in the folder of flows appears here as soon as it is saved.',
  chooseFlow: 'Choose a flow on the left: its drawing appears here, with the number of people at each step.',
  noSuchFlow: 'This flow is not there any more. Its file was renamed or removed.',
  notLoaded: 'The flows could not be loaded. What you see may be old.',
  notAllowed: 'Flows are for supervisors and admins.',
  tryAgain: 'Try again',
  strays: 'Tests without a flow',

  // States of a flow
  serves: 'Serves',
  servesOlder: (mistakes: number) => `Serves its older version: ${many(mistakes, 'mistake')} in the file`,
  servesWithMistakes: (mistakes: number) => `Serves, but has ${many(mistakes, 'mistake')}`,
  servesNot: (mistakes: number) => `Does not serve: ${many(mistakes, 'mistake')}`,
  warnings: (count: number) => many(count, 'warning'),
  testsFailed: (count: number) => `${many(count, 'test')} failed`,
  testsUnreadable: (count: number) => `${many(count, 'mistake')} in the tests`,
  testing: 'Testing…',
  anyOtherNumber: 'every other number',
  noEntry: 'Nothing leads here by itself',
  inIt: (count: number) => `${count} in it now`,

  // The drawing
  version: (version: string) => `Version ${version}`,
  versions: 'Which version is drawn',
  serving: (version: string) => `Serving ${version}`,
  onDisk: (version: string) => `Saved file ${version}`,
  refused: (mistakes: number, version: string | null) =>
    version === null
      ? `The file has ${many(mistakes, 'mistake')}, so callers do not reach this flow yet.`
      : `The saved file has ${many(mistakes, 'mistake')}. Callers go on with version ${version}.`,
  showFile: 'Show the saved file',
  showProblems: 'Show the problems',
  drawing: (title: string) => `Drawing of ${title}`,
  drawingLead: 'Arrow keys go from step to step, + and − change the size, 0 shows the whole.',
  noDrawing: 'There is nothing to draw: no steps can be read from this file. The problems say why.',
  larger: 'Larger',
  smaller: 'Smaller',
  whole: 'Show the whole',
  size: (percent: number) => `${percent} %`,
  step: (title: string, kind: string, here: number, problems: number) =>
    [title, kind, here ? `${here} here` : '', problems ? many(problems, 'problem') : ''].filter(Boolean).join(', '),
  elsewhere: (count: number) => `${count} at steps of another version`,
  standsStill: 'Counts as they were when the connection was lost',

  // Tabs
  details: 'What is known of this flow',
  stepTab: 'Step',
  problemsTab: 'Problems',
  testsTab: 'Tests',

  // The step
  kind: (kind: string) => kinds[kind] ?? kind,
  noStep: 'Choose a step in the drawing: what it says and where it leads appears here.',
  stepGone: (name: string) => `There is no step “${name}” in this version.`,
  says: 'Words',
  ways: 'Ways',
  noWays: 'Nothing comes after it.',
  next: 'then',
  noSuchStep: (name: string) => `${name} (no such step)`,
  begins: 'The flow begins here',
  here: (count: number, kind: string) => (count ? `${count} here now${kind === 'voicemail' ? ', messages that wait for an agent among them' : ''}` : 'Nobody is here now'),
  line: (file: string, line: number) => `${file}, line ${line}`,

  // The flow
  numbers: 'Numbers',
  channels: 'Channels',
  media: 'Media',
  medium: (medium: string) => media[medium] ?? medium,
  language: 'Language',
  file: 'File',

  // Problems
  problemsEmpty: 'No problems. A mistake in the file appears here as soon as it is saved, with its place and what to do.',
  mistake: 'Mistake',
  warning: 'Warning',
  cure: (hint: string) => `What to do: ${hint}`,

  // Tests
  testsEmpty: (file: string) => `No tests yet. Write ${file} beside the flow; what its tests come to appears here each time you save.`,
  testsSummary: (passed: number, failed: number) => (failed ? `${passed} passed, ${failed} failed` : `${passed} passed`),
  testsFault: (why: string) => `The tests could not be carried out: ${why}`,
  testsOfOther: (version: string) => `These tests were carried out on version ${version}, as it is in the file.`,
  passed: 'Passed',
  failed: 'Failed',
  expected: 'Expected',
  came: 'Came',
  conversation: 'The conversation as far as it went',
  speaker: (who: string) => speakers[who] ?? who,
};
