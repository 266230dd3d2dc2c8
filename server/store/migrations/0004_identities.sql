-- Who somebody is at an issuer of tokens (a Cognito user pool): its unchanging name of the person, and the person here.
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES people (id),
    created_ms BIGINT NOT NULL CHECK (created_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, person)
);
