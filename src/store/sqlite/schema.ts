/** "Coil" in ASCII; `file coil.db` and `PRAGMA application_id` show whose database it is. */
const APPLICATION_ID = 0x436f696c;
/** Version of the schema below, kept in `PRAGMA user_version`. */
const SCHEMA_VERSION = 1;

/**
 * What was added to the schema since: it is made in a database that lacks it, and an older Coil does not mind it. `boot`
 * has the kernel's name for the boot that the node's coild last ran in.
 */
const ADDED_SCHEMA = `
  CREATE TABLE IF NOT EXISTS boot (
    node TEXT PRIMARY KEY,
    boot_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/**
 * Prefixes stand as text, so that an administrator can read the tables. `block.place` orders both the free list and the
 * blocks of a node: the blocks of a new subnet have negative places in ascending order, and each change of owner gives
 * a block the sequence number of that change; so a released block goes to the end. The revision of
 * a call is the sequence number of the first change that it made; AUTOINCREMENT keeps these growing, though old changes
 * are trimmed. A change whose node is null concerns all nodes.
 */
const SCHEMA = `
  CREATE TABLE pool (
    name TEXT PRIMARY KEY,
    block_size INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE subnet (
    prefix TEXT PRIMARY KEY,
    pool TEXT NOT NULL REFERENCES pool (name),
    position INTEGER NOT NULL,
    family INTEGER NOT NULL CHECK (family IN (4, 6)),
    UNIQUE (pool, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE block (
    prefix TEXT PRIMARY KEY,
    subnet TEXT NOT NULL REFERENCES subnet (prefix),
    node TEXT,
    place INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX free_block ON block (subnet, place) WHERE node IS NULL;
  CREATE INDEX owned_block ON block (node) WHERE node IS NOT NULL;

  CREATE TABLE address (
    block TEXT NOT NULL REFERENCES block (prefix),
    "offset" INTEGER NOT NULL CHECK ("offset" >= 0),
    assignment TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (block, "offset")
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE change (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    node TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('pool', 'block', 'address')),
    revision INTEGER NOT NULL,
    pool TEXT,
    block TEXT,
    "offset" INTEGER,
    value TEXT
  ) STRICT;

  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export const STORE_FORMAT = {
  applicationId: APPLICATION_ID,
  version: SCHEMA_VERSION,
  schema: SCHEMA,
  addedSchema: ADDED_SCHEMA,
};
