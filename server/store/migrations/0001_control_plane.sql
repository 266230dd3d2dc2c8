-- The control plane: what is configured, by whom, and what was published.
--
-- One SQL for SQLite and PostgreSQL. Columns are TEXT or BIGINT; booleans are 0 and 1; times are Unix milliseconds; JSON is
-- TEXT, because the order of its members is kept. Keys never change, so that they are what rows refer to each other by.
-- The CHECK of a range also keeps text out of a BIGINT column of SQLite.

CREATE TABLE projects (
    key TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    archived BIGINT NOT NULL CHECK (archived IN (0, 1)),
    revision BIGINT NOT NULL CHECK (revision BETWEEN 1 AND 9007199254740991),
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    updated_ms BIGINT NOT NULL CHECK (updated_ms BETWEEN 0 AND 9007199254740991)
);

-- `version` is the ruleset's: max(previous + 1, Unix milliseconds) at each publish; 0 before the first.
CREATE TABLE environments (
    project TEXT NOT NULL REFERENCES projects (key),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    requires_approval BIGINT NOT NULL CHECK (requires_approval IN (0, 1)),
    archived BIGINT NOT NULL CHECK (archived IN (0, 1)),
    version BIGINT NOT NULL CHECK (version BETWEEN 0 AND 9007199254740991),
    revision BIGINT NOT NULL CHECK (revision BETWEEN 1 AND 9007199254740991),
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    updated_ms BIGINT NOT NULL CHECK (updated_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (project, key)
);

-- `key_space` is `answers` for flags and experiments, which share one, else the kind.
CREATE TABLE entities (
    project TEXT NOT NULL REFERENCES projects (key),
    kind TEXT NOT NULL CHECK (kind IN ('flag', 'experiment', 'segment', 'layer', 'holdout')),
    key TEXT NOT NULL,
    key_space TEXT NOT NULL CHECK (key_space IN ('answers', 'segment', 'layer', 'holdout')),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    owner TEXT NOT NULL,
    tags TEXT NOT NULL,
    client_visible BIGINT NOT NULL CHECK (client_visible IN (0, 1)),
    json_schema TEXT,
    archived BIGINT NOT NULL CHECK (archived IN (0, 1)),
    revision BIGINT NOT NULL CHECK (revision BETWEEN 1 AND 9007199254740991),
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    updated_ms BIGINT NOT NULL CHECK (updated_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (project, kind, key),
    UNIQUE (project, key_space, key)
);

-- `body` is the entity as RULESET.md writes it; `state` an experiment's place in its life (the body's `status`), else ''.
CREATE TABLE configurations (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('', 'draft', 'running', 'paused', 'completed')),
    phase BIGINT NOT NULL CHECK (phase BETWEEN 0 AND 9007199254740991),
    revision BIGINT NOT NULL CHECK (revision BETWEEN 1 AND 9007199254740991),
    updated_ms BIGINT NOT NULL CHECK (updated_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (project, environment, kind, key),
    FOREIGN KEY (project, environment) REFERENCES environments (project, key),
    FOREIGN KEY (project, kind, key) REFERENCES entities (project, kind, key)
);
CREATE INDEX configurations_by_entity ON configurations (project, kind, key);

-- Stretches of a running experiment whose split was the same: each is analysed for itself.
CREATE TABLE phases (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    experiment TEXT NOT NULL,
    number BIGINT NOT NULL CHECK (number BETWEEN 1 AND 9007199254740991),
    split TEXT NOT NULL,
    reason TEXT NOT NULL,
    started_ms BIGINT NOT NULL CHECK (started_ms BETWEEN 0 AND 9007199254740991),
    ended_ms BIGINT CHECK (ended_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (project, environment, experiment, number),
    FOREIGN KEY (project, environment) REFERENCES environments (project, key)
);

CREATE TABLE keys (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('server', 'client', 'admin')),
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    expires_ms BIGINT CHECK (expires_ms BETWEEN 0 AND 9007199254740991),
    revoked_ms BIGINT CHECK (revoked_ms BETWEEN 0 AND 9007199254740991),
    used_ms BIGINT CHECK (used_ms BETWEEN 0 AND 9007199254740991),
    FOREIGN KEY (project, environment) REFERENCES environments (project, key)
);
CREATE INDEX keys_by_environment ON keys (project, environment);

CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password TEXT,
    disabled BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    failed_attempts BIGINT NOT NULL CHECK (failed_attempts BETWEEN 0 AND 9007199254740991),
    locked_until_ms BIGINT NOT NULL CHECK (locked_until_ms BETWEEN 0 AND 9007199254740991),
    tokens_from_ms BIGINT NOT NULL CHECK (tokens_from_ms BETWEEN 0 AND 9007199254740991),
    revision BIGINT NOT NULL CHECK (revision BETWEEN 1 AND 9007199254740991),
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    updated_ms BIGINT NOT NULL CHECK (updated_ms BETWEEN 0 AND 9007199254740991)
);

-- `permissions` is a JSON list of action names.
CREATE TABLE roles (
    key TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    revision BIGINT NOT NULL CHECK (revision BETWEEN 1 AND 9007199254740991),
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    updated_ms BIGINT NOT NULL CHECK (updated_ms BETWEEN 0 AND 9007199254740991)
);

