-- An event's id is unique in its environment, not in the whole database: two that happen to send the same id both count.
--
-- `received_events` takes the place of `events`. Servers of the release before still write there; what they took in is read
-- and kept from being counted twice until it has aged out, and a later release drops it.

CREATE TABLE received_events (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    experiment TEXT NOT NULL,
    variant TEXT NOT NULL,
    time_ms BIGINT NOT NULL CHECK (time_ms BETWEEN 0 AND 9007199254740991),
    received_ms BIGINT NOT NULL CHECK (received_ms BETWEEN 0 AND 9007199254740991),
    body TEXT NOT NULL,
    PRIMARY KEY (project, environment, id),
    FOREIGN KEY (project, environment) REFERENCES environments (project, key)
);
CREATE INDEX received_events_by_arrival ON received_events (project, environment, received_ms, id);
CREATE INDEX received_events_by_age ON received_events (received_ms);
CREATE INDEX events_by_age ON events (received_ms);
