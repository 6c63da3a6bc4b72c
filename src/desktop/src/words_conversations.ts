/** Every word of the page of conversations: the part of the catalogue that agents never load. */

const stages: Record<string, string> = { in_flow: 'With a flow', waiting: 'Waits', offered: 'Is offered', talking: 'With', wrap_up: 'Wrap-up by', ended: 'Over' };

export const conversationWords = {
  title: 'Conversations',
  loading: 'Loading…',
  nobody: 'Nobody writes at the moment.',
  noneSuch: 'None of these.',
  filter: 'Find by name, agent, queue or words',
  notLoaded: 'The conversations could not be loaded. What you see may be old.',
  notAllowed: 'This page is for supervisors and admins.',
  tryAgain: 'Try again',
  someOf: (shown: number, all: number) => `${shown} of ${all}`,
  list: 'Conversations',
  stage: (stage: string, agent: string | null) => (agent && stage !== 'ended' ? `${stages[stage] ?? stage} ${agent}` : (stages[stage] ?? stage)),
  unanswered: (clock: string) => `Unanswered ${clock}`,
  hidden: 'Hidden',
  file: 'A file',
  by: { customer: '', agent: 'Agent: ', flow: 'Automatic: ' } as Record<string, string>,
  choose: 'Choose a conversation to see it as it is written.',
  chooseMore: 'The agent does not see that you look. Each look is noted in the journal.',
  over: 'This conversation is over, or it is not here any more.',
  takeOver: 'Take over',
  takeOverLong: 'It comes to your desk at once, and whoever has it is told.',
  toAgent: (name: string) => `To ${name} only`,
  toCustomer: 'To the customer',
  to: 'Who reads it',
  writeToAgent: (name: string) => `Tell ${name} something. The customer does not see it.`,
  writeToCustomer: 'Write to the customer under your own name',
  nobodyReads: 'Nobody has it in hand: take it over to write.',
  send: 'Send',
  notSent: 'Not sent.',
};
