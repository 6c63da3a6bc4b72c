/** What the desk says of what agents write with: replies, drafts, looks. */

const named = new Intl.ListFormat('en', { type: 'conjunction' });
const languages = new Intl.DisplayNames(['en'], { type: 'language' });

export const writingWords = {
  replies: 'Replies',
  openReplies: 'Choose a reply (/)',
  repliesHint: '↑ ↓ to choose, Enter to put it in, Esc to write on',
  repliesLoading: 'The replies are on their way…',
  noReply: (typed: string) => (typed ? `No reply here has “${typed}” in it.` : 'There is no reply for this conversation.'),
  more: (many: number) => `${many} more: type on`,
  chosen: (title: string, place: number, of: number) => `${title}, ${place} of ${of}`,
  subject: 'Subject',
  inLanguage: (tag: string) => languages.of(tag) ?? tag,
  missing: (names: string[], key: string) => `${named.format(names.map((name) => `“${name}”`))} ${names.length === 1 ? 'is' : 'are'} not known. Fill it in, or press ${key} once more to send it as it is.`,

  draftBy: (name: string, at: string) => `${name} wrote this and did not send it, ${at}.`,
  discard: 'Discard',

  looks: 'Looks',
  bold: 'Bold (Ctrl+B)',
  italic: 'Italic (Ctrl+I)',
  link: 'Link (Ctrl+K)',
  list: 'List',
  quote: 'Quote',
  preview: 'Preview',
  previewOf: 'The mail as it will look',
  noPreview: 'There is no preview now: the service did not answer.',
  boldSign: 'B',
  italicSign: 'I',
};
