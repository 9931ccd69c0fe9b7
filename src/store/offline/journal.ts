import { dirname } from 'node:path';
import { CoilError } from '../../model/error.ts';
import { makeFolder } from '../../process/make-folder.ts';
import type { NodeSnapshot } from '../ipam-store.ts';
import { GroupCommit } from '../sqlite/group-commit.ts';
import { openDatabase } from '../sqlite/open-database.ts';
import type { SqliteDatabase } from '../sqlite/sqlite-database.ts';
import { toCoilError } from '../sqlite/sqlite-error.ts';
import { JOURNAL_FORMAT } from './journal-format.ts';
import { type JournalOwner, JournalTables } from './journal-tables.ts';
import { RevisionClock } from './revision-clock.ts';

/** More than giving out addresses writes. */
const PAGES_OF_A_CHANGE = 4;
/** How long another process may hold the journal's lock, in milliseconds; none should. */
const TIMEOUT_MS = 2_000;
/** A little longer than an ADD, which then waits for one write. */
const NEWS_MS = 10;

export interface JournalOptions {
  /** Of the file; its folder is made where it is not there, for root alone. */
  readonly path: string;
  readonly node: string;
  /** Of the datastore's keys. */
  readonly prefix: string;
  /** How long news may wait for others, in milliseconds. */
  readonly newsMs?: number;
}

interface News {
  readonly change: (tables: JournalTables) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * A node's own copy of what the datastore says of it, and the changes that were made without the datastore. What is
 * written by `write` survives the end of the process, what is written by `commit` a power cut too. What the datastore
 * told, and will tell again, is noted by `note`. An error changes nothing.
 */
export class Journal implements AsyncDisposable {
  readonly clock: RevisionClock;
  readonly #owner: JournalOwner;
  readonly #newsMs: number;
  /** Of the connection that does not sync. */
  readonly #db: SqliteDatabase;
  readonly #tables: JournalTables;
  readonly #synced: { readonly db: SqliteDatabase; readonly tables: JournalTables; readonly commits: GroupCommit };
  #news: News[] = [];
  #newsTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(owner: JournalOwner, db: SqliteDatabase, synced: SqliteDatabase, newsMs: number) {
    this.#owner = owner;
    this.#newsMs = newsMs;
    this.clock = new RevisionClock();
    this.#db = db;
    this.#tables = new JournalTables(db, this.clock);
    const beforeGroup = this.#writeNews.bind(this);
    const commits = new GroupCommit(synced, { timeoutMs: TIMEOUT_MS, beforeGroup });
    this.#synced = { db: synced, tables: new JournalTables(synced, this.clock), commits };
  }

  /** @throws {CoilError} store-unavailable, invalid-argument, corrupt-data: the file cannot be used, and why */
  static async open({ path, node, prefix, newsMs = NEWS_MS }: JournalOptions, signal: AbortSignal): Promise<Journal> {
    await makeJournalFolder(dirname(path));
    const options = { path, timeoutMs: TIMEOUT_MS, format: JOURNAL_FORMAT, create: true };
    const db = await openDatabase({ ...options, synchronous: 'NORMAL' }, signal);
    try {
      const synced = await openDatabase(options, signal);
      const journal = new Journal({ node, prefix, path }, db, synced, newsMs);
      try {
        journal.#claim();
        return journal;
      } catch (error) {
        synced.close();
        throw error;
      }
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** What the node knew last; undefined where it has never read the datastore. @throws {CoilError} */
  get snapshot(): NodeSnapshot | undefined {
    return this.read((tables) => tables.snapshot());
  }

  /** @throws {CoilError} store-unavailable, corrupt-data */
  read<T>(look: (tables: JournalTables) => T): T {
    this.#writeNews();
    return this.peek(look);
  }

  /** As `read`, maybe without what was noted last. */
  peek<T>(look: (tables: JournalTables) => T): T {
    return this.#guard(() => look(this.#tables));
  }

  /** @throws {CoilError} store-unavailable, corrupt-data */
  write<T>(change: (tables: JournalTables) => T): T {
    const news = this.#takeNews();
    try {
      return this.#change((tables) => {
        for (const each of news) each.change(tables);
        return change(tables);
      });
    } catch (error) {
      this.#writeAll(news);
      throw error;
    }
  }

  /**
   * As `write`, a moment later, and together with others; what is read and written here meanwhile comes after it all
   * the same. `onError` is told where it cannot be written.
   */
  note(change: News['change'], onError: News['onError']): void {
    if (this.#isClosed) return;
    this.#news.push({ change, onError });
    this.#newsTimer ??= setTimeout(() => this.#writeNews(), this.#newsMs);
  }

  /**
   * Resolves once it is on disk; changes that come at the same time share a sync.
   * @throws {CoilError} store-unavailable, corrupt-data
   * @throws the signal's reason, where it was aborted before the change began
   */
  async commit<T>(change: (tables: JournalTables) => T, signal: AbortSignal): Promise<T> {
    try {
      const { commits, tables } = this.#synced;
      return await commits.submit(() => {
        tables.requireOwner(this.#owner);
        return change(tables);
      }, signal);
    } catch (error) {
      throw explained(error);
    }
  }

  /** Tries whether changes can be written. @throws {CoilError} store-unavailable, corrupt-data */
  checkWritable(): void {
    // one at a time: the log grows by a page each, so that there is room for a real change
    for (let i = 0; i < PAGES_OF_A_CHANGE; i++) this.write(() => this.#db.touch());
  }

  /** As the end of the process: what was noted last is not written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#takeNews();
    await this.#synced.commits.close();
    this.#synced.db.close();
    this.#db.close();
  }

  #takeNews(): readonly News[] {
    const news = this.#news;
    this.#news = [];
    clearTimeout(this.#newsTimer);
    this.#newsTimer = undefined;
    return news;
  }

  #writeNews(): void {
    this.#writeAll(this.#takeNews());
  }

  #writeAll(news: readonly News[]): void {
    if (news.length === 0) return;
    try {
      this.#change((tables) => {
        for (const { change } of news) change(tables);
      });
    } catch (error) {
      for (const { onError } of news) onError(error);
    }
  }

  #claim(): void {
    this.#transact((tables) => tables.claim(this.#owner));
  }

  #change<T>(change: (tables: JournalTables) => T): T {
    return this.#transact((tables) => {
      tables.requireOwner(this.#owner);
      return change(tables);
    });
  }

  #transact<T>(work: (tables: JournalTables) => T): T {
    return this.#guard(() => {
      this.#db.begin();
      try {
        const value = work(this.#tables);
        this.#db.commit();
        return value;
      } catch (error) {
        this.#db.rollback();
        throw error;
      }
    });
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explained(toCoilError(error, this.#owner.path));
    }
  }
}

function explained(error: unknown): unknown {
  if (!CoilError.is(error, 'store-unavailable')) return error;
  const message = `the journal of this node cannot be written, so nothing was changed: ${error.message}`;
  return new CoilError('store-unavailable', message, { cause: error });
}

/** What is in it is nobody else's to read. */
async function makeJournalFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (cause) {
    const message = `the folder ${folder} of the journal cannot be made: ${(cause as Error).message}`;
    throw new CoilError('store-unavailable', message, { cause });
  }
}
