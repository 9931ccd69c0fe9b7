/**
 * `origin` has one row: whose copy the rest is, and the newest revision that the datastore told of; null before the
 * first snapshot. Text of pools and assignments is JSON. A revision that is no whole number is one of `RevisionClock`:
 * such an address was given out here, and the datastore is to be told, unless `answered` is 0: then nobody has been told
 * that it is theirs. `asked` is 1 where the datastore may have recorded it already. `freeing` is 1 from when the
 * datastore is asked to free it until it has answered. `freed` has addresses that were freed here, or asked for without
 * an answer and then not given, which the datastore is to be told; a block is `leaving` from when the datastore is asked
 * to take it back until it has answered, or has told whose it is; `lost` has those that turned out not to be this node's.
 */
const SCHEMA = `
  CREATE TABLE origin (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    node TEXT NOT NULL,
    prefix TEXT NOT NULL,
    datastore TEXT,
    revision REAL
  ) STRICT;

  CREATE TABLE pool (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE block (
    place INTEGER PRIMARY KEY,
    prefix TEXT NOT NULL UNIQUE,
    pool TEXT NOT NULL,
    leaving INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE address (
    block TEXT NOT NULL,
    "offset" INTEGER NOT NULL,
    assignment TEXT NOT NULL,
    revision REAL NOT NULL,
    asked INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    freeing INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (block, "offset")
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE freed (
    revision REAL NOT NULL,
    block TEXT NOT NULL,
    "offset" INTEGER NOT NULL,
    assignment TEXT NOT NULL,
    PRIMARY KEY (revision, block, "offset")
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lost (
    block TEXT NOT NULL,
    "offset" INTEGER NOT NULL,
    assignment TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (block, "offset", assignment)
  ) STRICT, WITHOUT ROWID;

  PRAGMA application_id = 0x436f694a;
  PRAGMA user_version = 1;
`;

/** "CoiJ" in ASCII: `PRAGMA application_id` tells a journal from a store. */
export const JOURNAL_FORMAT = { applicationId: 0x436f694a, version: 1, schema: SCHEMA };
