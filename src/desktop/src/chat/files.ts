/** Files on their way: in the browser's own database where that is allowed, so that they survive a reload. */

export interface FileKeeper {
  put(id: string, file: Blob): Promise<void>;
  get(id: string): Promise<Blob | undefined>;
  drop(id: string): void;
}

export function filesOf(channel: string): FileKeeper {
  const here = new Map<string, Blob>();
  const work = <T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> =>
    new Promise((resolve) => {
      const none = () => resolve(undefined);
      try {
        const opening = indexedDB.open(`trunkline.chat.${channel}`, 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore('files');
        opening.onerror = none;
        opening.onsuccess = () => {
          try {
            const asked = ask(opening.result.transaction('files', mode).objectStore('files'));
            asked.onsuccess = () => resolve(asked.result);
            asked.onerror = none;
          } catch {
            none();
          }
          opening.result.close();
        };
      } catch {
        none();
      }
    });
  return {
    put: async (id, file) => {
      here.set(id, file);
      await work('readwrite', (store) => store.put(file, id));
    },
    get: async (id) => here.get(id) ?? (await work<Blob>('readonly', (store) => store.get(id) as IDBRequest<Blob>)),
    drop: (id) => {
      here.delete(id);
      void work('readwrite', (store) => store.delete(id));
    },
  };
}
