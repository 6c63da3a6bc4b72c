/** What the chat says to visitors, in their languages. */

import type { NoCall, VisitorCall } from './call';
import type { NoFile } from './conversation';

export interface Words {
  open: string;
  close: string;
  end: string;
  endLong: string;
  write: string;
  send: string;
  sending: string;
  notSent: string;
  away: string;
  over: string;
  tooFast: string;
  unread(count: number): string;
  secret: string;
  writes(name: string): string;
  attach: string;
  noFile: Record<NoFile, string>;
  file(name: string, size: string): string;
  read: string;
  mail: string;
  mailTo: string;
  mailSend: string;
  mailed: Record<'asked' | 'sent' | 'no_address' | 'too_many' | 'failed', string>;
  call: string;
  calling: Record<Exclude<VisitorCall['state'], 'idle'>, string>;
  noCall: Record<NoCall, string>;
  mute: string;
  unmute: string;
  hangUp: string;
  answer: string;
  cancelCall: string;
  rate: string;
  rateSend: string;
  star(score: number, of: number): string;
}

const WORDS: Record<string, Words> = {
  en: {
    open: 'Open chat', close: 'Close chat', end: 'End', endLong: 'End this conversation', write: 'Write a message', send: 'Send', sending: 'Sending…',
    notSent: 'Not sent yet', away: 'No connection. We go on as soon as there is one.', over: 'This conversation has ended. Write to begin another.',
    tooFast: 'That was fast: we send it in a moment.', unread: (count) => `Open chat, ${count} unread`, secret: 'Hidden', writes: (name) => `${name} is writing…`,
    attach: 'Send a file',
    noFile: {
      tooLarge: 'That file is too large: 10 MB at most.', wrongKind: 'Files of this kind cannot be sent. Pictures, PDF, text, office documents and ZIP can.',
      tooMany: 'That is enough files for now. Try again in an hour.', lost: 'A file was lost as the page closed. Please send it again.',
    },
    file: (name, size) => `${name}, ${size}`, read: 'Read', mail: 'Send this conversation by email', mailTo: 'Email address', mailSend: 'Send it',
    mailed: { asked: 'Sending the email…', sent: 'The conversation is on its way to you by email.', no_address: 'That is no email address.', too_many: 'That was sent often enough for today.', failed: 'The email could not be sent.' },
    call: 'Talk to us by this browser', mute: 'Mute', unmute: 'Unmute', hangUp: 'Hang up', answer: 'Answer', cancelCall: 'Do not call me',
    calling: {
      permitting: 'Allow the microphone, to talk to us here.', asked: 'We call you here as soon as you are in line.',
      waiting: 'We call you here when it is your turn. Until then your microphone is off.', ringing: 'Somebody is there for you.', connecting: 'Connecting…', talking: 'You are talking',
    },
    noCall: {
      denied: 'Your browser does not let this page use the microphone. Allow it in the address bar and try again.', missing: 'No microphone was found.',
      insecure: 'Talking needs a page that begins with https://.', not_reached: 'The call did not get through. You can write to us here.',
      write_first: 'Write to us first. Then you can talk.', too_many: 'Too many people are talking now. Write to us, or try again later.',
      not_here: 'Talking is not possible here.', broken: 'The call could not be made here. You can write to us.',
    },
    rate: 'Your rating', rateSend: 'Send rating', star: (score, of) => `${score} of ${of} ${of === 1 ? 'star' : 'stars'}`,
  },
  es: {
    open: 'Abrir el chat', close: 'Cerrar el chat', end: 'Terminar', endLong: 'Terminar la conversación', write: 'Escriba un mensaje', send: 'Enviar', sending: 'Enviando…',
    notSent: 'Aún no enviado', away: 'Sin conexión. Seguimos en cuanto la haya.', over: 'La conversación ha terminado. Escriba para empezar otra.',
    tooFast: 'Muy rápido: lo enviamos en un momento.', unread: (count) => `Abrir el chat, ${count} sin leer`, secret: 'Oculto', writes: (name) => `${name} está escribiendo…`,
    attach: 'Enviar un archivo',
    noFile: {
      tooLarge: 'El archivo es demasiado grande: 10 MB como máximo.', wrongKind: 'No se pueden enviar archivos de este tipo. Sí imágenes, PDF, texto, documentos de oficina y ZIP.',
      tooMany: 'Ya son bastantes archivos por ahora. Inténtelo dentro de una hora.', lost: 'Se perdió un archivo al cerrarse la página. Envíelo otra vez, por favor.',
    },
    file: (name, size) => `${name}, ${size}`, read: 'Leído', mail: 'Enviar la conversación por correo', mailTo: 'Dirección de correo', mailSend: 'Enviar',
    mailed: { asked: 'Enviando el correo…', sent: 'La conversación va en camino a su correo.', no_address: 'Eso no es una dirección de correo.', too_many: 'Ya se envió bastantes veces por hoy.', failed: 'No se pudo enviar el correo.' },
    call: 'Hablar con nosotros desde el navegador', mute: 'Silenciar', unmute: 'Activar el micrófono', hangUp: 'Colgar', answer: 'Responder', cancelCall: 'No me llamen',
    calling: {
      permitting: 'Permita el micrófono para hablar aquí.', asked: 'Le llamamos aquí en cuanto esté en la cola.',
      waiting: 'Le llamamos aquí cuando sea su turno. Hasta entonces el micrófono está apagado.', ringing: 'Ya le atienden.', connecting: 'Conectando…', talking: 'Está hablando',
    },
    noCall: {
      denied: 'El navegador no deja usar el micrófono. Permítalo en la barra de direcciones e inténtelo otra vez.', missing: 'No se encontró ningún micrófono.',
      insecure: 'Para hablar, la página debe empezar por https://.', not_reached: 'La llamada no llegó. Puede escribirnos aquí.',
      write_first: 'Escríbanos primero. Después podrá hablar.', too_many: 'Hay demasiada gente hablando. Escríbanos o inténtelo más tarde.',
      not_here: 'Aquí no es posible hablar.', broken: 'No se pudo hacer la llamada aquí. Puede escribirnos.',
    },
    rate: 'Su valoración', rateSend: 'Enviar valoración', star: (score, of) => `${score} de ${of} ${of === 1 ? 'estrella' : 'estrellas'}`,
  },
};

/** Return the words of a language (BCP 47), English where we have none. */
export function wordsOf(language: string): Words {
  return WORDS[language.slice(0, 2).toLowerCase()] ?? (WORDS['en'] as Words);
}