-- A role of a person; `project` and `environment` are '' where it holds in all of them. `role` is a built-in one or of `roles`.
CREATE TABLE grants (
    person TEXT NOT NULL REFERENCES people (id),
    role TEXT NOT NULL,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (person, role, project, environment)
);

CREATE TABLE schedules (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (key),
    environment TEXT NOT NULL,
    change TEXT NOT NULL,
    comment TEXT NOT NULL,
    due_ms BIGINT NOT NULL CHECK (due_ms BETWEEN 0 AND 9007199254740991),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'applied', 'failed', 'cancelled')),
    outcome TEXT NOT NULL,
    attempts BIGINT NOT NULL CHECK (attempts BETWEEN 0 AND 9007199254740991),
    leased_until_ms BIGINT NOT NULL CHECK (leased_until_ms BETWEEN 0 AND 9007199254740991),
    author TEXT NOT NULL,
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    updated_ms BIGINT NOT NULL CHECK (updated_ms BETWEEN 0 AND 9007199254740991)
);
CREATE INDEX schedules_due ON schedules (state, due_ms);

CREATE TABLE change_requests (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (key),
    environment TEXT NOT NULL,
    title TEXT NOT NULL,
    change TEXT NOT NULL,
    base_revision BIGINT NOT NULL CHECK (base_revision BETWEEN 0 AND 9007199254740991),
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'rejected', 'withdrawn', 'applied')),
    author TEXT NOT NULL,
    author_name TEXT NOT NULL,
    reviewer TEXT,
    reviewer_name TEXT,
    comment TEXT NOT NULL,
    revision BIGINT NOT NULL CHECK (revision BETWEEN 1 AND 9007199254740991),
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    updated_ms BIGINT NOT NULL CHECK (updated_ms BETWEEN 0 AND 9007199254740991)
);
CREATE INDEX change_requests_by_project ON change_requests (project, state);

-- Append-only, hash-chained (server/domain/audit_entry.hpp has the canonical form). `project`, `environment` and `subject`
-- are '' where an entry has none.
CREATE TABLE audit (
    sequence BIGINT NOT NULL PRIMARY KEY CHECK (sequence BETWEEN 1 AND 9007199254740991),
    time_ms BIGINT NOT NULL CHECK (time_ms BETWEEN 0 AND 9007199254740991),
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    remote TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action TEXT NOT NULL,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    subject TEXT NOT NULL,
    before_json TEXT,
    after_json TEXT,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_by_subject ON audit (project, subject, sequence);
CREATE INDEX audit_by_time ON audit (time_ms);

-- The chain's end, signed with the server's secret. One row.
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL CHECK (sequence BETWEEN 0 AND 9007199254740991),
    hash TEXT NOT NULL,
    signature TEXT NOT NULL
);

-- `events` is a JSON list of action names, a `*` at the end of one standing for the rest.
CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (key),
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    revision BIGINT NOT NULL CHECK (revision BETWEEN 1 AND 9007199254740991),
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    updated_ms BIGINT NOT NULL CHECK (updated_ms BETWEEN 0 AND 9007199254740991)
);
CREATE INDEX webhooks_by_project ON webhooks (project);

-- What was published, the newest ones. `client_document` is what a client key may see of it.
CREATE TABLE rulesets (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 9007199254740991),
    document TEXT NOT NULL,
    document_hash TEXT NOT NULL,
    client_document TEXT NOT NULL,
    client_document_hash TEXT NOT NULL,
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (project, environment, version),
    FOREIGN KEY (project, environment) REFERENCES environments (project, key)
);

-- What is still to be told to others: `ruleset` (a new version of an environment) and `audit` (an entry, for webhooks).
CREATE TABLE outbox (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
    topic TEXT NOT NULL CHECK (topic IN ('ruleset', 'audit')),
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    number BIGINT NOT NULL CHECK (number BETWEEN 1 AND 9007199254740991),
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    leased_until_ms BIGINT NOT NULL CHECK (leased_until_ms BETWEEN 0 AND 9007199254740991),
    attempts BIGINT NOT NULL CHECK (attempts BETWEEN 0 AND 9007199254740991)
);
CREATE INDEX outbox_by_topic ON outbox (topic, id);

CREATE TABLE sequences (
    name TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL CHECK (last BETWEEN 0 AND 9007199254740991)
);

CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status BIGINT NOT NULL CHECK (status BETWEEN 0 AND 999),
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    expires_ms BIGINT NOT NULL CHECK (expires_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_ms);

-- Raw events and their counts, until the event processor exists.
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    type TEXT NOT NULL,
    experiment TEXT NOT NULL,
    variant TEXT NOT NULL,
    time_ms BIGINT NOT NULL CHECK (time_ms BETWEEN 0 AND 9007199254740991),
    received_ms BIGINT NOT NULL CHECK (received_ms BETWEEN 0 AND 9007199254740991),
    body TEXT NOT NULL
);
CREATE INDEX events_by_arrival ON events (project, environment, received_ms, id);

CREATE TABLE event_counters (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    experiment TEXT NOT NULL,
    variant TEXT NOT NULL,
    events BIGINT NOT NULL CHECK (events BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (project, environment, experiment, variant)
);

INSERT INTO audit_head (id, sequence, hash, signature) VALUES (1, 0, '', '');
INSERT INTO sequences (name, last) VALUES ('outbox', 0);
