-- +goose Up
-- Of a client on trial also the requests that were answered are kept: code is ''.
ALTER TABLE refused_request RENAME TO client_request;

-- +goose Down
DELETE FROM client_request WHERE code = '';
ALTER TABLE client_request RENAME TO refused_request;
