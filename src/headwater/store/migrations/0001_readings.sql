-- Readings, their series, the newest of each, accounts, and which months are sealed.

CREATE TABLE stations (
    id TEXT PRIMARY KEY,
    record TEXT NOT NULL            -- JSON of a Station
) WITHOUT ROWID;

CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    variable TEXT NOT NULL,
    depth_from_mm INTEGER,
    depth_to_mm INTEGER,
    sensor TEXT NOT NULL
);
CREATE UNIQUE INDEX series_once ON series
    (station, variable, ifnull(depth_from_mm, 'none'), ifnull(depth_to_mm, 'none'), sensor);

CREATE TABLE said (
    id INTEGER PRIMARY KEY,         -- 0 is the empty text
    text TEXT NOT NULL UNIQUE
);
INSERT INTO said VALUES (0, '');

-- The hour comes first: a round of all stations touches neighbouring pages, not one page for each series.
CREATE TABLE readings (
    hour INTEGER NOT NULL,          -- hours since 1970-01-01, UTC
    series INTEGER NOT NULL,
    time INTEGER NOT NULL,          -- microseconds since the hour began
    value REAL,                     -- SI; NULL: missing
    flags INTEGER NOT NULL,         -- that came with it, and the conflict
    quality INTEGER NOT NULL,       -- that our tests gave
    state INTEGER NOT NULL,
    version INTEGER NOT NULL,
    said INTEGER NOT NULL,
    PRIMARY KEY (hour, series, time)
) WITHOUT ROWID;

-- The newest reading of each of 64 series: little-endian time (microseconds since 1970, smallest number: none),
-- value (double, NaN: missing), flags, quality, state, version, said; 8 bytes each, series 64 * block first.
CREATE TABLE latest (
    block INTEGER PRIMARY KEY,
    readings BLOB NOT NULL
);

CREATE TABLE accounts (
    station TEXT PRIMARY KEY,
    received INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    late INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    corrected INTEGER NOT NULL,
    rejected INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE rejections (
    station TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (station, reason)
) WITHOUT ROWID;

CREATE TABLE sealed (
    month TEXT PRIMARY KEY,         -- such as 2026-05
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) WITHOUT ROWID;
