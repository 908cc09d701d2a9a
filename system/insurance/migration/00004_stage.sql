-- +goose Up
-- Where a case stands: returned, appealed, refused (an appeal was), accepted,
-- review (by an expert), settled (in an act).
ALTER TABLE treated_case ADD COLUMN stage TEXT NOT NULL DEFAULT 'returned';
UPDATE treated_case SET stage = state;

CREATE TABLE case_step (                -- what people did with a case, and said of it
    case_id  TEXT NOT NULL REFERENCES treated_case (id),
    sequence BIGINT NOT NULL,
    step     TEXT NOT NULL,
    was      TEXT NOT NULL,             -- stage before
    became   TEXT NOT NULL,             -- and after
    by_pin   TEXT NOT NULL,
    by_name  TEXT NOT NULL,
    by_role  TEXT NOT NULL,
    hospital TEXT NOT NULL,             -- code of the hospital that spoke, '' for the fund
    comment  TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (case_id, sequence)
);

CREATE TABLE act (                      -- of a month between the fund and a hospital
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    month        TEXT NOT NULL,         -- 2026-11, of discharge
    sequence     BIGINT NOT NULL,       -- 1, then supplementary ones
    cases        BIGINT NOT NULL,
    price        BIGINT NOT NULL,       -- tyiyn, sum of its cases
    made_by      TEXT NOT NULL,         -- ПИН
    made_by_name TEXT NOT NULL,
    made_at      BIGINT NOT NULL,
    UNIQUE (organisation, month, sequence)
);

CREATE TABLE act_case (                 -- a case stands in one act: it is paid once
    case_id    TEXT PRIMARY KEY REFERENCES treated_case (id),
    act_id     TEXT NOT NULL REFERENCES act (id),
    number     TEXT NOT NULL,
    group_code TEXT NOT NULL,
    price      BIGINT NOT NULL
);
CREATE INDEX act_case_act ON act_case (act_id, number);

-- +goose Down
DROP TABLE act_case;
DROP TABLE act;
DROP TABLE case_step;
ALTER TABLE treated_case DROP COLUMN stage;
