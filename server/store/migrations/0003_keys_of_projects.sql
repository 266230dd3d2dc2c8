-- A key of kind admin may be of a whole project. `environment` is then one of the project's and means nothing: servers of the
-- release before, which do not know this column, do not know such a key's text either and refuse it.

ALTER TABLE keys ADD COLUMN whole_project BIGINT NOT NULL DEFAULT 0 CHECK (whole_project IN (0, 1));
