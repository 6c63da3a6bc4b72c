/** Logging in and out. */

export interface LoggedIn {
  id: string;
  name: string;
  role: string;
}

export type LogInAnswer =
  | { kind: 'in'; agent: LoggedIn }
  | { kind: 'wrong' }
  | { kind: 'too_often'; seconds: number }
  | { kind: 'unreachable' };

export async function logIn(login: string, password: string): Promise<LogInAnswer> {
  const answer = await fetch('/api/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login, password }),
  }).catch(() => null);
  if (answer?.ok) return { kind: 'in', agent: ((await answer.json()) as { agent: LoggedIn }).agent };
  if (answer?.status === 429) return { kind: 'too_often', seconds: Number(answer.headers.get('retry-after')) || 30 };
  if (answer && answer.status >= 400 && answer.status < 500) return { kind: 'wrong' };
  return { kind: 'unreachable' };
}

export async function logOut(): Promise<void> {
  await fetch('/api/logout', { method: 'POST' }).catch(() => null);
}

/** Whether a session is open; null when the service does not answer. */
export async function isLoggedIn(): Promise<boolean | null> {
  const answer = await fetch('/api/me').catch(() => null);
  if (answer?.ok) return true;
  return answer?.status === 401 || answer?.status === 403 ? false : null;
}
