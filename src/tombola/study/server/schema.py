"""The tables behind a study's answers: plain SQLite, readable without Tombola."""

VERSION = 1

TABLES = """
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE participants (
    id         INTEGER PRIMARY KEY,
    pseudonym  TEXT NOT NULL UNIQUE,          -- random, or a keyed digest of a platform's id
    batch      TEXT NOT NULL,
    arrival    INTEGER,                       -- order of consent within the batch, from 0
    stage      TEXT NOT NULL,
    position   INTEGER NOT NULL DEFAULT 0,    -- the next place of the plan without an answer
    tries      INTEGER NOT NULL DEFAULT 0,    -- of the quiz
    created    REAL NOT NULL,                 -- seconds since 1970, as every time here
    seen       REAL NOT NULL,                 -- last time they did something
    texts      TEXT,                          -- JSON: version of each text they agreed to
    planned    REAL,                          -- when the plan was made
    finished   REAL,
    expired    REAL,                          -- when somebody silent lost the places not answered
    left_in    TEXT,                          -- the stage in which that happened
    code       TEXT UNIQUE,                   -- completion code
    UNIQUE (batch, arrival)
);

CREATE TABLE tokens (                         -- one participant may hold several: one per device or visit
    hash        BLOB PRIMARY KEY,             -- SHA-256; the token itself is never stored
    participant INTEGER NOT NULL REFERENCES participants (id)
) WITHOUT ROWID;

CREATE TABLE plan (                           -- who meets what, in which order
    participant INTEGER NOT NULL REFERENCES participants (id),
    position    INTEGER NOT NULL,
    trial       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    cell        TEXT NOT NULL,                -- '' where nothing is counted
    options     TEXT NOT NULL,                -- JSON list of values in the order shown
    PRIMARY KEY (participant, position)
) WITHOUT ROWID;
CREATE INDEX plan_by_cell ON plan (cell, participant);

CREATE TABLE answers (
    participant    INTEGER NOT NULL,
    position       INTEGER NOT NULL,
    attempt        INTEGER NOT NULL DEFAULT 0,  -- of the quiz; 0 elsewhere
    value          TEXT NOT NULL,
    confidence     INTEGER,
    milliseconds   INTEGER,                     -- by the participant's own monotonic clock, pictures visible
    server_seconds REAL,                        -- from page sent to answer received
    focus_losses   INTEGER,
    width          INTEGER,                     -- of the window
    height         INTEGER,
    received       REAL NOT NULL,
    PRIMARY KEY (participant, position, attempt),
    FOREIGN KEY (participant, position) REFERENCES plan (participant, position)
) WITHOUT ROWID;

CREATE TABLE demographics (
    participant INTEGER NOT NULL REFERENCES participants (id),
    question    TEXT NOT NULL,
    answer      TEXT NOT NULL,
    PRIMARY KEY (participant, question)
) WITHOUT ROWID;
"""
