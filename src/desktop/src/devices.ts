/** Microphones and loudspeakers: asking for them, listing them, remembering the choice. */

export interface Chosen {
  /** Device ids; empty means the system's default. */
  microphone: string;
  speaker: string;
  ring: string;
}

export type MicrophoneState = 'unknown' | 'asking' | 'granted' | 'denied' | 'missing' | 'insecure';

const KEPT = 'trunkline.devices';
const NONE: Chosen = { microphone: '', speaker: '', ring: '' };

export function keptDevices(): Chosen {
  try {
    return { ...NONE, ...(JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Chosen>) };
  } catch {
    return NONE;
  }
}

export function keepDevices(chosen: Chosen): void {
  localStorage.setItem(KEPT, JSON.stringify(chosen));
}

/** Open the chosen microphone, or the default one when the chosen is not plugged in. */
export async function openMicrophone(id: string): Promise<MediaStream> {
  const sound = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const ask = (audio: MediaTrackConstraints) => navigator.mediaDevices.getUserMedia({ audio, video: false });
  if (!id) return ask(sound);
  return ask({ ...sound, deviceId: { exact: id } }).catch((problem: DOMException) => {
    if (problem.name !== 'OverconstrainedError' && problem.name !== 'NotFoundError') throw problem;
    return ask(sound);
  });
}

/** Say whether the microphone may be used, without asking; `unknown` means the browser will ask. */
export async function microphonePermission(): Promise<MicrophoneState> {
  if (!navigator.mediaDevices) return 'insecure';
  try {
    const permission = await navigator.permissions.query({ name: 'microphone' as PermissionName });
    return permission.state === 'granted' ? 'granted' : permission.state === 'denied' ? 'denied' : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Let the browser ask for the microphone, and close it again. */
export async function askMicrophone(id: string): Promise<MicrophoneState> {
  if (!navigator.mediaDevices) return 'insecure';
  try {
    for (const track of (await openMicrophone(id)).getTracks()) track.stop();
    return 'granted';
  } catch (problem) {
    return (problem as DOMException).name === 'NotAllowedError' ? 'denied' : 'missing';
  }
}

export async function listDevices(kind: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter((device) => device.kind === kind && device.deviceId && device.deviceId !== 'default');
}

/** Whether this browser can play to another output than the system's. */
export const canChooseSpeaker = (): boolean => 'setSinkId' in HTMLMediaElement.prototype;

/** An AudioContext that plays to a chosen output, where the browser can. */
export async function playTo(sound: AudioContext, device: string): Promise<void> {
  const sinking = sound as AudioContext & { setSinkId?: (id: string) => Promise<void> };
  await sinking.setSinkId?.(device).catch(() => undefined);
}
