/** The outbox in IndexedDB: it outlives the page, the browser and the battery. */

import type { Entry } from "./outbox.js";
import type { NewEntry, OutboxStorage } from "./storage.js";

const ENTRIES = "outbox";
const ABOUT = "about";
const OWNER = "owner";

/**
 * Opens the outbox of this name. Rejects where the browser refuses: no room, or a window that keeps nothing.
 */
export async function openIndexedDb(factory: IDBFactory, name: string): Promise<OutboxStorage> {
  const opening = factory.open(name, 1);
  opening.onupgradeneeded = () => {
    const entries = opening.result.createObjectStore(ENTRIES, { keyPath: "position", autoIncrement: true });
    entries.createIndex("key", "key", { unique: true });
    opening.result.createObjectStore(ABOUT);
  };
  const database = await done(opening);
  // Another tab that brings a newer version must not wait for this one.
  database.onversionchange = () => database.close();
  return new IndexedDbStorage(database);
}

class IndexedDbStorage implements OutboxStorage {
  constructor(private readonly database: IDBDatabase) {}

  all(): Promise<Entry[]> {
    return this.within(ENTRIES, "readonly", (store) => done(store.getAll() as IDBRequest<Entry[]>));
  }

  add(entry: NewEntry): Promise<number> {
    return this.within(ENTRIES, "readwrite", async (store) => Number(await done(store.add(entry))));
  }

  put(entry: Entry): Promise<void> {
    return this.within(ENTRIES, "readwrite", async (store) => {
      const position = await done(store.index("key").getKey(entry.key));
      if (position !== undefined) await done(store.put({ ...entry, position }));
    });
  }

  remove(key: string): Promise<void> {
    return this.within(ENTRIES, "readwrite", async (store) => {
      const position = await done(store.index("key").getKey(key));
      if (position !== undefined) await done(store.delete(position));
    });
  }

  owner(): Promise<string | undefined> {
    return this.within(ABOUT, "readonly", (store) => done(store.get(OWNER) as IDBRequest<string | undefined>));
  }

  own(who: string): Promise<void> {
    return this.within(ABOUT, "readwrite", async (store) => void (await done(store.put(who, OWNER))));
  }

  close(): void {
    this.database.close();
  }

  /** Runs the work in one transaction and waits until that is committed, not merely until its requests are answered. */
  private async within<T>(name: string, mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    const transaction = this.database.transaction(name, mode, { durability: "strict" });
    const committed = new Promise<void>((fulfil, reject) => {
      transaction.oncomplete = () => fulfil();
      transaction.onabort = () => reject(transaction.error ?? new Error("transaction was aborted"));
    });
    const result = work(transaction.objectStore(name));
    const [value] = await Promise.all([result, committed]);
    return value;
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((fulfil, reject) => {
    request.onsuccess = () => fulfil(request.result);
    request.onerror = () => reject(request.error ?? new Error("request failed"));
  });
}
