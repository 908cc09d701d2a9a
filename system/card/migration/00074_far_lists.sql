-- +goose Up
-- Lists of tear-offs and of closed pregnancies are read by key, however far into
-- them: what was read in the order in which it came, what is over by its end.
CREATE INDEX tear_off_inbox_received ON tear_off_inbox (organisation, received_at, root);
CREATE INDEX pregnancy_closed ON pregnancy (organisation, state, closed_at, number);

-- +goose Down
DROP INDEX pregnancy_closed;
DROP INDEX tear_off_inbox_received;
